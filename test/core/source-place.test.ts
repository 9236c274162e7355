import { expect, test } from '@jest/globals';
import { membersOf } from '../../lib/core/json/members.ts';
import type { SourceSpec } from '../../lib/core/records/source.ts';
import { mayMeet } from '../../lib/core/records/source-place.ts';

const file = (path: string): SourceSpec => ({ kind: 'file', path });
const pg = (url: string): SourceSpec => ({ kind: 'postgresql', url });
const http = (url: string, more: object = {}): SourceSpec => ({ kind: 'http', url, ...more });
const s3 = (more: object): SourceSpec => ({ kind: 's3', bucket: 'b', ...more });

test.each<[SourceSpec, SourceSpec, boolean]>([
  [file('/srv/a.json'), file('/srv/a.json'), true],
  [file('/srv/a.json'), file('/srv/b.json'), false],
  [file('/srv/a.json'), file('/srv/x/../a.json'), true],
  [{ kind: 'folder', path: '/srv' }, file('/srv/a.json'), true],
  [{ kind: 'folder', path: '/srv/' }, { kind: 'folder', path: '/srv/scratch' }, true],
  [{ kind: 'folder', path: '/srv' }, { kind: 'folder', path: '/srv-scratch' }, false],
  [{ kind: 'sqlite', path: '/srv/a.db' }, file('/srv/a.db'), true],
  [pg('postgres://a@db/shop'), pg('postgres://b@127.0.0.1:6432/shop?sslmode=require'), true],
  [pg('postgres://a@db/shop'), pg('postgres://a@db/scratch'), false],
  [pg('postgres://a@db/sh%6fp'), pg('postgres://a@db/shop'), true],
  [pg('postgres://a@db'), pg('postgres://a@db/scratch'), true],
  [pg('env:SHOP_URL'), pg('postgres://a@db/scratch'), true],
  [http('https://api/one'), http('https://api/one?x=1'), true],
  [http('https://api/one'), http('https://api/two'), false],
  [
    http('https://api/two', { write: { method: 'PUT', url: 'https://api/one' } }),
    http('https://api/one'),
    true,
  ],
  [{ kind: 'dynamodb', table: 't' }, { kind: 'dynamodb', table: 't', region: 'eu-west-1' }, true],
  [{ kind: 'dynamodb', table: 't' }, { kind: 'dynamodb', table: 'u' }, false],
  [s3({ key: 'p/a.json' }), s3({ prefix: 'p/' }), true],
  [s3({ key: 'p/a.json' }), s3({ key: 'q/a.json' }), false],
  [s3({ key: 'a' }), { kind: 's3', bucket: 'c', key: 'a' }, false],
  [file('/srv/a.json'), pg('postgres://a@db/shop'), false],
])('%j and %j meet: %s', (a, b, expected) => {
  expect(mayMeet(a, b)).toBe(expected);
  expect(mayMeet(b, a)).toBe(expected);
});

test('the members of an object, whatever their names and values', () => {
  const text = Buffer.from('{"a":{"b":[1,"}"]},"\\u0061\\"":"x\\\\","":-0}');
  const found = [...membersOf(text)].map(([name, bytes]) => [name, Buffer.from(bytes).toString()]);
  expect(found).toEqual([
    ['a', '"a":{"b":[1,"}"]}'],
    ['a"', '"\\u0061\\"":"x\\\\"'],
    ['', '"":-0'],
  ]);
  expect([...membersOf(Buffer.from('[{"a":1}]'))]).toEqual([]);
  expect([...membersOf(Buffer.from('{}'))]).toEqual([]);
});

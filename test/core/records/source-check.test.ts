// A source is kept without any secret in it, and what is shown of it has none either.

import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseReference, referencesIn } from '../../../lib/core/records/secret-reference.ts';
import type { SourceSpec } from '../../../lib/core/records/source.ts';
import { faultsOfSource } from '../../../lib/core/records/source-check.ts';
import { wordOfSource } from '../../../lib/core/records/source-words.ts';

const GOOD: SourceSpec[] = [
  { kind: 'postgresql', url: 'postgres://app@db.local:5432/shop?sslmode=verify-full' },
  { kind: 'postgresql', url: 'postgresql://db/shop', password: 'file:/run/secrets/db', tables: ['orders*'] },
  { kind: 'postgresql', url: 'env:DATABASE_URL', exclude: ['audit.*'] },
  {
    kind: 'http',
    url: 'https://api.example.com/state?page=1',
    headers: { Authorization: 'Bearer {env:TOKEN}' },
  },
  { kind: 'http', url: 'http://127.0.0.1:1/x', write: { method: 'PUT', headers: { 'x-kind': 'restore' } } },
  { kind: 'file', path: '/etc/app.json' },
  { kind: 'folder', path: '/etc/app' },
  { kind: 'sqlite', path: '/var/lib/app.db', tables: ['t'] },
  { kind: 'dynamodb', table: 'shop', region: 'eu-central-1' },
  { kind: 's3', bucket: 'states', key: 'a/b.json', endpoint: 'http://localhost:4566' },
  { kind: 's3', bucket: 'states', prefix: 'a/' },
];

test.each(GOOD.map((spec) => [wordOfSource(spec), spec] as const))('%s is a source', (_, spec) => {
  expect(faultsOfSource(spec)).toEqual([]);
});

test.each<[string, unknown, string]>([
  ['a password in the URL', { kind: 'postgresql', url: 'postgres://app:hunter2@db/shop' }, '/url'],
  ['a password in its query', { kind: 'postgresql', url: 'postgres://db/shop?password=hunter2' }, '/url'],
  [
    'a password as it is',
    { kind: 'postgresql', url: 'postgres://db/shop', password: 'hunter2' },
    '/password',
  ],
  ['a key in the query', { kind: 'http', url: 'https://a.example/x?api_key=hunter2' }, '/url'],
  ['a signed URL', { kind: 'http', url: 'https://a.example/x?X-Amz-Signature=hunter2' }, '/url'],
  ['a name and password', { kind: 'http', url: 'https://me:hunter2@a.example/x' }, '/url'],
  [
    'a token in a header',
    { kind: 'http', url: 'https://a.example/', headers: { 'X-Api-Key': 'hunter2' } },
    '/headers',
  ],
  [
    'one in a header of the way back',
    { kind: 'http', url: 'https://a.example/', write: { method: 'PUT', headers: { cookie: 'hunter2' } } },
    '/write',
  ],
  [
    'a secret with a wrong place',
    { kind: 'http', url: 'https://a.example/', headers: { authorization: '{env:hunter2 }' } },
    '/headers',
  ],
  ['another protocol', { kind: 'http', url: 'file:///etc/passwd' }, '/url'],
  [
    'a header that is two',
    { kind: 'http', url: 'https://a.example/', headers: { a: 'b\r\nc: d' } },
    '/headers',
  ],
  ['a path that is not absolute', { kind: 'file', path: 'etc/app.json' }, '/path'],
  ['a field that no such source has', { kind: 'file', path: '/a', pasword: 'env:A' }, '/pasword'],
  ['a key and a prefix', { kind: 's3', bucket: 'b', key: 'a', prefix: 'a' }, '/key'],
  ['neither', { kind: 's3', bucket: 'b' }, '/key'],
  ['a kind that is none', { kind: 'constructor' }, '/kind'],
  ['no list of tables', { kind: 'sqlite', path: '/a', tables: 'all' }, '/tables'],
  ['no object', 'postgres://db/shop', ''],
])('%s is refused, and not told again', (_, spec, pointer) => {
  const faults = faultsOfSource(spec);
  expect(faults.map((fault) => fault.pointer)).toEqual([pointer]);
  expect(JSON.stringify(faults)).not.toContain('hunter2');
});

test('a line of a source has no password and no query, whatever it holds', () => {
  expect(wordOfSource({ kind: 'postgresql', url: 'postgres://app:hunter2@db/shop?x=hunter2' })).toBe(
    'postgres://app@db/shop',
  );
  expect(wordOfSource({ kind: 'http', url: 'not a url, hunter2' })).not.toContain('hunter2');
});

test('a reference is read as what it says, and nothing else is one', () => {
  expect(parseReference('env:A_1')).toEqual({ from: 'env', name: 'A_1' });
  expect(parseReference('file:/run/secrets/x')).toEqual({ from: 'file', path: '/run/secrets/x' });
  expect(
    parseReference('secretsmanager:arn:aws:secretsmanager:eu-central-1:1:secret:db-AbC#password'),
  ).toEqual({
    from: 'secretsmanager',
    id: 'arn:aws:secretsmanager:eu-central-1:1:secret:db-AbC',
    member: 'password',
  });
  for (const text of ['', 'hunter2', 'env:', 'env:A B', 'file:x', 'ENV:A', ' env:A', 'env:A\n'])
    expect(parseReference(text)).toBeUndefined();
  expect(referencesIn('a {env:A} {b} {file:/x}')).toEqual(['env:A', 'file:/x']);
});

test('no value of any shape breaks the look', () => {
  fc.assert(
    fc.property(
      fc.record({
        kind: fc.constantFrom(...GOOD.map(({ kind }) => kind)),
        url: fc.anything(),
        path: fc.anything(),
        headers: fc.anything(),
        write: fc.anything(),
        tables: fc.anything(),
        password: fc.string(),
      }),
      (value) => {
        faultsOfSource(value);
      },
    ),
  );
});

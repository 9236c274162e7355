// Bodies that are wrong, too large or broken off: each is refused in a way that says where, and leaves nothing behind.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Client, createBody, createClient, type Problem, stateOf } from './client.ts';
import { CHUNKED, chunk, head, leave, speak } from './raw-http.ts';
import { cleanUp, eventually, filesIn, mishaps, newDataDir, type Server, startServer } from './server.ts';

const MIB = 1024 * 1024;

let server: Server;
let client: Client;

beforeAll(async () => {
  const env = { BACKUP_BODY_BYTES_MAX: String(MIB) };
  server = await startServer({ dataDir: newDataDir(), env });
  client = createClient(server.url);
});

afterAll(cleanUp);

describe('bodies that are refused', () => {
  async function expectNothingLeft(): Promise<void> {
    expect(filesIn(server.dataDir)).toEqual({ blobs: [], passing: [] });
    expect(await client.list()).toEqual([]);
    expect(await client.operations()).toEqual([]);
    expect((await client.send('GET', '/health')).json()).toEqual({ status: 'healthy' });
    expect(mishaps(server.logs)).toEqual([]);
  }

  const create = (members: string): string => `{"resourceId":"r","data":{}${members && `,${members}`}}`;
  const state = (text: string | Uint8Array): Uint8Array =>
    Buffer.concat([Buffer.from('{"resourceId":"r","data":'), Buffer.from(text), Buffer.from('}')]);
  const bytes = (...values: number[]): Uint8Array => Uint8Array.from([0x22, ...values, 0x22]);
  const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);

  type Row = [what: string, body: string | Uint8Array, code: string, ...pointers: string[]];
  const MALFORMED: Row[] = [
    ['nothing', '', 'malformed_json', ''],
    ['white space', ' \r\n\t', 'malformed_json', ''],
    ['a form', 'resourceId=r&data=1', 'malformed_json', ''],
    ['XML', '<backup/>', 'malformed_json', ''],
    ['cut in a name', '{"resourceId":"r","da', 'malformed_json', ''],
    ['cut in the state', '{"resourceId":"r","data":{"a":[1,', 'malformed_json', '/data/a/1'],
    ['cut before its end', '{"resourceId":"r","data":1', 'malformed_json', '/data'],
    ['something behind it', '{"resourceId":"r","data":1}1', 'malformed_json', ''],
    ['two of them', '{"resourceId":"r","data":1}{"resourceId":"r","data":1}', 'malformed_json', ''],
    ['data twice', '{"resourceId":"r","data":1,"data":1}', 'malformed_json', '/data'],
    ['data twice in two spellings', '{"data":1,"resourceId":"r","\\u0064ata":1}', 'malformed_json', '/data'],
    ['a field twice', '{"resourceId":"r","resourceId":"r","data":1}', 'malformed_json', '/resourceId'],
    ['a comma too many', state('[1,]'), 'malformed_json', '/data/1'],
    ['a comma too many in an object', state('{"a":1,}'), 'malformed_json', '/data'],
    ['a comma too few', state('[1 2]'), 'malformed_json', '/data/0'],
    ['single quotes', state("{'a':1}"), 'malformed_json', '/data'],
    ['a name without quotes', state('{a:1}'), 'malformed_json', '/data'],
    ['a comment', state('[1/*x*/]'), 'malformed_json', '/data/0'],
    ['a leading zero', state('[01]'), 'malformed_json', '/data/0'],
    ['a leading plus', state('[+1]'), 'malformed_json', '/data/0'],
    ['a leading point', state('[.5]'), 'malformed_json', '/data/0'],
    ['a trailing point', state('[1.]'), 'malformed_json', '/data/0'],
    ['an exponent without digits', state('[1e]'), 'malformed_json', '/data/0'],
    ['a hexadecimal number', state('[0x10]'), 'malformed_json', '/data/0'],
    ['NaN', state('[NaN]'), 'malformed_json', '/data/0'],
    ['Infinity', state('[-Infinity]'), 'malformed_json', '/data/0'],
    ['undefined', state('undefined'), 'malformed_json', '/data'],
    ['True', state('[True]'), 'malformed_json', '/data/0'],
    ['an unknown escape', state('["\\x41"]'), 'malformed_json', '/data/0'],
    ['half an escape', state('["\\u12"]'), 'malformed_json', '/data/0'],
    ['a newline in a string', state('["a\nb"]'), 'malformed_json', '/data/0'],
    ['a NUL in a string', state(bytes(0x61, 0)), 'malformed_json', '/data'],
    ['a bracket of the other kind', state('[1}'), 'malformed_json', '/data/0'],
    ['a string that does not end', state('"abc'), 'malformed_json', '/data'],
    ['a lone continuation byte', state(bytes(0x80)), 'malformed_json', '/data'],
    ['Latin-1', state(bytes(0xe9, 0x20)), 'malformed_json', '/data'],
    ['an overlong slash', state(bytes(0xc0, 0xaf)), 'malformed_json', '/data'],
    ['a surrogate in UTF-8', state(bytes(0xed, 0xa0, 0x80)), 'malformed_json', '/data'],
    ['a character past U+10FFFF', state(bytes(0xf4, 0x90, 0x80, 0x80)), 'malformed_json', '/data'],
    ['UTF-16', Buffer.from('{"resourceId":"r","data":1}', 'utf16le'), 'malformed_json', ''],
    ['too deep', state(nested(600)), 'json_too_deep', `/data${'/0'.repeat(511)}`],
  ];
  const INVALID: Row[] = [
    ['an array', '[1]', 'invalid_request', ''],
    ['null', 'null', 'invalid_request', ''],
    ['an empty object', '{}', 'invalid_request', '/resourceId', '/data'],
    ['no data', '{"resourceId":"r"}', 'invalid_request', '/data'],
    ['no resourceId', '{"data":1}', 'invalid_request', '/resourceId'],
    ['resourceId null', '{"resourceId":null,"data":1}', 'invalid_request', '/resourceId'],
    ['resourceId empty', '{"resourceId":"","data":1}', 'invalid_request', '/resourceId'],
    ['resourceId too long', `{"resourceId":"${'r'.repeat(257)}","data":1}`, 'invalid_request', '/resourceId'],
    ['resourceId with a newline', '{"resourceId":"a\\nb","data":1}', 'invalid_request', '/resourceId'],
    ['resourceId half a character', '{"resourceId":"\\ud800","data":1}', 'invalid_request', '/resourceId'],
    ['a step up in a URL', '{"resourceId":"..","data":1}', 'invalid_request', '/resourceId'],
    ['an unknown type', create('"type":"partial"'), 'invalid_request', '/type'],
    ['an unknown field', create('"extra":1'), 'invalid_request', '/extra'],
    ['__proto__', create('"__proto__":{"type":"full"}'), 'invalid_request', '/__proto__'],
    ['encrypt as text', create('"encrypt":"true"'), 'invalid_request', '/encrypt'],
    ['metadata as a list', create('"metadata":[]'), 'invalid_request', '/metadata'],
    ['an unknown field of metadata', create('"metadata":{"x":1}'), 'invalid_request', '/metadata/x'],
    ['tags as text', create('"metadata":{"tags":"x"}'), 'invalid_request', '/metadata/tags'],
    ['a tag that is a number', create('"metadata":{"tags":{"a":1}}'), 'invalid_request', '/metadata/tags/a'],
    ['no retention', create('"metadata":{"retentionDays":-1}'), 'invalid_request', '/metadata/retentionDays'],
    [
      'eternal retention',
      create('"metadata":{"retentionDays":1e99}'),
      'invalid_request',
      '/metadata/retentionDays',
    ],
    [
      'many faults at once',
      '{"resourceId":1,"type":"x","metadata":{"retentionDays":"7"},"extra":1}',
      'invalid_request',
      '/resourceId',
      '/type',
      '/metadata/retentionDays',
      '/extra',
      '/data',
    ],
  ];

  test.each([...MALFORMED, ...INVALID])('%s', async (_what, body, code, ...pointers) => {
    const answer = await client.send('POST', '/backups', body);
    const problem = answer.json<Problem>();
    const told = (problem.errors ?? []).map(({ pointer }) => pointer);
    expect({ status: answer.status, code: problem.code, pointers: told }).toEqual({
      status: 400,
      code,
      pointers,
    });
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(filesIn(server.dataDir)).toEqual({ blobs: [], passing: [] });
  });

  test.each([
    ['text/plain', {}],
    ['application/xml', {}],
    ['multipart/form-data; boundary=x', {}],
    ['application/json; charset=utf-16', {}],
    ['application/jsonp', {}],
    ['json', {}],
    ['application/json', { 'Content-Encoding': 'gzip' }],
  ])('content type %s %j', async (type, more: Record<string, string>) => {
    const body = createBody({ resourceId: 'r', state: '1' });
    const answer = await client.send('POST', '/backups', body, { 'Content-Type': type, ...more });
    expect(answer.json<Problem>()).toMatchObject({ status: 415, code: 'unsupported_media_type' });
  });

  test('a form that a foreign page has sent', async () => {
    const body = createBody({ resourceId: 'r', state: '1' });
    const type = 'application/x-www-form-urlencoded';
    const answer = await client.send('POST', '/backups', body, {
      'Content-Type': type,
      Origin: 'https://evil.example',
    });
    expect(answer.json<Problem>()).toMatchObject({ status: 403, code: 'forbidden' });
  });

  test.each([
    ['with its length', true],
    ['in chunks', false],
  ])('too large, %s', async (_how, announced) => {
    const body = Buffer.from(createBody({ resourceId: 'r', state: `"${'x'.repeat(3 * MIB)}"` }));
    const answer = await speak(
      server.port,
      head(announced ? { 'Content-Length': body.length } : CHUNKED),
      function* () {
        for (let at = 0; at < body.length; at += 100_000) {
          const piece = body.subarray(at, at + 100_000);
          yield announced ? piece : chunk(piece);
        }
        if (!announced) yield chunk(new Uint8Array(0));
      },
    );
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(answer).toContain('"code":"payload_too_large"');
    await expectNothingLeft();
  });

  test('as large as may be, by a byte', async () => {
    const rest = createBody({ resourceId: 'r', state: '""' }).length;
    const over = createBody({ resourceId: 'r', state: `"${'x'.repeat(MIB - rest + 1)}"` });
    expect(over).toHaveLength(MIB + 1);
    expect((await client.send('POST', '/backups', over)).json<Problem>().code).toBe('payload_too_large');
  });

  test.each([
    ['before the body', [], { 'Content-Length': 1000 }],
    ['in the middle of the body', ['{"resourceId":"r","data":[1,2'], { 'Content-Length': 1000 }],
    ['one byte before the end', [create('').slice(0, -1)], { 'Content-Length': create('').length }],
    ['between two chunks', [chunk(Buffer.from('{"resourceId":"r",'))], CHUNKED],
    ['in a chunk', ['64\r\n{"resourceId":"r","data":'], CHUNKED],
    ['before the last, empty chunk', [chunk(Buffer.from(create('')))], CHUNKED],
  ] as const)('a client that goes away %s', async (_when, pieces, headers) => {
    const requests = server.logs.filter(({ message }) => message === 'request').length;
    for (const goodbye of ['destroy', 'end'] as const) {
      await leave(server.port, head(headers), pieces, goodbye);
    }
    // Both are told to nobody, and remembered as refused.
    await eventually(5000, 'both to be over', () => {
      const lines = server.logs.filter(({ message }) => message === 'request').slice(requests);
      return lines.length >= 2 && lines;
    }).then((lines) => {
      for (const line of lines) expect(line).toMatchObject({ status: 400, code: 'malformed_json' });
    });
    await expectNothingLeft();
  });

  test('and after all that nothing is left, and the next good one is taken', async () => {
    await expectNothingLeft();
    const backup = await client.backup({ resourceId: 'r', state: '{"ok":true}' });
    expect(stateOf(await client.restore(backup.id)).toString()).toBe('{"ok":true}');
    expect(await client.list()).toHaveLength(1);
    expect(filesIn(server.dataDir)).toEqual({ blobs: [expect.any(String)], passing: [] });
  });

  test('an upload of nothing is refused at once, and its URL still takes the state', async () => {
    const { url, uploadId } = (await client.send('POST', '/uploads')).json() as {
      url: string;
      uploadId: string;
    };
    const empty = await fetch(url, { method: 'PUT', body: '' });
    expect(empty.status).toBe(400);
    expect(await empty.json()).toMatchObject({ code: 'malformed_json' });
    const whole = await fetch(url, { method: 'PUT', body: '{"a":1}' });
    expect(whole.status).toBe(200);
    expect(await whole.json()).toMatchObject({ uploadId, bytes: 7 });
  });
});

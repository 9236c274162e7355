// Every kind of bad input to POST /backups: a clear 4xx that says where.

import { describe, expect, test } from '@jest/globals';
import { LIMITS } from '../../lib/core/records/limits.ts';
import { createHarness, expectRefused, problemOf } from './harness.ts';

const LONG = 'x'.repeat(LIMITS.nameCharsMax + 1);
const KEY_LONG = 'k'.repeat(LIMITS.tagKeyCharsMax + 1);
const tagsOf = (count: number) => `"tags":{${Array.from({ length: count }, (_, i) => `"k${i}":""`).join()}}`;
const nest = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
const create = (members: string) => `{"resourceId":"r","data":{}${members === '' ? '' : `,${members}`}}`;
const metadata = (members: string) => create(`"metadata":{${members}}`);

describe('POST /backups', () => {
  test.each([
    ['no body', '', ''],
    ['only white space', '  \n', ''],
    ['not JSON', 'resourceId=r', ''],
    ['a body cut short', '{"resourceId":"r","data":{"a":', '/data/a'],
    ['JSON and more', '{"resourceId":"r","data":{}} {}', ''],
    ['bad JSON in the state', '{"resourceId":"r","data":{"a":[1,01]}}', '/data/a/1'],
    ['data twice', '{"data":1,"resourceId":"r","data":2}', '/data'],
    ['a field twice', '{"data":1,"resourceId":"r","resourceId":"s"}', '/resourceId'],
  ])('malformed: %s', async (_name, body, pointer) => {
    await expectRefused('POST', '/backups', body, 400, 'malformed_json', [pointer]);
  });

  test.each([
    ['an array', '[1]', ['']],
    ['a string', '"x"', ['']],
    ['null', 'null', ['']],
    ['an empty object', '{}', ['/resourceId', '/data']],
    ['no data', '{"resourceId":"r"}', ['/data']],
    ['no resourceId', '{"data":{}}', ['/resourceId']],
    [
      'many faults at once',
      '{"resourceId":1,"type":"x","metadata":{"retentionDays":-1},"extra":1}',
      ['/resourceId', '/type', '/metadata/retentionDays', '/extra', '/data'],
    ],
  ])('incomplete: %s', async (_name, body, pointers) => {
    await expectRefused('POST', '/backups', body, 400, 'invalid_request', pointers);
  });

  test.each([
    ['null', 'null'],
    ['a number', '7'],
    ['empty', '""'],
    ['too long', `"${LONG}"`],
    ['with a control character', '"a\\nb"'],
    ['with a C1 control', '"a\\u0085b"'],
    ['with a lone surrogate', '"a\\ud800"'],
    ['a step up in a URL', '".."'],
  ])('resourceId: %s', async (_name, value) => {
    const body = `{"resourceId":${value},"data":{}}`;
    await expectRefused('POST', '/backups', body, 400, 'invalid_request', ['/resourceId']);
  });

  test.each([
    ['resourceType too long', `"resourceType":"${LONG}"`, '/resourceType'],
    ['an unknown type', '"type":"partial"', '/type'],
    ['type null', '"type":null', '/type'],
    ['encrypt a string', '"encrypt":"false"', '/encrypt'],
    ['an unknown member', '"retention":1', '/retention'],
    ['a member with a slash and a tilde', '"a/b~c":1', '/a~1b~0c'],
    ['a member named __proto__', '"__proto__":{"type":"x"}', '/__proto__'],
    ['metadata null', '"metadata":null', '/metadata'],
    ['metadata an array', '"metadata":[]', '/metadata'],
  ])('%s', async (_name, members, pointer) => {
    await expectRefused('POST', '/backups', create(members), 400, 'invalid_request', [pointer]);
  });

  test.each([
    ['an unknown member', '"retention":1', '/retention'],
    ['a member twice', '"source":"a","source":"b"', '/source'],
    ['version a number', '"version":1', '/version'],
    ['retentionDays negative', '"retentionDays":-1', '/retentionDays'],
    ['retentionDays broken', '"retentionDays":1.5', '/retentionDays'],
    ['retentionDays too many', '"retentionDays":3651', '/retentionDays'],
    ['retentionDays infinite', '"retentionDays":1e400', '/retentionDays'],
    ['retentionDays a string', '"retentionDays":"30"', '/retentionDays'],
    ['tags an array', '"tags":["a"]', '/tags'],
    ['a tag that is a number', '"tags":{"a":1}', '/tags/a'],
    ['a tag without a name', '"tags":{"":"x"}', '/tags/'],
    ['a tag name too long', `"tags":{"${KEY_LONG}":"x"}`, `/tags/${KEY_LONG}`],
    ['a tag value too long', `"tags":{"k":"${LONG}"}`, '/tags/k'],
    ['a tag value with a lone surrogate', '"tags":{"k":"\\udfff"}', '/tags/k'],
    ['a tag twice', '"tags":{"k":"a","k":"b"}', '/tags/k'],
    ['a tag twice in two spellings', '"tags":{"k":"a","\\u006b":"b"}', '/tags/k'],
    ['a tag named __proto__', '"tags":{"__proto__":"x"}', '/tags/__proto__'],
    ['a tag named __proto__ in escapes', '"tags":{"\\u005f_proto__":"x"}', '/tags/__proto__'],
    ['too many tags', tagsOf(LIMITS.tagsMax + 1), '/tags'],
    ['customFields a string', '"customFields":"x"', '/customFields'],
    ['customFields an array', '"customFields":[]', '/customFields'],
    ['customFields too deep', `"customFields":${nest(9)}`, '/customFields'],
    ['customFields too big', `"customFields":{"a":"${'é'.repeat(8200)}"}`, '/customFields'],
    ['a number past 2^53', '"customFields":{"a":[0,9007199254740993]}', '/customFields/a/1'],
    ['a number past the doubles', '"customFields":{"a":{"b":1e400}}', '/customFields/a/b'],
    ['a number with too many digits', '"customFields":{"a":0.12345678901234567890}', '/customFields/a'],
    ['a number too small', '"customFields":{"a":1e-400}', '/customFields/a'],
    ['a custom __proto__', '"customFields":{"a":{"__proto__":1}}', '/customFields/a/__proto__'],
    ['a custom name twice', '"customFields":{"a":{"b":1,"b":2}}', '/customFields/a/b'],
    ['a custom name with a lone surrogate', '"customFields":{"\\ud800":1}', '/customFields/\ud800'],
  ])('metadata: %s', async (_name, members, pointer) => {
    const body = metadata(members);
    await expectRefused('POST', '/backups', body, 400, 'invalid_request', [`/metadata${pointer}`]);
  });

  test('a state nested too deep', async () => {
    const { send, calls } = createHarness();
    const body = `{"resourceId":"r","data":${'['.repeat(600)}${']'.repeat(600)}}`;
    expect(await problemOf(await send('POST', '/backups', body))).toMatchObject({
      status: 400,
      code: 'json_too_deep',
    });
    expect(calls).toEqual([]);
  });

  test.each([
    ['empty', ''],
    ['with a space', 'a b'],
    ['not ASCII', 'caf\u00e9'],
    ['too long', 'k'.repeat(256)],
  ])('an idempotency key that is %s', async (_name, key) => {
    const headers = { 'Idempotency-Key': key };
    await expectRefused(
      'POST',
      '/backups',
      create(''),
      400,
      'invalid_request',
      ['/headers/idempotency-key'],
      headers,
    );
  });

  test('bytes that are not UTF-8', async () => {
    const { app, calls } = createHarness();
    const body = Buffer.concat([
      Buffer.from('{"resourceId":"r","data":"'),
      Buffer.from([0xff]),
      Buffer.from('"}'),
    ]);
    const response = await app.request('/backups', { method: 'POST', body });
    expect(await problemOf(response)).toMatchObject({ status: 400, code: 'malformed_json' });
    expect(calls).toEqual([]);
  });

  test('malformed JSON says at which byte', async () => {
    const problem = await expectRefused(
      'POST',
      '/backups',
      '{"resourceId":"r","data":tru}',
      400,
      'malformed_json',
      ['/data'],
    );
    expect(problem.errors![0]!.offset).toBe(28);
  });

  test('faults beyond the fiftieth are counted, not listed', async () => {
    const { send } = createHarness();
    const members = Array.from({ length: 80 }, (_, i) => `"m${i}":1`).join();
    const problem = await problemOf(await send('POST', '/backups', create(members)));
    expect(problem.errors).toHaveLength(50);
    expect(problem.detail).toContain('80');
  });

  test('a fault in a name of a megabyte is answered in a few bytes', async () => {
    const { send } = createHarness();
    const text = await (await send('POST', '/backups', create(`"${'n'.repeat(900_000)}":1`))).text();
    expect(text.length).toBeLessThan(1000);
  });
});

describe('what is at the edge of the limits is let in', () => {
  test.each([
    ['256 characters', `{"resourceId":"${'x'.repeat(256)}","data":{}}`],
    ['retention for ever', metadata('"retentionDays":0')],
    ['ten years', metadata('"retentionDays":3650')],
    ['50 tags', metadata(tagsOf(LIMITS.tagsMax))],
    ['names that objects have', metadata('"tags":{"constructor":"a","toString":"b","hasOwnProperty":"c"}')],
    ['custom fields 8 deep', metadata(`"customFields":${nest(8)}`)],
    [
      'custom numbers that are kept',
      metadata('"customFields":{"a":[9007199254740991,0.1,1.50,1e3,-0,5e-324]}'),
    ],
    ['text of every script', create('"resourceType":"\\ud83d\\ude00 ü 数据"')],
  ])('%s', async (_name, body) => {
    const { send, calls } = createHarness();
    expect((await send('POST', '/backups', body)).status).toBe(201);
    expect(calls).toHaveLength(1);
  });

  test('custom fields reach the service as they were sent', async () => {
    const { send, calls } = createHarness();
    const fields = { n: [1, 2.5, null, true], o: { constructor: 'x', é: '' } };
    await send('POST', '/backups', metadata(`"customFields":${JSON.stringify(fields)}`));
    expect(calls[0]!.args[0]).toMatchObject({ metadata: { customFields: fields } });
  });
});

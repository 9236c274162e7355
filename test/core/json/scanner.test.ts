import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { canonicalText, findTextFault, scanBody } from '../../../lib/core/json/body.ts';
import { ServiceError } from '../../../lib/core/records/errors.ts';
import { LIMITS } from '../../../lib/core/records/limits.ts';
import { KERNEL } from '../kernels.ts';
import { bytesIn } from './state-text.ts';

const canonical = (json: string): string => Buffer.from(canonicalText(json).bytes).toString();

function fault(run: () => unknown): ServiceError {
  try {
    run();
  } catch (error) {
    if (error instanceof ServiceError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

/** Cuts bytes at the given places. */
async function* cut(bytes: Uint8Array, places: number[]): AsyncGenerator<Uint8Array> {
  const borders = [0, ...places.map((p) => p % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  for (let i = 1; i < borders.length; i++) yield bytes.subarray(borders[i - 1], borders[i]);
}

const scan = (bytes: Uint8Array, places: number[] = []) =>
  scanBody(KERNEL, cut(bytes, places), { stateMember: 'data', bodyBytesMax: 1e6, fieldsBytesMax: 1e5 });

describe('canonical text', () => {
  test.each([
    [
      'numbers stay as they were written',
      '[9007199254740993, -0, 1.0, 1e400, 1E+2, 0.10]',
      '[9007199254740993,-0,1.0,1e400,1E+2,0.10]',
    ],
    [
      'member order and duplicates stay',
      '{"b" : 1, "a": 2, "b": 3, "10": 4, "9": 5}',
      '{"b":1,"a":2,"b":3,"10":4,"9":5}',
    ],
    ['__proto__ stays', '{ "__proto__": {"x": 1} }', '{"__proto__":{"x":1}}'],
    [
      'escapes stay as they were written',
      '["\\u0061\\/\\n", "\\ud800", "\\uDFFF"]',
      '["\\u0061\\/\\n","\\ud800","\\uDFFF"]',
    ],
    ['white space inside strings stays', '{"a b" : " \u00a0 "}', '{"a b":" \u00a0 "}'],
    ['all four white spaces go, everywhere', '\t\r\n { \n"a"\t:\r[ ] ,"b" : { } } \n', '{"a":[],"b":{}}'],
    ['a scalar is a state', ' null ', 'null'],
    ['an empty string is a state', '""', '""'],
  ])('%s', (_name, json, text) => {
    expect(canonical(json)).toBe(text);
  });

  test('its checksum is the SHA-256 of its bytes', () => {
    const { bytes, checksum } = canonicalText('{ "a": [1, 2] }');
    expect(checksum).toBe(createHash('sha256').update('{"a":[1,2]}').digest('hex'));
    expect(Buffer.from(bytes).toString()).toBe('{"a":[1,2]}');
  });

  test('means what JSON.parse reads, and is canonical itself', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(undefined, 1, '\t', '\r\n '), (value, indent) => {
        const text = canonical(JSON.stringify(value, null, indent));
        expect(text).toBe(JSON.stringify(value));
        expect(canonical(text)).toBe(text);
      }),
    );
  });

  test('agrees with JSON.parse on what is JSON at all', () => {
    const noise = fc.array(
      fc.constantFrom(...'{}[]",:0123456789-+.eEtruefalsn\\u \n', 'true', '"a"', '1e5', '\\u00e9'),
      {
        maxLength: 12,
      },
    );
    fc.assert(
      fc.property(noise, (parts) => {
        const json = parts.join('');
        let valid = true;
        try {
          JSON.parse(json);
        } catch {
          valid = false;
        }
        let taken = true;
        try {
          canonicalText(json);
        } catch (error) {
          expect((error as ServiceError).code).toBe('malformed_json');
          taken = false;
        }
        expect([json, taken]).toEqual([json, valid]);
      }),
      { numRuns: 5000 },
    );
  });
});

describe('faults', () => {
  test.each([
    ['', 0, ''],
    ['  ', 2, ''],
    ['01', 1, ''],
    ['-', 1, ''],
    ['1.', 2, ''],
    ['1.e5', 2, ''],
    ['.5', 0, ''],
    ['+1', 0, ''],
    ['NaN', 0, ''],
    ['tru', 3, ''],
    ['truE', 3, ''],
    ["{'a':1}", 1, ''],
    ['{"a":1,}', 7, ''],
    ['{"a":1 "b":2}', 7, '/a'],
    ['[1,]', 3, '/1'],
    ['[1,2,{"a/b~c":[0,{"x":nul}]}]', 25, '/2/a~1b~0c/1/x'],
    ['{"\\u0061\\n":[x]}', 13, '/a\n/0'],
    ['{"a":{"b":1},"c":}', 17, '/c'],
    ['[[],[1,{}],!]', 11, '/2'],
    ['"\\x"', 2, ''],
    ['"\\u12g4"', 5, ''],
    ['"a\u0000"', 2, ''],
    ['"a\n"', 2, ''],
    ['[1}', 2, '/0'],
    ['{"a":1]', 6, '/a'],
    ['[1] 2', 4, ''],
    ['{}{}', 2, ''],
    ['\ufeff{}', 0, ''],
    ['{"a"', 4, '/a'],
    ['{"a":"b', 7, '/a'],
    ['[1,2', 4, '/1'],
    ['// no\n1', 0, ''],
    ['[\u00a01]', 1, '/0'],
  ])('%j is refused at byte %i, pointer %j', (json, offset, pointer) => {
    const error = fault(() => canonicalText(json));
    expect(error.code).toBe('malformed_json');
    expect(error.errors).toEqual([expect.objectContaining({ offset, pointer })]);
  });

  test.each([
    ['a lone continuation byte', [0x22, 0x80, 0x22], 1],
    ['an overlong slash', [0x22, 0xc0, 0xaf, 0x22], 1],
    ['a surrogate in UTF-8', [0x22, 0xed, 0xa0, 0x80, 0x22], 1],
    ['beyond U+10FFFF', [0x22, 0x61, 0xf4, 0x90, 0x80, 0x80, 0x22], 2],
    ['a character cut by a quote', [0x22, 0xe2, 0x82, 0x22], 1],
    ['a byte that no UTF-8 has', [0x22, 0xff, 0x22], 1],
    ['a text that ends inside a character', [0x22, 0xe2, 0x82], 3],
  ])('%s is refused', (_name, bytes, offset) => {
    const error = fault(() => canonicalText(Uint8Array.from(bytes)));
    expect([error.code, error.errors[0]?.offset]).toEqual(['malformed_json', offset]);
  });

  test.each([
    ['[', ']'],
    ['{"a":', '}'],
  ])('%s nests %s up to the limit, not beyond', (open, close) => {
    const nested = (depth: number): string => `${open.repeat(depth)}1${close.repeat(depth)}`;
    expect(canonical(nested(LIMITS.nestingDepthMax))).toHaveLength(nested(LIMITS.nestingDepthMax).length);
    expect(fault(() => canonicalText(nested(LIMITS.nestingDepthMax + 1))).code).toBe('json_too_deep');
  });

  test('a hundred thousand open brackets neither overflow the stack nor take long', () => {
    expect(fault(() => canonicalText('['.repeat(100_000))).code).toBe('json_too_deep');
  });
});

describe('a body with a state inside', () => {
  const body =
    '{"id":"é€😀", "d\\u0061ta" : { "k": [1.0, "\\ud800", {"data": "deep"}] } , "n": {"data":[0]}}';

  test('gives the state as text and the rest as objects, however the chunks are cut', async () => {
    const bytes = Buffer.from(body);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(), { maxLength: 12 }), async (places) => {
        const { fields, state } = await scan(bytes, places);
        expect(fields).toEqual({ id: 'é€😀', n: { data: [0] } });
        expect(Buffer.from(bytesIn(state)).toString()).toBe('{"k":[1.0,"\\ud800",{"data":"deep"}]}');
        expect(state!.checksum).toBe(createHash('sha256').update(bytesIn(state)).digest('hex'));
      }),
    );
  });

  test('cut after every byte, it is the same', async () => {
    const bytes = Buffer.from(body);
    const { state } = await scan(
      bytes,
      Array.from(bytes, (_, i) => i),
    );
    expect(Buffer.from(bytesIn(state)).toString()).toBe('{"k":[1.0,"\\ud800",{"data":"deep"}]}');
  });

  test('faults are found at the same place, however the chunks are cut', async () => {
    const bytes = Buffer.from('{"x":[1,2],"data":{"é":[true,{"b":fals}]}}');
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(), { maxLength: 12 }), async (places) => {
        const error = await scan(bytes, places).catch((e: unknown) => e as ServiceError);
        expect(error).toMatchObject({
          code: 'malformed_json',
          errors: [{ offset: 39, pointer: '/data/é/1/b' }],
        });
      }),
    );
  });

  test.each([
    ['{"data":1e400}', '1e400'],
    ['{"data": 5 }', '5'],
    ['{"data":-0,"x":1}', '-0'],
    ['{"data":null}', 'null'],
    ['{"data":"a\\"b"}', '"a\\"b"'],
    ['{"data":[]}', '[]'],
    ['{"x":{"y":1},"data":true}', 'true'],
  ])('%s holds the state %s', async (json, text) => {
    const { state } = await scan(Buffer.from(json));
    expect(Buffer.from(bytesIn(state)).toString()).toBe(text);
  });

  test('without the member there is no state', async () => {
    expect(await scan(Buffer.from('{"x":{"data":1}}'))).toEqual({
      fields: { x: { data: 1 } },
      fieldsText: '{"x":{"data":1}}',
    });
    expect((await scan(Buffer.from('[{"data":1}]'))).state).toBeUndefined();
  });

  test('a root member given twice is refused, under any spelling', async () => {
    for (const json of ['{"data":1,"d\\u0061ta":2}', '{"a":1,"data":2,"a":3}']) {
      await expect(scan(Buffer.from(json))).rejects.toMatchObject({ code: 'malformed_json' });
    }
  });

  test('limits hold: the body, and what stands beside the state', async () => {
    const big = Buffer.from(`{"x":"${'a'.repeat(2000)}","data":1}`);
    const limits = { stateMember: 'data', bodyBytesMax: 1e6, fieldsBytesMax: 1000 };
    await expect(scanBody(KERNEL, cut(big, [5]), limits)).rejects.toMatchObject({
      code: 'payload_too_large',
    });
    const small = { stateMember: 'data', bodyBytesMax: 1000, fieldsBytesMax: 1e6 };
    await expect(scanBody(KERNEL, cut(big, [5]), small)).rejects.toMatchObject({ code: 'payload_too_large' });
  });

  test('a body that ends exactly at the limit is taken', async () => {
    const json = Buffer.from('{"data":[1,2,3]}');
    const options = { stateMember: 'data', bodyBytesMax: json.length, fieldsBytesMax: 100 };
    expect(bytesIn((await scanBody(KERNEL, cut(json, []), options)).state)).toHaveLength(7);
  });
});

describe('checking a text in memory', () => {
  test('takes canonical text only', async () => {
    expect(await findTextFault(KERNEL, Buffer.from('{"a":[1,"x"]}'))).toBeUndefined();
    expect(await findTextFault(KERNEL, Buffer.from('{"a": 1}'))).toMatch(/white space/);
    expect(await findTextFault(KERNEL, Buffer.from('{"a":1'))).toMatch(/ends/);
    expect(await findTextFault(KERNEL, new Uint8Array(0))).toMatch(/empty/);
  });
});

// States that are packed as they come in: the same state as ever, however long it is and however it is cut.

import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compress } from '../../../lib/core/bytes/compress.ts';
import { type PackedText, unpack } from '../../../lib/core/bytes/packed.ts';
import type { CanonicalText } from '../../../lib/core/bytes/text.ts';
import { canonicalText, readState, scanBody } from '../../../lib/core/json/body.ts';
import { isPacked, type Packing, type ScannedState, sizeOf } from '../../../lib/core/json/state-sink.ts';
import type { ServiceError } from '../../../lib/core/records/errors.ts';
import { createMemoryScratch } from '../../../lib/memory/scratch.ts';
import { KERNEL } from '../kernels.ts';

const MIB = 1024 * 1024;
const PACKING: Packing = { textBytesMax: 3 * MIB, heldBytesMax: 64 * MIB, isTextWanted: () => false };

/** An array of numbers of exactly so many bytes. */
function arrayOf(bytes: number): Buffer {
  const numbers: string[] = [];
  for (let at = 2, k = 0; at < bytes - 20; k++)
    at += numbers.push(String(k * 7919)) && numbers[k]!.length + 1;
  const text = `[${numbers.join(',')}`;
  return Buffer.from(`${text},${'1'.repeat(bytes - text.length - 2)}]`);
}

async function* cut(bytes: Buffer, places: number[]): AsyncGenerator<Uint8Array> {
  const borders = [
    0,
    ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b),
    bytes.length,
  ];
  for (let k = 1; k < borders.length; k++) yield bytes.subarray(borders[k - 1]!, borders[k]!);
}

const read = (bytes: Buffer, places: number[], packing: Packing = PACKING): Promise<ScannedState> =>
  readState(KERNEL, cut(bytes, places), { bytesMax: 100 * MIB, sizeHint: 0, packing });

function packed(state: ScannedState): PackedText {
  if (!isPacked(state)) throw new Error('the state was not packed');
  return state;
}

async function membersOf(state: PackedText): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(state.members()));
}

test.each([MIB + 1, 2 * MIB - 1, 2 * MIB, 2 * MIB + 1, 5 * MIB + 12345])(
  'of %d bytes a state is packed into what compressing its text gives',
  async (bytes) => {
    const text = arrayOf(bytes);
    const state = packed(await read(text, [1, 1000, MIB, MIB + 3, 4 * MIB]));
    expect(state.size).toBe(bytes);
    expect(state.checksum).toBe(canonicalText(text).checksum);
    const members = await membersOf(state);
    expect(members.equals(Buffer.concat(await compress(text)))).toBe(true);
    expect(state.compressedBytes).toBe(members.length);
    expect(gunzipSync(members).equals(text)).toBe(true);
    expect(text.equals((await unpack(state)).bytes)).toBe(true);
    await state.discard();
  },
);

test('however it is cut, and whatever white space it has, it is the same', async () => {
  const text = arrayOf(2 * MIB + 77);
  const checksum = createHash('sha256').update(text).digest('hex');
  const spaced = Buffer.from(text.toString().replaceAll(',', ' ,\n\t '));
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(spaced.length), { maxLength: 8 }),
      fc.boolean(),
      async (places, isSpaced) => {
        const state = packed(await read(isSpaced ? spaced : text, places));
        expect([state.size, state.checksum]).toEqual([text.length, checksum]);
      },
    ),
    { numRuns: 6 },
  );
});

test('up to one member a state stays text', async () => {
  const state = await read(arrayOf(MIB), [5]);
  expect(isPacked(state)).toBe(false);
  expect(sizeOf(state)).toBe(MIB);
});

describe('a state that is wanted as text', () => {
  const wanted = (textBytesMax: number): Packing => ({ ...PACKING, textBytesMax, isTextWanted: () => true });

  test('stays text', async () => {
    const text = arrayOf(2 * MIB);
    const state = await read(text, [MIB], wanted(2 * MIB));
    expect(isPacked(state)).toBe(false);
    expect(state.checksum).toBe(canonicalText(text).checksum);
    expect(text.equals((state as CanonicalText).bytes)).toBe(true);
  });

  test('is packed where it is too long for that, even if nobody said so before', async () => {
    const text = arrayOf(4 * MIB + 5);
    const state = packed(await read(text, [MIB, 2 * MIB, 3 * MIB], wanted(2 * MIB)));
    expect(state.checksum).toBe(canonicalText(text).checksum);
    expect(gunzipSync(await membersOf(state)).equals(text)).toBe(true);
  });

  test('is asked for once, by what came before it in the body', async () => {
    const asked: string[] = [];
    const body = Buffer.concat([
      Buffer.from('{"a":[1], "data":'),
      arrayOf(3 * MIB),
      Buffer.from(',"type":"x"}'),
    ]);
    const { state, fields } = await scanBody(KERNEL, cut(body, []), {
      stateMember: 'data',
      bodyBytesMax: 10 * MIB,
      fieldsBytesMax: 1000,
      packing: {
        ...PACKING,
        isTextWanted(fieldsText) {
          asked.push(fieldsText);
          return true;
        },
      },
    });
    expect(asked).toEqual(['{"a":[1],"data":null']);
    expect(isPacked(state!)).toBe(false);
    expect(fields).toEqual({ a: [1], type: 'x' });
  });
});

describe('what does not fit into memory', () => {
  test('goes to a scratch file, and the file goes with the state', async () => {
    const scratch = createMemoryScratch();
    const text = arrayOf(6 * MIB);
    const state = packed(await read(text, [MIB], { ...PACKING, heldBytesMax: 500_000, scratch }));
    expect([scratch.openedCount, scratch.openCount]).toEqual([1, 1]);
    expect((await membersOf(state)).equals(Buffer.concat(await compress(text)))).toBe(true);
    expect(text.equals((await unpack(state)).bytes)).toBe(true);
    await state.discard();
    await state.discard();
    expect(scratch.openCount).toBe(0);
  });

  test('a state that turns out to be none leaves no file behind', async () => {
    const scratch = createMemoryScratch();
    const text = Buffer.concat([arrayOf(9 * MIB), Buffer.from(']')]);
    await expect(
      read(text, [MIB, 5 * MIB, 8 * MIB], { ...PACKING, heldBytesMax: 50_000, scratch }),
    ).rejects.toMatchObject({ code: 'malformed_json' });
    expect([scratch.openedCount, scratch.openCount]).toEqual([1, 0]);
  });

  test('too long is too long, packed or not', async () => {
    const options = { bytesMax: 2 * MIB, sizeHint: 0, packing: PACKING };
    await expect(readState(KERNEL, cut(arrayOf(2 * MIB + 1), [MIB]), options)).rejects.toMatchObject({
      code: 'payload_too_large',
    });
    expect(sizeOf(await readState(KERNEL, cut(arrayOf(2 * MIB), [MIB]), options))).toBe(2 * MIB);
  });
});

test('wherever a name stands when a block is full and a chunk ends, the state is taken and its errors name the place', async () => {
  const members = (bytes: number): string => {
    const found: string[] = [];
    for (let at = 0; at < bytes; )
      at += found.push(`"name-${found.length}":[${found.length}]`) && found.at(-1)!.length + 1;
    return found.join(',');
  };
  const many = members(2 * MIB);
  for (let shift = 0; shift < 24; shift++) {
    const text = Buffer.from(`{"${'x'.repeat(shift)}":0,${many}}`);
    const cuts = [MIB, 2 * MIB];
    expect(packed(await read(text, cuts)).checksum).toBe(canonicalText(text).checksum);
    const broken = Buffer.concat([text.subarray(0, 2 * MIB + 100), Buffer.from('?')]);
    const error = await read(broken, cuts).catch((reason: unknown) => reason as ServiceError);
    const pointer = await readState(KERNEL, cut(broken, cuts), { bytesMax: 100 * MIB, sizeHint: 0 }).catch(
      (reason: unknown) => (reason as ServiceError).errors,
    );
    expect(error).toMatchObject({ errors: pointer });
  }
});

describe('errors name the place, however much has been packed since its names were read', () => {
  const faulty = (nameBytes: number): Buffer => {
    const name = `k"${'é'.repeat(nameBytes / 2)}`;
    const filler = arrayOf(1.5 * MIB).toString();
    return Buffer.from(
      `{"first":[${filler}],${JSON.stringify(name)}:{"in/ner":[${filler},{"x":${filler},"y":[tru]}]}}`,
    );
  };

  // Errors cut long names short.
  test.each([
    [10, '/k"ééééé/in~1ner/1/y/0'],
    [2 * MIB, expect.stringMatching(/^\/k"é{60,200}…\/in~1ner\/1\/y\/0$/)],
  ])('with a name of %d bytes', async (nameBytes, pointer) => {
    const text = faulty(nameBytes);
    const expected = { code: 'malformed_json', errors: [{ pointer, offset: text.length - 5 }] };
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(text.length), { minLength: 3, maxLength: 12 }), async (places) => {
        const error = await read(text, places).catch((reason: unknown) => reason as ServiceError);
        expect(error).toMatchObject(expected);
      }),
      { numRuns: 4 },
    );
  });
});

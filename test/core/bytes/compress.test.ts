import { randomBytes } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compress, decompressInto, decompressToBuffer } from '../../../lib/core/bytes/compress.ts';
import { hasCode } from '../../../lib/core/records/errors.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const SIZES = [
  ...[0, 1, 15, 16, 17, 1000],
  ...[64 * KIB - 1, 64 * KIB, 64 * KIB + 1],
  ...[MIB - 1, MIB, MIB + 1, 2 * MIB, 5 * MIB + 12345],
];

const MEMBER_START = Buffer.from([0x1f, 0x8b, 8, 4]);
/** Offset of a member's own length, and of its deflate data. */
const LENGTH_AT = 16;
const DATA_AT = 20;

const jsonLike = (bytes: number): Buffer => {
  const rows: string[] = [];
  for (let at = 0; at <= bytes; ) at += rows.push(`{"id":${at},"name":"user ${(at * 7919) % 997}"},`) && 28;
  return Buffer.from(rows.join('')).subarray(0, bytes);
};

/** The same bytes, cut where the lengths say. */
function cut(bytes: Uint8Array, lengths: number[]): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  let at = 0;
  for (const length of lengths) {
    chunks.push(bytes.subarray(at, at + length));
    at = Math.min(bytes.length, at + length);
  }
  return [...chunks, bytes.subarray(at)];
}

async function refuses(stream: Uint8Array[], expectedBytes: number): Promise<void> {
  let handedOver = 0;
  const into = decompressInto(stream, expectedBytes, (chunk) => {
    handedOver += chunk.length;
  });
  await expect(into).rejects.toMatchObject({ code: 'integrity_error' });
  expect(handedOver).toBeLessThanOrEqual(expectedBytes);
  await expect(decompressToBuffer(stream, expectedBytes)).rejects.toMatchObject({ code: 'integrity_error' });
}

describe('round trip', () => {
  const contents = { random: randomBytes, zeros: (n: number) => Buffer.alloc(n), text: jsonLike };
  for (const [name, make] of Object.entries(contents)) {
    test.each(SIZES)(`%i bytes of ${name}`, async (size) => {
      const text = make(size);
      const members = await compress(text);
      const begun = members.filter((chunk) => MEMBER_START.equals(chunk.subarray(0, 4)));
      expect(begun).toHaveLength(Math.max(1, Math.ceil(size / MIB)));
      expect(gunzipSync(Buffer.concat(members)).equals(text)).toBe(true);
      expect(text.equals(await decompressToBuffer(members, size))).toBe(true);
      const chunks: Uint8Array[] = [];
      await decompressInto(cut(Buffer.concat(members), [1, 19, 1, 100_000]), size, (c) => chunks.push(c));
      expect(text.equals(Buffer.concat(chunks))).toBe(true);
      expect(Math.max(...chunks.map((chunk) => chunk.length))).toBeLessThanOrEqual(MIB);
    });
  }

  test('of any bytes, in any chunks, either way', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 3000, size: 'max' }),
        fc.array(fc.nat(500)),
        fc.array(fc.nat(50)),
        async (text, lengths, streamLengths) => {
          const stream = Buffer.concat(await compress(cut(text, lengths)));
          expect(stream.equals(Buffer.concat(await compress(text)))).toBe(true);
          const back = await decompressToBuffer(cut(stream, streamLengths), text.length);
          expect(Buffer.from(text).equals(back)).toBe(true);
        },
      ),
    );
  });

  test('the stream depends on the bytes only, not on their chunks, nor on the run', async () => {
    const text = jsonLike(3 * MIB + 7);
    const whole = Buffer.concat(await compress(text));
    const chunked = Buffer.concat(await compress(cut(text, [5, MIB, 0, 700_000, 3])));
    expect(chunked.equals(whole)).toBe(true);
    expect(Buffer.concat(await compress(text)).equals(whole)).toBe(true);
  });

  test('costs little over gzip in one piece', async () => {
    const text = jsonLike(4 * MIB);
    const bytes = Buffer.concat(await compress(text)).length;
    expect(bytes).toBeLessThan(gzipSync(text, { level: 6 }).length * 1.03);
    expect(Buffer.concat(await compress(Buffer.from('{}'))).length).toBe(gzipSync('{}').length + 10);
  });

  test('what has been handed over is seen as it is written', async () => {
    const text = randomBytes(2 * MIB + 1);
    const seen: Uint8Array[] = [];
    const back = await decompressToBuffer(await compress(text), text.length, (chunk) =>
      seen.push(Buffer.from(chunk)),
    );
    expect(Buffer.concat(seen).equals(back)).toBe(true);
  });
});

describe('refuses, with integrity_error and never beyond the expected size,', () => {
  const small = jsonLike(2000);
  const large = jsonLike(2 * MIB + 500);

  test.each([
    ['one member', small],
    ['three members', large],
    ['nothing', Buffer.alloc(0)],
  ])('more or less than expected: %s', async (_name, text) => {
    const stream = await compress(text);
    for (const other of [0, 1, text.length - 1, text.length + 1, text.length + MIB, MIB, 2 * MIB]) {
      if (other >= 0 && other !== text.length) await refuses(stream, other);
    }
  });

  test('every truncation', async () => {
    const stream = Buffer.concat(await compress(small));
    for (let length = 0; length < stream.length; length++) {
      await refuses([stream.subarray(0, length)], small.length);
    }
    await refuses([], small.length);
    await refuses([], 0);
  });

  test('truncation of a long stream, within and between members', async () => {
    const members = await compress(large);
    await refuses(members.slice(0, -1), large.length);
    await refuses(members.slice(0, 1), large.length);
    await refuses([members[0]!, members[1]!.subarray(0, -1), members[2]!], large.length);
    await refuses([members[0]!, members[1]!, members[2]!.subarray(0, -1)], large.length);
  });

  test('anything after the end', async () => {
    for (const text of [Buffer.alloc(0), small, large]) {
      const members = await compress(text);
      const extensions = [[0], [0, 0, 0, 0], [0x1f], [0x1f, 0x8b], [255], [...gzipSync('')]];
      for (const extension of extensions)
        await refuses([...members, Uint8Array.from(extension)], text.length);
      await refuses([...members, members.at(-1)!], text.length);
      await refuses([...members, ...(await compress(Buffer.alloc(0)))], text.length);
    }
  });

  test('what stands after the end inside a member, zeros too', async () => {
    const [member] = (await compress(small)) as [Buffer];
    // The last one ends as a member of this length would.
    const extensions = [
      [0],
      new Array(64).fill(0),
      [1, 2, 3],
      [...gzipSync('')],
      [0, ...member.subarray(-4)],
    ];
    for (const extension of extensions) {
      const longer = Buffer.concat([member, Buffer.from(extension)]);
      longer.writeUInt32LE(longer.length, LENGTH_AT);
      await refuses([longer], small.length);
    }
  });

  test('a text that two gzip members share within one of ours', async () => {
    const halves = [gzipSync(small.subarray(0, 1000)), gzipSync(small.subarray(1000))];
    const [start] = (await compress(small)) as [Buffer];
    const member = Buffer.concat([start.subarray(0, DATA_AT), halves[0]!.subarray(10), halves[1]!]);
    member.writeUInt32LE(member.length, LENGTH_AT);
    // zlib reads on into the second: the text is right, but this is not how it was written.
    await refuses([member], small.length);
  });

  test('swapped, repeated and missing members', async () => {
    const [a, b, c] = (await compress(large)) as [Buffer, Buffer, Buffer];
    for (const wrong of [
      [a, c, b],
      [c, a, b],
      [b, c],
      [a, b, b],
      [a, a, b, c],
    ])
      await refuses(wrong, large.length);
  });

  test('every flipped bit, unless it carries nothing', async () => {
    const stream = Buffer.concat(await compress(small.subarray(0, 300)));
    let harmless = 0;
    for (let at = 0; at < stream.length * 8; at++) {
      const flipped = Buffer.from(stream);
      flipped[at >> 3]! ^= 1 << (at & 7);
      try {
        const text = await decompressToBuffer([flipped], 300);
        expect(small.subarray(0, 300).equals(text)).toBe(true);
        harmless++;
      } catch (error) {
        expect(hasCode(error, 'integrity_error')).toBe(true);
      }
    }
    // Only the bits that fill up the last byte of deflate data.
    expect(harmless).toBeLessThan(8);
  });

  test('a wrong CRC in any of several members', async () => {
    const members = (await compress(large)) as Buffer[];
    for (const [i, member] of members.entries()) {
      const wrong = Buffer.from(member);
      wrong[wrong.length - 5]! ^= 1;
      await refuses(members.with(i, wrong), large.length);
    }
  });

  test('a bomb, without inflating it', async () => {
    const [bomb] = await compress(Buffer.alloc(MIB));
    await refuses([bomb!], 100);
    await refuses([bomb!, bomb!, bomb!], 100);
    const member = Buffer.concat([bomb!.subarray(0, DATA_AT), gzipSync(Buffer.alloc(20 * MIB)).subarray(10)]);
    member.writeUInt32LE(member.length, LENGTH_AT);
    await refuses([member], MIB);
    await expect(decompressToBuffer([member], MIB)).rejects.toMatchObject({
      cause: { code: 'ERR_BUFFER_TOO_LARGE' },
    });
  });

  test('lengths that cannot be', async () => {
    const [member] = (await compress(small)) as [Buffer];
    for (const length of [0, 1, 19, 20, 27, member.length - 1, member.length + 1, 2 ** 21, 2 ** 32 - 1]) {
      const wrong = Buffer.from(member);
      wrong.writeUInt32LE(length, LENGTH_AT);
      await refuses([wrong], small.length);
      await refuses([wrong, Buffer.alloc(3 * MIB)], small.length);
      if (length < 28 || length > 1.1 * MIB) {
        await expect(decompressToBuffer([wrong], small.length)).rejects.toThrow('a length is wrong');
      }
    }
  });

  test('gzip that is not ours, and what is no gzip at all', async () => {
    await refuses([gzipSync(small)], small.length);
    await refuses([small], small.length);
    await refuses([Buffer.alloc(100)], 100);
  });
});

test('a failing source fails as it is', async () => {
  const failing = (function* (): Generator<Uint8Array> {
    yield Uint8Array.of(0x1f);
    throw new RangeError('no more');
  })();
  await expect(decompressToBuffer(failing, 10)).rejects.toThrow(RangeError);
});

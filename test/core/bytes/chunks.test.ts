import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  drained,
  eachSlice,
  joined,
  mapInOrder,
  passing,
  readerOf,
  recycle,
  slicesOf,
  totalBytes,
} from '../../../lib/core/bytes/chunks.ts';

const KIB = 1024;
const HALF = 512 * 1024;
const MIB = 1024 * KIB;
const chunkLists = fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 10 });

test('reading in pieces gives the bytes in order, however they are cut', async () => {
  await fc.assert(
    fc.asyncProperty(chunkLists, fc.array(fc.nat(15)), async (chunks, lengths) => {
      const whole = Buffer.concat(chunks);
      const reader = readerOf(chunks);
      let at = 0;
      for (const length of lengths) {
        expect(await reader.ended()).toBe(at === whole.length);
        const piece = await reader.take(length);
        if (at + length > whole.length) {
          expect(piece).toBeUndefined();
          expect(await reader.ended()).toBe(true);
          return;
        }
        expect(Buffer.from(piece!)).toEqual(whole.subarray(at, at + length));
        at += length;
      }
    }),
  );
});

test('what lies in one chunk is not copied', async () => {
  const chunk = Uint8Array.of(1, 2, 3, 4);
  const reader = readerOf([new Uint8Array(0), chunk, Uint8Array.of(5)]);
  expect((await reader.take(3))!.buffer).toBe(chunk.buffer);
  expect((await Array.fromAsync(reader.views(2))).map((view) => [...view])).toEqual([[4], [5]]);
  expect(joined([chunk])).toBe(chunk);
});

test('chunks are pulled only when they are needed', async () => {
  let pulled = 0;
  const reader = readerOf(
    (function* () {
      for (;;) {
        pulled++;
        yield Uint8Array.of(1, 2);
      }
    })(),
  );
  expect(pulled).toBe(0);
  await reader.take(2);
  expect(pulled).toBe(1);
  await reader.take(3);
  expect(pulled).toBe(3);
});

test('slices are at most 512 KiB and leave nothing out', async () => {
  const chunks = [Buffer.alloc(2 * MIB + 5, 1), Buffer.alloc(0), Buffer.alloc(MIB, 2), Buffer.alloc(1, 3)];
  const slices = await Array.fromAsync(slicesOf(chunks));
  expect(slices.map((slice) => slice.length)).toEqual([HALF, HALF, HALF, HALF, 5, HALF, HALF, 1]);
  expect(Buffer.concat(slices).equals(Buffer.concat(chunks))).toBe(true);
});

test('the event loop gets a turn at least every 512 KiB, and small inputs none', async () => {
  const seen: string[] = [];
  const turn = (): void => {
    seen.push('turn');
    if (seen.filter((entry) => entry === 'slice').length < 9) setImmediate(turn);
  };
  setImmediate(turn);
  await eachSlice([Buffer.alloc(9 * HALF)], () => seen.push('slice'));
  const text = seen.join(' ');
  expect(text).not.toMatch(/(slice ?){2}/);
  expect(text.match(/slice/g)).toHaveLength(9);

  let turned = false;
  setImmediate(() => {
    turned = true;
  });
  await eachSlice([Buffer.alloc(HALF)], () => undefined);
  expect(turned).toBe(false);
});

test('draining empties the list as it goes', () => {
  const list = [Uint8Array.of(1), Uint8Array.of(2)];
  const left: number[] = [];
  for (const _ of drained(list)) left.push(list.length);
  expect(left).toEqual([1, 0]);
  expect(totalBytes(list)).toBe(0);
});

const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test('work runs side by side, never more than the width, and comes back in order', async () => {
  let running = 0;
  let most = 0;
  const results: number[] = [];
  const work = async (item: number): Promise<number> => {
    most = Math.max(most, ++running);
    await later(item % 3);
    running--;
    return item * 10;
  };
  for await (const result of mapInOrder([0, 1, 2, 3, 4, 5, 6, 7], 3, work)) results.push(result);
  expect(results).toEqual([0, 10, 20, 30, 40, 50, 60, 70]);
  expect(most).toBe(3);
});

test('the first failure ends it, and later ones do not go unhandled', async () => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown): void => void unhandled.push(reason);
  process.on('unhandledRejection', note);
  try {
    const results: number[] = [];
    const work = async (item: number): Promise<number> => {
      await later(1);
      if (item > 0) throw new Error(`item ${item}`);
      return item;
    };
    const run = async (): Promise<void> => {
      for await (const result of mapInOrder([0, 1, 2, 3, 4], 4, work)) results.push(result);
    };
    await expect(run()).rejects.toThrow('item 1');
    await later(10);
    expect(results).toEqual([0]);
    expect(unhandled).toEqual([]);
  } finally {
    process.off('unhandledRejection', note);
  }
});

describe('memory that is given back', () => {
  test('is gone at once', () => {
    const chunk = Buffer.allocUnsafeSlow(64 * KIB);
    recycle(chunk);
    expect(chunk.length).toBe(0);
  });

  test('was nobody else’s: a chunk in a pool, or a view of something larger, stays', () => {
    const pooled = Buffer.from('small');
    const view = Buffer.alloc(128 * KIB, 1).subarray(0, 64 * KIB);
    for (const chunk of [pooled, view]) {
      const copy = Buffer.from(chunk);
      recycle(chunk);
      expect(copy.equals(chunk)).toBe(true);
    }
  });

  test('goes once the next chunk is asked for, and no sooner', async () => {
    async function* source() {
      for (let i = 0; i < 3; i++) yield Buffer.alloc(64 * KIB, i);
    }
    const seen: Uint8Array[] = [];
    for await (const chunk of passing(source())) {
      expect(seen.every(({ length }) => length === 0)).toBe(true);
      expect(chunk).toHaveLength(64 * KIB);
      seen.push(chunk);
    }
    expect(seen).toHaveLength(3);
  });
});

test('a copy of the next bytes is filled across chunks, or told to be too long', async () => {
  await fc.assert(
    fc.asyncProperty(chunkLists, fc.nat(40), async (chunks, bytes) => {
      const whole = Buffer.concat(chunks);
      const reader = readerOf(chunks);
      const target = Buffer.alloc(bytes);
      expect(await reader.fill(target)).toBe(bytes <= whole.length);
      if (bytes <= whole.length) expect(target.equals(whole.subarray(0, bytes))).toBe(true);
    }),
  );
});

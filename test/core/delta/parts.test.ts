// The parts of the delta engine one by one, against the plainest way to do the same.

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { hashRange, viewOf } from '../../../lib/core/bytes/content-hash.ts';
import { commonPrefix, commonSuffix, sameBytes } from '../../../lib/core/bytes/ranges.ts';
import { addAscii, addBytes, createPieces, finishPieces } from '../../../lib/core/delta/apply/pieces.ts';
import { groupByHash } from '../../../lib/core/delta/compare/groups.ts';
import { hasDuplicateNames } from '../../../lib/core/delta/compare/names.ts';
import { addDeletion, createOps, ROOT, rollBack } from '../../../lib/core/delta/compare/ops.ts';
import { BLOCK_COLUMNS, keepInOrder } from '../../../lib/core/delta/compare/order.ts';
import { createPair, rootRows } from '../../../lib/core/delta/compare/pair.ts';
import { COPY_COLUMNS } from '../../../lib/core/delta/difference.ts';
import { addCopy, createCopies, finishCopies } from '../../../lib/core/delta/find/copies.ts';
import {
  createTape,
  indexContainer,
  nameEnd,
  rowEnd,
  rowStart,
  rowsOf,
  valueStart,
} from '../../../lib/core/json/spans.ts';
import { parseTree, printTree, type Tree } from '../json/json-tree.ts';
import { KERNEL } from '../kernels.ts';
import { tree } from './states.ts';

describe('byte ranges', () => {
  /** Two buffers that share a part of chosen length, with other bytes around it. */
  const ranges = fc
    .record({
      shared: fc.nat({ max: 3000 }),
      before: fc.nat({ max: 70 }),
      after: fc.nat({ max: 70 }),
      cut: fc.nat({ max: 3000 }),
    })
    .map(({ shared, before, after, cut }) => {
      const middle = Buffer.alloc(shared, 'abcdefg');
      return {
        a: Buffer.concat([Buffer.alloc(before, '1'), middle, Buffer.alloc(after, '2')]),
        b: Buffer.concat([Buffer.alloc(after, '3'), middle, Buffer.alloc(before, '4')]),
        before,
        after,
        shared,
        max: Math.min(cut, shared + Math.min(before, after)),
      };
    });

  test('have a common prefix and suffix', () => {
    fc.assert(
      fc.property(ranges, ({ a, b, before, after, shared, max }) => {
        expect(commonPrefix(a, before, b, after, max)).toBe(Math.min(max, shared));
        expect(commonSuffix(a, before + shared, b, after + shared, max)).toBe(Math.min(max, shared));
      }),
    );
  });

  test('are the same, or not, wherever the difference is', () => {
    for (const length of [0, 1, 16, 48, 49, 64, 200]) {
      const a = Buffer.alloc(length + 2, 'x');
      const b = Buffer.alloc(length + 5, 'x');
      expect(sameBytes(a, 1, b, 3, length)).toBe(true);
      for (let at = 0; at < length; at++) {
        b[3 + at] = 0;
        expect(sameBytes(a, 1, b, 3, length)).toBe(false);
        b[3 + at] = 0x78;
      }
    }
  });

  test('hash by content alone', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 80 }),
        fc.nat({ max: 9 }),
        fc.nat({ max: 79 }),
        (bytes, offset, at) => {
          const moved = new Uint8Array(bytes.length + offset);
          moved.set(bytes, offset);
          const out = new Int32Array(6);
          hashRange(KERNEL.seed, viewOf(bytes), 0, bytes.length, out, 0);
          hashRange(KERNEL.seed, viewOf(moved), offset, moved.length, out, 2);
          expect([out[2], out[3]]).toEqual([out[0], out[1]]);
          if (at >= bytes.length) return;
          bytes[at]! ^= 1;
          hashRange(KERNEL.seed, viewOf(bytes), 0, bytes.length, out, 4);
          expect([out[4], out[5]]).not.toEqual([out[0], out[1]]);
        },
      ),
    );
  });
});

describe('the index of a text', () => {
  /** Every container of the oracle's tree, with the offsets of its children. */
  function containersOf(text: string): { start: number; end: number; children: number[][] }[] {
    const found: { start: number; end: number; children: number[][] }[] = [];
    const visit = (node: Tree, start: number): void => {
      const end = start + Buffer.byteLength(printTree(node));
      if (node.kind === 'scalar') return;
      const children: number[][] = [];
      let at = start + 1;
      if (node.kind === 'array') {
        for (const item of node.items) {
          const bytes = Buffer.byteLength(printTree(item));
          children.push([at, at, at + bytes]);
          visit(item, at);
          at += bytes + 1;
        }
      } else {
        for (const { name, value } of node.members) {
          const valueAt = at + Buffer.byteLength(name) + 1;
          const bytes = Buffer.byteLength(printTree(value));
          children.push([at, valueAt, valueAt + bytes]);
          visit(value, valueAt);
          at = valueAt + bytes + 1;
        }
      }
      found.push({ start, end, children });
    };
    visit(parseTree(text), 0);
    return found;
  }

  test.each([0, 64, 512])('has every container of at least %i bytes', (bytesMin) => {
    fc.assert(
      fc.property(
        tree.filter((one) => one.kind !== 'scalar'),
        (one) => {
          const text = printTree(one);
          const bytes = Buffer.from(text);
          const tape = createTape();
          expect(indexContainer(KERNEL, tape, bytes, 0, bytes.length, bytesMin)).toBe(true);
          for (const { start, end, children } of containersOf(text)) {
            if (end - start < bytesMin && start > 0) continue;
            const rows = rowsOf(tape, start, end, bytes[start] === 0x7b);
            expect(rows.count).toBe(children.length);
            children.forEach(([from, value, to], k) => {
              expect([rowStart(rows, k), valueStart(rows, k), rowEnd(rows, k)]).toEqual([from, value, to]);
              if (rows.stride === 2) expect(nameEnd(rows, k)).toBe(value! - 1);
            });
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  test('refuses what does not end where it should', () => {
    for (const text of ['["a', '{"a":1', '[1]]', '{"a":{"b":1}', '["a\\"]', '[[1]']) {
      const bytes = Buffer.from(text);
      expect(() => indexContainer(KERNEL, createTape(), bytes, 0, bytes.length, 0)).toThrow(RangeError);
    }
  });

  test('gives up on texts made of too many values', () => {
    const bytes = Buffer.from(`[${'1,'.repeat(9999)}[${'2,'.repeat(99)}3]]`);
    expect(indexContainer(KERNEL, createTape(), bytes, 0, bytes.length, 0)).toBe(true);
    expect(indexContainer(KERNEL, createTape(), bytes, 0, bytes.length, 0, 10_100)).toBe(true);
    expect(indexContainer(KERNEL, createTape(), bytes, 0, bytes.length, 0, 10_099)).toBe(false);
    expect(indexContainer(KERNEL, createTape(), bytes, 0, bytes.length, 0, 99)).toBe(false);
  });
});

describe('order', () => {
  test('is kept by as many as possible', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 9 }).chain((counts) =>
          fc
            .shuffledSubarray(
              counts.map((_, k) => k),
              { minLength: counts.length },
            )
            .map((order) => ({ counts, order })),
        ),
        ({ counts, order }) => {
          const starts = counts.map((_, k) => counts.slice(0, k).reduce((sum, count) => sum + count, 0));
          let at = 0;
          const blocks = Uint32Array.from(
            order.flatMap((k) => {
              const block = [starts[k]!, at, counts[k]!];
              at += counts[k]!;
              return block;
            }),
          );
          const kept = keepInOrder(blocks);
          const weightOf = (chosen: number[]): number =>
            chosen.every((q, n) => n === 0 || order[q]! > order[chosen[n - 1]!]!)
              ? chosen.reduce((sum, q) => sum + counts[order[q]!]!, 0)
              : -1;
          let best = 0;
          for (let set = 0; set < 1 << order.length; set++) {
            best = Math.max(best, weightOf(order.map((_, q) => q).filter((q) => (set >> q) & 1)));
          }
          expect(blocks.length).toBe(order.length * BLOCK_COLUMNS);
          expect(weightOf(order.map((_, q) => q).filter((q) => kept[q] === 1))).toBe(best);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('groups', () => {
  test('hold what hashes alike, on both sides', () => {
    const base = Int32Array.of(1, 1, 2, 2, 1, 1, 3, 3);
    const target = Int32Array.of(2, 2, 1, 1, 4, 4, 1, 2);
    const groups = groupByHash(base, Uint8Array.of(0, 0, 0, 1), target, new Uint8Array(4));
    expect([...groups.ofBase]).toEqual([0, 1, 0, -1]);
    expect([...groups.ofTarget]).toEqual([1, 0, 2, 3]);
    expect([...groups.inBase.slice(0, groups.count)]).toEqual([2, 1, 0, 0]);
    expect([...groups.inTarget.slice(0, groups.count)]).toEqual([1, 1, 1, 1]);
  });

  test('are not looked for without end where hashes cluster', () => {
    const count = 20_000;
    const hashes = new Int32Array(count * 2);
    // All in one slot: the lanes cancel out in what chooses it.
    for (let k = 0; k < count; k++) {
      hashes[k * 2] = k << 7;
      hashes[k * 2 + 1] = k;
    }
    const groups = groupByHash(hashes, new Uint8Array(count), new Int32Array(0), new Uint8Array(0));
    expect(groups.count).toBeLessThan(200);
    expect(groups.ofBase[count - 1]).toBe(-1);
  });
});

describe('names', () => {
  const duplicates = (text: string): boolean => {
    const { base } = createPair(KERNEL, Buffer.from(text), Buffer.from('{}'));
    return hasDuplicateNames(base, rootRows(base)!);
  };
  const object = (names: string[]): string => `{${names.map((name) => `"${name}":1`).join()}}`;
  const many = (count: number): string[] => Array.from({ length: count }, (_, k) => `name${k}`);

  test.each([2, 8, 9, 100, 5000, 50_000])('of %i members that come twice are found', (count) => {
    expect(duplicates(object(many(count)))).toBe(false);
    expect(duplicates(object([...many(count - 1), 'name0']))).toBe(true);
    expect(duplicates(object([...many(count - 2), 'x', 'x']))).toBe(true);
  });

  test('are told by how they are written', () => {
    expect(duplicates('{}')).toBe(false);
    expect(duplicates('{"a":1,"\\u0061":1}')).toBe(false);
    expect(duplicates('{"":1,"__proto__":1,"":1}')).toBe(true);
  });
});

describe('copies', () => {
  const copiesOf = (base: string, target: string, runs: [number, number, number][], budget = 1e9) => {
    const copies = createCopies(Buffer.from(base), Buffer.from(target), budget);
    for (const [from, at, length] of runs) addCopy(copies, from, at, length);
    finishCopies(copies);
    const { data, length } = copies.found;
    return {
      found: Array.from({ length: length / COPY_COLUMNS }, (_, k) => [
        ...data.slice(k * COPY_COLUMNS, (k + 1) * COPY_COLUMNS),
      ]),
      literalBytes: copies.literalBytes,
    };
  };

  test('are joined, and lengthened as far as the bytes are the same', () => {
    const base = 'aaaaaaaaaabbbbbbbbbbcccccccccc';
    expect(copiesOf(base, base, [])).toEqual({ found: [[0, 0, 30]], literalBytes: 0 });
    expect(copiesOf(base, 'aaaaaaaaaaXbbbbbbbbbbcccccccccc', [[12, 13, 3]])).toEqual({
      found: [
        [0, 0, 10],
        [10, 11, 20],
      ],
      literalBytes: 1,
    });
  });

  test('do not grow beyond the end of the base', () => {
    expect(
      copiesOf('x'.repeat(100), 'x'.repeat(800), [
        [0, 0, 10],
        [0, 500, 10],
      ]).found,
    ).toEqual([
      [0, 0, 100],
      [0, 500, 100],
      [0, 700, 100],
    ]);
  });

  test('that are too short are literals', () => {
    expect(copiesOf('abcdefgh--------', 'XabcdX--------', [[0, 1, 4]])).toEqual({
      found: [[8, 6, 8]],
      literalBytes: 6,
    });
  });

  test('must come in order', () => {
    expect(() =>
      copiesOf('abcd', 'abcd', [
        [0, 2, 2],
        [0, 1, 1],
      ]),
    ).toThrow(RangeError);
  });

  test('are given up once the literals cost more than the budget', () => {
    const base = 'abcdefghijklmnop'.repeat(10);
    const target = `${'X'.repeat(50)}${base}`;
    const copies = createCopies(Buffer.from(base), Buffer.from(target), 40);
    addCopy(copies, 0, 50, 160);
    finishCopies(copies);
    expect(copies.isGivenUp).toBe(true);
    const enough = createCopies(Buffer.from(base), Buffer.from(target), 60);
    addCopy(enough, 0, 50, 160);
    finishCopies(enough);
    expect(enough.isGivenUp).toBe(false);
  });
});

describe('operations', () => {
  test('are taken back with their counts', () => {
    const ops = createOps();
    addDeletion(ops, ROOT, 0, 1);
    const [opsLength, placesLength] = [ops.ops.length, ops.places.length];
    addDeletion(ops, ROOT, 2, 3);
    rollBack(ops, opsLength, placesLength);
    expect(ops.counts).toEqual({ additions: 0, changes: 0, deletions: 1, moves: 0 });
  });
});

describe('pieces', () => {
  test('are put together in order, long ones without being copied', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.nat({ max: 40 }), fc.nat({ max: 20_000 })), { maxLength: 40 }),
        (lengths) => {
          const pieces = createPieces();
          const expected: Buffer[] = [];
          lengths.forEach((length, k) => {
            const part = Buffer.alloc(length, String(k));
            if (k % 3 === 0) addAscii(pieces, part.toString('latin1'));
            else addBytes(pieces, part, 0, length);
            expected.push(part);
          });
          const chunks = finishPieces(pieces);
          expect(Buffer.concat(chunks).equals(Buffer.concat(expected))).toBe(true);
          for (const [k, part] of expected.entries()) {
            if (k % 3 !== 0 && part.length >= 8192)
              expect(chunks.some((chunk) => chunk.buffer === part.buffer)).toBe(true);
          }
        },
      ),
    );
  });

  test('take text longer than a slab', () => {
    const pieces = createPieces();
    addAscii(pieces, 'x'.repeat(200_001));
    expect(Buffer.concat(finishPieces(pieces)).toString()).toBe('x'.repeat(200_001));
  });
});

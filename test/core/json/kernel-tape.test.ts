// The index made by the kernel against the one made without it.

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Kernel, PIECE_BYTES } from '../../../lib/core/json/kernel/kernel.ts';
import { createTape, indexContainer } from '../../../lib/core/json/spans.ts';
import type { Tape } from '../../../lib/core/json/tape.ts';
import { FAST_TAPE_BYTES_MIN } from '../../../lib/core/json/tape-fast.ts';
import { tree } from '../delta/states.ts';
import { FAST, PLAIN } from '../kernels.ts';
import { printTree } from './json-tree.ts';

const numRuns = Number(process.env.DELTA_RUNS ?? 100);

function outcome(kernel: Kernel, text: Buffer, bytesMin: number, entriesMax?: number): unknown {
  const tape: Tape = createTape();
  try {
    const fits = indexContainer(kernel, tape, text, 0, text.length, bytesMin, entriesMax);
    if (!fits) return fits;
  } catch (error) {
    return (error as Error).name;
  }
  const { containers, containerCount, entries, entryCount } = tape;
  // As text: comparing lists of a million numbers takes its time.
  const textOf = (column: Uint32Array): string => Buffer.from(column.buffer).toString('latin1');
  return [textOf(containers.slice(0, containerCount * 4)), textOf(entries.slice(0, entryCount))];
}

/** Whether the fast path was taken, after both were found to be the same. */
function expectSame(text: string | Buffer, bytesMin: number, entriesMax?: number): boolean {
  const bytes = Buffer.from(text);
  const before = FAST.machine()!.uses.tape;
  const fast = outcome(FAST, bytes, bytesMin, entriesMax);
  const isUsed = FAST.machine()!.uses.tape > before;
  expect(fast).toEqual(outcome(PLAIN, bytes, bytesMin, entriesMax));
  return isUsed;
}

describe('with the kernel and without it', () => {
  const padding = `"${'x'.repeat(FAST_TAPE_BYTES_MIN)}"`;

  test.each([0, 64, 512, 1024])('every container of at least %i bytes has the same children', (bytesMin) => {
    fc.assert(
      fc.property(fc.array(tree, { minLength: 1, maxLength: 12 }), (trees) => {
        expect(expectSame(`[${trees.map(printTree).join()},${padding}]`, bytesMin)).toBe(true);
      }),
      { numRuns },
    );
  });

  test('borders of pieces may be anywhere', () => {
    const row = '{"a\\"":[1,"\\\\",{"b":[[],{}],"c\\\\\\"":"],["}],"d":{"e":[1,2,3],"f":"é"}}';
    const rows = `[${`${row},`.repeat(20)}${row}]`;
    for (let shift = 0; shift < row.length + 3; shift++) {
      const text = `["${'x'.repeat(PIECE_BYTES - rows.length + shift)}",${rows},${rows},{"k":${rows}}]`;
      for (const bytesMin of [64, 1024]) expect(expectSame(text, bytesMin)).toBe(true);
    }
  });

  test('a text may have more entries than the kernel had room for', () => {
    expect(
      expectSame(`[${'1,'.repeat(700_000)}[${'2,'.repeat(70_000)}2],{"a":[${'3,'.repeat(900)}3]}]`, 512),
    ).toBe(true);
    expect(expectSame(`[${`${`[${'1,'.repeat(300)}1],`.repeat(10)}[],`.repeat(900)}1]`, 512)).toBe(true);
  });

  test('too many entries are too many for both', () => {
    const text = `[${'1,'.repeat(9999)}[${'2,'.repeat(999)}3]]`;
    for (const max of [11_000, 10_999, 999, 99]) expectSame(text, 512, max);
  });

  test('containers may be nested deeper than the kernel goes', () => {
    for (const depth of [500, 4094, 4095, 4096, 9000])
      expectSame('['.repeat(depth) + padding + ']'.repeat(depth), 512);
  });

  test('what does not end where it should is refused', () => {
    for (const text of [
      `[${padding}`,
      `[${padding}]]`,
      `["a${padding.slice(1, -1)}]`,
      `[${padding}],[1]`,
      `{"a":[${padding}]`,
    ])
      expectSame(text, 512);
  });
});

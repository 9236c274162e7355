// What every home's work on texts must do: the same as the plain functions, and give the texts back.

import { beforeAll, describe, expect, test } from '@jest/globals';
import { canonicalText } from '../../lib/core/json/body.ts';
import { createKernel } from '../../lib/core/json/kernel/kernel.ts';
import {
  diffPage,
  hashOfApplied,
  lossesOf,
  makeDelta,
  placeAlong,
  servedChunks,
  treeAt,
} from '../../lib/core/text-work.ts';
import type { TextWork } from '../../lib/ports/text-work.ts';
import { type Closing, forAllTests, type Make } from './harness.ts';

const KERNEL = createKernel({ isWanted: process.env.BACKUP_KERNEL !== 'off', seed: Buffer.from('a seed..') });

const rows = (count: number, changed: number): string =>
  JSON.stringify(
    Array.from({ length: count }, (_, id) => ({ id, name: `row ${id}`, value: id % 7 === 0 ? changed : 0 })),
  );

const together = (chunks: readonly Uint8Array[]): string => Buffer.concat(chunks).toString();

export interface TextWorkHarness extends Closing {
  work: TextWork;
}

export function textWorkSuite(name: string, make: Make<TextWorkHarness>): void {
  describe(`${name} text work`, () => {
    const harness = forAllTests(make);
    let work: TextWork;
    beforeAll(() => {
      ({ work } = harness());
    });

    describe.each([
      ['a few rows', 10],
      ['thousands of rows', 20_000],
    ])('on %s', (_, count) => {
      const base = () => canonicalText(rows(count, 0));
      const target = () => canonicalText(rows(count, 1));
      const stored = () => Buffer.concat(makeDelta(KERNEL, base(), target(), true).chunks!);

      test('makes the delta that the plain function makes, and gives both texts back', async () => {
        const [a, b] = [base(), target()];
        const made = await work.makeDelta(a, b, true);
        expect(made.counts).toEqual(makeDelta(KERNEL, base(), target(), true).counts);
        expect(Buffer.concat(made.chunks!)).toEqual(stored());
        expect(Buffer.compare(a.bytes, base().bytes)).toBe(0);
        expect(Buffer.compare(b.bytes, target().bytes)).toBe(0);
      });

      test('goes by what is said of rows, and counts those that have gone', async () => {
        const identity = { '': ['name', 'value'] };
        const [a, b] = [base(), target()];
        const { counts } = await work.makeDelta(a, b, true, identity);
        expect(counts).toEqual(makeDelta(KERNEL, base(), target(), true, identity).counts);
        expect(counts.deletions).toBeGreaterThan(0);
        const losses = await work.rowsGone(a, b, identity);
        expect(losses).toEqual(lossesOf(KERNEL, base(), target(), identity));
        expect(losses).toMatchObject([{ pointer: '', rows: count }]);
        expect(Buffer.compare(a.bytes, base().bytes)).toBe(0);
        expect(Buffer.compare(b.bytes, target().bytes)).toBe(0);
        const served = servedChunks(KERNEL, base(), target(), identity);
        expect(together(await work.servedChunks(a, b, identity))).toBe(together(served));
      });

      test('hashes what a delta makes of a text, and gives the text back', async () => {
        const a = base();
        expect(await work.hashOfApplied(a, stored())).toBe(target().checksum);
        expect(hashOfApplied(base(), stored())).toBe(target().checksum);
        expect(Buffer.compare(a.bytes, base().bytes)).toBe(0);
      });

      test('applies a chain, with its checksum and its structure looked at', async () => {
        const applied = await work.applyChain(base().bytes, [stored()], true);
        expect(together(applied.chunks)).toBe(rows(count, 1));
        expect(applied).toMatchObject({ bytes: target().bytes.length, checksum: target().checksum });
        expect(applied.fault).toBeUndefined();
      });

      test('serves the delta that the plain function serves', async () => {
        expect(together(await work.servedChunks(base(), target()))).toBe(
          together(servedChunks(KERNEL, base(), target())),
        );
      });

      test('finds a value, or nothing, and gives the text back', async () => {
        const text = base();
        const span = await work.findSpan(text, [String(count - 1), 'name']);
        expect(together([text.bytes.subarray(...span!)])).toBe(`"row ${count - 1}"`);
        expect(await work.findSpan(text, ['nowhere'])).toBeUndefined();
        expect(Buffer.compare(text.bytes, base().bytes)).toBe(0);
      });

      test('shows what stands at a place, and gives the text back', async () => {
        const text = base();
        const options = { limit: 2, after: count - 1, textBytesMax: 100 };
        expect(await work.treeAt(text, [], options)).toEqual(treeAt(KERNEL, base(), [], options));
        expect(await work.treeAt(text, ['nowhere'], options)).toBe('nothing');
        expect(Buffer.compare(text.bytes, base().bytes)).toBe(0);
      });

      test('tells what stands at a place in each state of a chain', async () => {
        const options = { textBytesMax: 100 };
        const along = await work.placeAlong(base().bytes, [stored()], ['0', 'value'], options);
        expect(along).toEqual(placeAlong(KERNEL, base().bytes, [stored()], ['0', 'value'], options));
        expect(along.checksum).toBe(target().checksum);
      });

      test('compares two texts as the plain function does', async () => {
        const options = { format: 'entries', limit: 3, after: 1, valueBytesMax: 100 } as const;
        expect(await work.diffPage(base(), target(), [], options)).toEqual(
          diffPage(KERNEL, base(), target(), [], options),
        );
      });

      test('what is not sound is refused with its code, and what follows is served', async () => {
        const other = () => canonicalText(rows(count + 1, 0));
        const refused = { code: 'integrity_error', name: 'ServiceError' };
        await expect(work.applyChain(other().bytes, [stored()], false)).rejects.toMatchObject(refused);
        await expect(work.hashOfApplied(other(), stored())).rejects.toMatchObject(refused);
        await expect(work.hashOfApplied(base(), stored().subarray(1))).rejects.toMatchObject(refused);
        expect(await work.hashOfApplied(base(), stored())).toBe(target().checksum);
      });

      test('many at once each get their own', async () => {
        const all = await Promise.all(
          Array.from({ length: 6 }, (__, value) =>
            work.makeDelta(base(), canonicalText(rows(count, value + 1)), true),
          ),
        );
        for (const [i, made] of all.entries()) {
          const wanted = canonicalText(rows(count, i + 1)).checksum;
          expect(hashOfApplied(base(), Buffer.concat(made.chunks!))).toBe(wanted);
        }
      });
    });
  });
}

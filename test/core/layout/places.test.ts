// An index that was written down leads where it did, through a text of which only what it asks for is there.

import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { indexText, type TextIndex } from '../../../lib/core/history/text-index.ts';
import { readTree, type TreeOptions } from '../../../lib/core/history/tree.ts';
import { NotHeld } from '../../../lib/core/history/ways.ts';
import { decodePlaces, encodePlaces } from '../../../lib/core/layout/places.ts';
import { NONCE_BYTES, openLayout, sealLayout } from '../../../lib/core/layout/seal.ts';
import { partTreeAt } from '../../../lib/core/text-work.ts';
import { pairOfTables, pairOfTexts } from '../delta/states.ts';
import { INDICES } from '../history/indices.ts';
import { parseTree, type Tree } from '../json/json-tree.ts';
import { KERNEL } from '../kernels.ts';

const numRuns = Number(process.env.DELTA_RUNS ?? 200);
const ALL: TreeOptions = { limit: 20, after: 0, textBytesMax: 1000 };

/** What is asked for comes in pages of so many bytes; what was not, stands there as something else. */
function lookInParts(
  text: Buffer,
  index: TextIndex,
  steps: string[],
  options: TreeOptions,
  pageBytes: number,
) {
  const bytes = Buffer.alloc(text.length, '{"');
  const isThere = new Set<number>();
  const endOf = (at: number): number => {
    let page = Math.floor(at / pageBytes);
    if (!isThere.has(page)) return at;
    while (isThere.has(page)) page++;
    return Math.min(text.length, page * pageBytes);
  };
  for (;;) {
    try {
      return { found: partTreeAt({ bytes, index, held: { endOf } }, steps, options), pages: isThere.size };
    } catch (error) {
      if (!(error instanceof NotHeld)) throw error;
      const page = Math.floor(error.at / pageBytes);
      expect([isThere.has(page), error.at < text.length]).toEqual([false, true]);
      text.copy(bytes, page * pageBytes, page * pageBytes, (page + 1) * pageBytes);
      isThere.add(page);
    }
  }
}

const stepsOf = (tree: Tree, steps: string[] = []): string[][] => [
  steps,
  ...(tree.kind === 'array'
    ? tree.items.slice(0, 3).flatMap((item, i) => stepsOf(item, [...steps, String(i)]))
    : []),
  ...(tree.kind === 'object'
    ? tree.members
        .slice(0, 3)
        .flatMap(({ name, value }) => stepsOf(value, [...steps, JSON.parse(name) as string]))
    : []),
];

// Each page that is missing makes the look begin anew.
test.each([
  ['texts', pairOfTexts],
  ['tables', pairOfTables],
])('%s, at any place, in pages of any size', (_, pairs) => {
  fc.assert(
    fc.property(pairs, fc.constantFrom(3, 20, 60), fc.nat(5), ([json], pages, after) => {
      const text = Buffer.from(json);
      const pageBytes = Math.ceil(text.length / pages);
      const places = stepsOf(parseTree(json)).slice(0, 12);
      for (const bounds of INDICES) {
        const { bytes, index } = decodePlaces(encodePlaces(indexText(KERNEL, text, bounds), text));
        expect(bytes).toBe(text.length);
        for (const steps of [...places, ['rows', 'id=3'], ['rows', 'id=3', 'text'], ['nowhere']]) {
          const options = { ...ALL, after };
          const { found } = lookInParts(
            text,
            { ...index, names: [], members: [] },
            steps,
            options,
            pageBytes,
          );
          // Where it would take its time nothing is said.
          expect([undefined, readTree(text, steps, options)]).toContainEqual(found);
        }
      }
    }),
    { numRuns: Math.ceil(numRuns / 20) },
  );
});

test('of a large table in order only a part has to be there, and of one in none it is not said which', () => {
  const rows = (order: (id: number) => number) =>
    Array.from({ length: 50_000 }, (_, id) => ({ id: order(id), text: `row ${id}`.padEnd(100, '.') }));
  const text = Buffer.from(
    JSON.stringify({
      head: 1,
      rows: rows((id) => id * 3),
      words: rows((id) => (id * 7919) % 50_000),
      tail: 'end',
    }),
  );
  const { index } = decodePlaces(encodePlaces(indexText(KERNEL, text), text));
  expect(index.orders.map(({ name }) => name)).toEqual(['id']);
  const look = (steps: string[], after = 0) => lookInParts(text, index, steps, { ...ALL, after }, 16 * 1024);
  for (const steps of [
    [],
    ['tail'],
    ['rows', '30000'],
    ['rows', 'id=90000'],
    ['rows', 'id=90001'],
    ['words', '7', 'id'],
  ]) {
    const { found, pages } = look(steps);
    expect(found).toEqual(readTree(text, steps, ALL));
    expect(pages).toBeLessThan(8);
  }
  const { found, pages } = look(['rows'], 25_000);
  expect(found).toMatchObject({
    count: 50_000,
    children: expect.arrayContaining([expect.objectContaining({ row: 'id=75000' })]),
  });
  expect(pages).toBeLessThan(8);
  expect(look(['words', 'id=7']).found).toBeUndefined();
  expect(look(['words'], 25_000).found).toBeUndefined();
});

test('keys of any kind are written down', () => {
  for (const keys of [
    [0, 1, 5, 2 ** 53 - 1],
    ['', 'a', 'é', 'ü,ü'],
  ]) {
    const text = Buffer.from(JSON.stringify(keys.map((id) => ({ id }))));
    const { index } = decodePlaces(
      encodePlaces(indexText(KERNEL, text, { bytesMin: 0, stride: 1, rowsMin: 1 }), text),
    );
    expect(index.orders[0]!.keys).toEqual([keys[0], keys[2]].map(String));
  }
  const long = Buffer.from(`[{"id":1},{"id":2},{"id":${'9'.repeat(40)}}]`);
  const { index } = decodePlaces(
    encodePlaces(indexText(KERNEL, long, { bytesMin: 0, stride: 1, rowsMin: 1 }), long),
  );
  expect(index.orders[0]!.keys).toEqual(['1', '9'.repeat(40)]);
});

test('a sealed layout opens only as what it is: of this blob, this part, this key', () => {
  const key = Buffer.alloc(32, 1);
  const [blobId, other] = ['0'.repeat(32), '1'.repeat(32)];
  const plain = Buffer.from('what is known');
  const sealed = sealLayout(key, blobId, 'sources', plain, Buffer.alloc(NONCE_BYTES, 7));
  expect(Buffer.from(openLayout(key, blobId, 'sources', sealed)).equals(plain)).toBe(true);
  const refused = expect.objectContaining({ code: 'integrity_error' });
  expect(() => openLayout(key, other, 'sources', sealed)).toThrow(refused);
  expect(() => openLayout(key, blobId, 'places', sealed)).toThrow(refused);
  expect(() => openLayout(Buffer.alloc(32, 2), blobId, 'sources', sealed)).toThrow(refused);
  for (let at = 0; at < sealed.length; at++) {
    const changed = Buffer.from(sealed);
    changed[at]! ^= 1;
    expect(() => openLayout(key, blobId, 'sources', changed)).toThrow(refused);
    expect(() => openLayout(key, blobId, 'sources', sealed.subarray(0, at))).toThrow(refused);
  }
});

// Tables in the order of what their rows are called: where such an order is seen, it holds, and rows are found by it as by reading all.

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { findPlace } from '../../../lib/core/history/place.ts';
import { indexText } from '../../../lib/core/history/text-index.ts';
import { readTree } from '../../../lib/core/history/tree.ts';
import { KERNEL } from '../kernels.ts';
import { INDICES } from './indices.ts';

const numRuns = Number(process.env.DELTA_RUNS ?? 200);

const ordersOf = (json: string) =>
  indexText(KERNEL, Buffer.from(json), { bytesMin: 0, stride: 2, rowsMin: 1 }).orders.map(
    ({ name, isString }) => `${name} ${isString ? 'string' : 'number'}`,
  );

describe('an order is seen where', () => {
  test.each([
    ['numbers rise', '[{"id":1},{"id":2},{"id":10}]', ['id number']],
    ['strings rise', '[{"k":"a","v":1},{"k":"b"},{"k":"ba"}]', ['k string']],
    ['there is but one row', '[{"id":7}]', ['id number']],
    [
      'numbers are longer than any that is counted',
      `[{"id":${'9'.repeat(30)}},{"id":1${'0'.repeat(30)}}]`,
      ['id number'],
    ],
  ])('%s', (_, json, orders) => {
    expect(ordersOf(json)).toEqual(orders);
  });

  test.each([
    ['two are alike', '[{"id":1},{"id":1}]'],
    ['one falls', '[{"id":2},{"id":1}]'],
    ['strings fall that would rise as numbers', '[{"id":"9"},{"id":"10"}]'],
    ['kinds differ', '[{"id":1},{"id":"2"}]'],
    ['one has it twice', '[{"id":1},{"id":2,"id":9}]'],
    ['one has it twice, spelt in another way', '[{"id":1},{"id":2,"\\u0069d":9}]'],
    ['one has it twice, spelt in capitals', '[{"k":1},{"k":2,"\\u006B":9}]'],
    ['one has it further in', '[{"id":1},{"id":2,"in":{"id":9}}]'],
    ['one does not have it first', '[{"id":1},{"a":1,"id":2}]'],
    ['one is no object', '[{"id":1},[2]]'],
    ['a number is below 0', '[{"id":-1},{"id":2}]'],
    ['a number has a point', '[{"id":1.5},{"id":2}]'],
    ['a number has an exponent', '[{"id":1e1},{"id":2}]'],
    ['a value is null', '[{"id":null},{"id":2}]'],
    ['a string has an escape', '[{"id":"a\\n"},{"id":"b"}]'],
    ['a string is long', `[{"id":"${'a'.repeat(65)}"},{"id":"b"}]`],
    ['a name can be written in two ways', '[{"a/b":1},{"a/b":2}]'],
    ['there are no rows', '[]'],
  ])('not where %s', (_, json) => {
    expect(ordersOf(json)).toEqual([]);
  });
});

const key = fc.oneof(fc.nat(60), fc.constantFrom('a', 'b', 'é', '10', '9', '', 'a"', 'a\\'));
const row = fc.record({
  key,
  more: fc.constantFrom(
    '',
    ',"id":3',
    ',"\\u0069d":4',
    ',"in":{"id":5}',
    ',"text":"\\"id\\":6"',
    ',"v":[1,{"w":2}]',
  ),
});
/** Mostly in order, mostly without anything that could be mistaken for a key. */
const table = fc
  .record({
    rows: fc.array(row, { minLength: 1, maxLength: 30 }),
    isSorted: fc.boolean(),
    isPlain: fc.boolean(),
    padding: fc.constantFrom(0, 40),
  })
  .map(({ rows, isSorted, isPlain, padding }) => {
    const keys = rows.map((one) => one.key);
    const ordered = isSorted
      ? [...new Set(keys.filter((one) => typeof one === typeof keys[0]))].sort((a, b) =>
          typeof a === 'number' ? a - Number(b) : Buffer.compare(Buffer.from(a), Buffer.from(String(b))),
        )
      : keys;
    const pad = `"pad":"${'x'.repeat(padding)}"`;
    const shown = ordered.map(
      (one, i) => `{"id":${JSON.stringify(one)},${pad}${isPlain ? '' : (rows[i]?.more ?? '')}}`,
    );
    return { json: `{"head":1,"rows":[${shown.join(',')}],"tail":[]}`, keys: ordered };
  });

test('rows are found, named and told to be alone by it as by reading all', () => {
  let ordered = 0;
  fc.assert(
    fc.property(table, key, ({ json, keys }, other) => {
      const text = Buffer.from(json);
      const names = [...keys, other, 3, 4, 5].map((one) =>
        typeof one === 'number' ? `id=${one}` : `id=${JSON.stringify(one)}`,
      );
      const options = { limit: 5, after: 2, textBytesMax: 100 };
      for (const bounds of INDICES) {
        const index = () => indexText(KERNEL, text, bounds);
        ordered += index().orders.length;
        expect(readTree(text, ['rows'], options, index())).toEqual(readTree(text, ['rows'], options));
        for (const name of names) {
          const steps = ['rows', name, 'pad'];
          expect(findPlace(text, steps, { text, index: index() })).toEqual(findPlace(text, steps));
        }
      }
    }),
    { numRuns },
  );
  expect(ordered).toBeGreaterThan(numRuns / 10);
});

// A member of a large object is found by its index where reading all of it finds it, whatever else is called like it.

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { findPlace } from '../../../lib/core/history/place.ts';
import { indexText } from '../../../lib/core/history/text-index.ts';
import { TakesTime } from '../../../lib/core/history/ways.ts';
import { canonicalText } from '../../../lib/core/json/body.ts';
import { KERNEL } from '../kernels.ts';

const BOUNDS = { bytesMin: 64, stride: 8, rowsMin: 4 };

/** Where it is found, by reading and by the index. */
function places(json: string, ...steps: string[]) {
  const { bytes: text } = canonicalText(json);
  const index = indexText(KERNEL, text, BOUNDS);
  const show = (place: ReturnType<typeof findPlace>) =>
    typeof place === 'string' ? place : Buffer.from(text.subarray(place.start, place.end)).toString();
  const [read, indexed] = [findPlace(text, steps), findPlace(text, steps, { text, index })];
  expect(indexed).toEqual(read);
  // Found once, it is remembered.
  expect(findPlace(text, steps, { text, index })).toEqual(read);
  return show(indexed);
}

const rows = (count: number, row: (n: number) => string) =>
  `{${Array.from({ length: count }, (_, n) => row(n)).join(',')}}`;

describe.each([600, 20_000])('of %d', (count) => {
  const many = rows(count, (n) => `"k${n}":{"id":${n},"k7":"within","text":"\\"k8\\":1"}`);

  test.each(['k0', 'k7', 'k8', 'k599', 'id', 'within', 'k', '', `k${count}`])('%j', (name) => {
    const found = places(`{"rows":${many},"k9":0}`, 'rows', name);
    if (/^k\d+$/.test(name) && Number(name.slice(1)) < count)
      expect(found).toContain(`"id":${name.slice(1)},`);
    else expect(found).toBe('nothing');
  });
});

test('of several by one name the last one counts, however each is written', () => {
  const filler = rows(700, (n) => `"f${n}":${n}`).slice(1, -1);
  expect(places(`{"a":1,${filler},"a":2,"b":3}`, 'a')).toBe('2');
  expect(places(`{"a":1,${filler},"\\u0061":2,"b":3}`, 'a')).toBe('2');
  expect(places(`{"\\u0061":1,${filler},"b":3}`, 'a')).toBe('1');
  expect(places(`{"a/b":1,${filler},"a\\/b":2}`, 'a/b')).toBe('2');
  expect(places(`{"a\\"b":1,${filler},"b":2}`, 'a"b')).toBe('1');
  expect(places(`{"\ufffd":1,${filler}}`, '\ud800')).toBe('nothing');
  expect(places(`{"\\ud800":1,${filler}}`, '\ud800')).toBe('1');
});

test('whatever the names', () => {
  const name = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 3 }),
    fc.constantFrom('a', 'aa', '"a', 'a":', ',"a'),
  );
  fc.assert(
    fc.property(
      fc.array(name, { minLength: 1, maxLength: 40 }),
      name,
      fc.boolean(),
      (names, wanted, isPlain) => {
        const member = (one: string, n: number) =>
          `${isPlain ? JSON.stringify(one) : JSON.stringify(one).replaceAll('a', '\\u0061')}:{"a":${n},"n":${JSON.stringify(one)}}`;
        const filler = rows(600, (n) => `"f ${n}":${n}`).slice(1, -1);
        const json = `{${names.slice(0, 20).map(member).join(',')},${filler}${names
          .slice(20)
          .map((one, n) => `,${member(one, n)}`)
          .join('')}}`;
        places(json, wanted);
        places(json, names[0]!);
      },
    ),
    { numRuns: 150 },
  );
});

test('what was found before needs no reading, and is of that object alone', () => {
  const many = (value: string) => rows(20_000, (n) => `"k${n}":${value}`);
  const { bytes: text } = canonicalText(`{"a":${many('"in a"')},"b":${many('"in b"')}}`);
  const index = indexText(KERNEL, text, BOUNDS);
  const quick = { text, index, isQuick: true };
  expect(() => findPlace(text, ['a', 'k7'], quick)).toThrow(TakesTime);
  const found = findPlace(text, ['a', 'k7'], { text, index });
  expect(findPlace(text, ['a', 'k7'], quick)).toEqual(found);
  expect(() => findPlace(text, ['b', 'k7'], quick)).toThrow(TakesTime);
  for (let n = 0; n < 40; n++) findPlace(text, ['b', `k${n}`], { text, index });
  expect(index.members).toHaveLength(16);
});

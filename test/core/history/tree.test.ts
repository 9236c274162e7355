// A look at any place of any state shows what an oracle sees there that takes states apart by itself.

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseMask } from '../../../lib/core/history/mask.ts';
import { findPlace, type Place } from '../../../lib/core/history/place.ts';
import { indexText } from '../../../lib/core/history/text-index.ts';
import { readTree, type TreeChild, type TreeOptions } from '../../../lib/core/history/tree.ts';
import { quickTreeAt } from '../../../lib/core/text-work.ts';
import { pairOfTables, pairOfTexts } from '../delta/states.ts';
import { parseTree, printTree, type Tree } from '../json/json-tree.ts';
import { KERNEL } from '../kernels.ts';
import { INDICES } from './indices.ts';

const numRuns = Number(process.env.DELTA_RUNS ?? 200);
const ALL: TreeOptions = { limit: 1000, after: 0, textBytesMax: 1000 };

/** By reading all, and by indices that know of everything, of most, of what is large: they must agree. */
const look = (json: string, steps: string[], options: Partial<TreeOptions> = {}) => {
  const text = Buffer.from(json);
  const asked = { ...ALL, ...options };
  const found = readTree(text, steps, asked);
  for (const bounds of INDICES) {
    const index = indexText(KERNEL, text, bounds);
    // A thread that a text is given to has it as plain bytes.
    expect(readTree(new Uint8Array(text), steps, asked, index)).toEqual(found);
    // What is known by then is told at once; of many kinds of names only the last ones are.
    expect([found, undefined]).toContainEqual(quickTreeAt({ bytes: text, index }, steps, asked));
  }
  return found;
};
const placeIn = (json: string, steps: string[]) => {
  const text = Buffer.from(json);
  const found = findPlace(text, steps);
  for (const bounds of INDICES) {
    expect(findPlace(text, steps, { text, index: indexText(KERNEL, text, bounds) })).toEqual(found);
  }
  return found;
};

const kindOf = (raw: string): string =>
  ({ '{': 'object', '[': 'array', '"': 'string', t: 'boolean', f: 'boolean', n: 'null' })[raw[0]!] ??
  'number';

const countOf = (tree: Tree): number | undefined =>
  tree.kind === 'array' ? tree.items.length : tree.kind === 'object' ? tree.members.length : undefined;

const nameOf = (quoted: string): string => JSON.parse(quoted) as string;

/** Every place of a state that a path of names and numbers leads to: of members with one name the last. */
function* placesIn(tree: Tree, steps: string[] = []): Generator<[string[], Tree]> {
  yield [steps, tree];
  if (tree.kind === 'array')
    for (const [i, item] of tree.items.entries()) yield* placesIn(item, [...steps, String(i)]);
  if (tree.kind !== 'object') return;
  const last = new Map(tree.members.map(({ name, value }) => [nameOf(name), value]));
  for (const [name, value] of last) yield* placesIn(value, [...steps, name]);
}

/** Of a state's places so many are looked at, spread over all of it. */
const PLACES_MAX = 10;

function expectShown(json: string): void {
  const places = [...placesIn(parseTree(json))];
  const apart = Math.ceil(places.length / PLACES_MAX);
  for (const [steps, tree] of places.filter((_, i) => i % apart === 0)) {
    const shown = look(json, steps);
    if (typeof shown === 'string') throw new Error(`${shown} at ${JSON.stringify(steps)} of ${json}`);
    const raw = printTree(tree);
    expect([shown.kind, shown.bytes, shown.count]).toEqual([
      kindOf(raw),
      Buffer.byteLength(raw),
      countOf(tree),
    ]);
    if (tree.kind === 'scalar') {
      expect(shown.text).toBe(raw);
      continue;
    }
    const values = tree.kind === 'array' ? tree.items : tree.members.map(({ value }) => value);
    const keys =
      tree.kind === 'array' ? tree.items.map((_, i) => i) : tree.members.map(({ name }) => nameOf(name));
    expect(shown.children!.map(({ name, index }) => name ?? index)).toEqual(keys);
    expect(shown.children!.map(({ kind, count, text }) => [kind, count, text])).toEqual(
      values.map((value) => {
        const text = printTree(value);
        return [kindOf(text), countOf(value), value.kind === 'scalar' ? text : undefined];
      }),
    );
    const named = shown.children!.filter(({ row }) => row !== undefined);
    expect(named.map(({ row }) => (placeIn(json, [...steps, row!]) as Place).steps)).toEqual(
      named.map(({ index }) => [...steps, String(index)]),
    );
  }
}

describe('any state', () => {
  test('is shown as it is, at every place', () => {
    fc.assert(
      fc.property(pairOfTexts, ([json]) => expectShown(json)),
      { numRuns },
    );
  });

  test('of tables is shown as it is, and rows by what they are called', () => {
    fc.assert(
      fc.property(pairOfTables, ([json]) => expectShown(json)),
      { numRuns: Math.ceil(numRuns / 20) },
    );
  });

  test('comes in pages that are all of it', () => {
    fc.assert(
      fc.property(pairOfTexts, fc.integer({ min: 1, max: 4 }), ([json], limit) => {
        const whole = look(json, []);
        if (typeof whole === 'string' || whole.children === undefined) return;
        const paged: TreeChild[] = [];
        for (let after: number | undefined = 0; after !== undefined; ) {
          const page = look(json, [], { limit, after });
          if (typeof page === 'string') throw new Error(page);
          paged.push(...page.children!);
          expect(page.count).toBe(whole.count);
          after = page.next;
        }
        expect(paged).toEqual(whole.children);
      }),
      { numRuns: Math.ceil(numRuns / 2) },
    );
  });
});

test('a second look at a table is quick, at any of its rows, and one at another table is not', () => {
  const row = (id: number) => ({ id, name: `row ${id}`, text: 'x'.repeat(60) });
  const inOrder = Array.from({ length: 2000 }, (_, k) => row(k));
  const rows = inOrder.map((_, k) => row((k * 7) % 2000));
  const bytes = Buffer.from(JSON.stringify({ head: 1, a: rows, b: rows, c: inOrder }));
  const text = { bytes, index: indexText(KERNEL, bytes) };
  const at = (...steps: string[]) => quickTreeAt(text, steps, { ...ALL, limit: 50 });
  expect(at('head')).toMatchObject({ text: '1' });
  expect(at()).toMatchObject({ count: 4, children: [{}, { count: 2000 }, { count: 2000 }, { count: 2000 }] });
  expect([at('a'), at('a', 'id=1500')]).toEqual([undefined, undefined]);
  readTree(bytes, ['a'], { ...ALL, limit: 50 }, text.index);
  expect(at('a', 'id=1500')).toMatchObject({ steps: ['a', '500'], kind: 'object' });
  expect(quickTreeAt(text, ['a'], { ...ALL, limit: 2, after: 1998 })).toMatchObject({
    children: [{ row: 'id=1986' }, { row: 'id=1993' }],
  });
  expect(at('b')).toBe(undefined);
  // In one that is in order nobody has to look before.
  expect(at('c', 'id=1500')).toMatchObject({ steps: ['c', '1500'], kind: 'object' });
});

describe('rows by what they are called', () => {
  const USERS = JSON.stringify([
    { id: 1, name: 'a' },
    { id: '1', name: 'b,c' },
    { id: 1.5, name: '42' },
    { id: 7, name: 'a' },
    { id: 8, name: '"q"' },
    { order: 10, line: 1, ok: true, none: null, more: { id: 9 } },
    { order: 10, line: 2, ok: false },
  ]);
  test.each<[string, string]>([
    ['id=1', '0'],
    ['id="1"', '1'],
    ['id=1.5', '2'],
    ['id=7', '3'],
    ['name="b,c"', '1'],
    ['name="42"', '2'],
    ['name="\\"q\\""', '4'],
    ['order=10,line=2', '6'],
    ['line=1,order=10', '5'],
    ['ok=true', '5'],
    ['none=null', '5'],
    ['id=7,name=a', '3'],
    ['id=7,name="a"', '3'],
  ])('%s', (step, index) => {
    expect(placeIn(USERS, [step])).toMatchObject({ steps: [index] });
  });

  test.each(['id=2', 'id=1.0', 'id', '=1', 'name=b,c', 'name=42', 'more=9', 'id="1', 'id=1,', 'x=1,id'])(
    '%s is nothing',
    (step) => {
      expect(placeIn(USERS, [step])).toBe('nothing');
    },
  );

  test('what several are called names none of them', () => {
    expect(placeIn(USERS, ['name=a'])).toBe('several');
    expect(placeIn(USERS, ['order=10'])).toBe('several');
  });

  test('on an object it is a name like any other', () => {
    expect(placeIn('{"id=1":2,"a":[{"id":1}]}', ['id=1'])).toMatchObject({ steps: ['id=1'] });
  });

  test('a row is called by its name only where no other answers to it', () => {
    const json = '[{"name":"a"},{"id":7,"name":"a"},{"id":7,"x":1},{"id":9},{"id":"x/y~z"}]';
    const shown = look(json, []) as { children: TreeChild[] };
    expect(shown.children.map(({ row }) => row)).toEqual([
      undefined,
      undefined,
      undefined,
      'id=9',
      'id=x/y~z',
    ]);
  });
});

describe('what is long', () => {
  test.each([
    ['"aaaaaaaaaaaaaaaaaaaa"', '"aaaaaaaaaaaaaaa'],
    ['"aaaaaaaaaaaaaaé😀aaaa"', '"aaaaaaaaaaaaaa'],
    ['"aaaaaaaaaaaaa\\u00e9aa"', '"aaaaaaaaaaaaa'],
    ['"\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\"', '"\\\\\\\\\\\\\\\\\\\\\\\\\\\\'],
    ['12345678901234567890', '1234567890123456'],
  ])('%s is cut where nothing breaks', (json, text) => {
    expect(look(json, [], { textBytesMax: 16 })).toMatchObject({
      text,
      cut: true,
      bytes: Buffer.byteLength(json),
    });
  });

  test('a page ends before it is too long, and a name that is too long is cut', () => {
    const name = 'n'.repeat(2000);
    const json = JSON.stringify({ [name]: 1, a: 'x'.repeat(900_000), b: 'y'.repeat(900_000), c: 1 });
    const first = look(json, [], { textBytesMax: 1_000_000 });
    expect(first).toMatchObject({ count: 4, next: 2 });
    expect((first as { children: TreeChild[] }).children[0]).toMatchObject({ nameCut: true, text: '1' });
    expect(look(json, [], { textBytesMax: 1_000_000, after: 2 })).toMatchObject({ children: [{}, {}] });
  });
});

describe('what is masked', () => {
  const json = '{"user":"ann","apiToken":"t0p","db":{"password":"pw","port":5432},"keys":[{"id":1,"v":"k"}]}';
  const mask = parseMask('@common')!;
  const shownIn = (steps: string[], with_ = mask) => JSON.stringify(look(json, steps, { mask: with_ }));

  test('neither value nor length is told, at any depth', () => {
    expect(shownIn([])).toContain('"text":"\\"ann\\""');
    for (const steps of [
      [],
      ['db'],
      ['db', 'password'],
      ['apiToken'],
      ['keys'],
      ['keys', '0'],
      ['keys', '0', 'v'],
    ]) {
      expect(shownIn(steps)).not.toMatch(/t0p|pw"|\\"k\\"|id=1/);
    }
    expect(look(json, ['apiToken'], { mask })).toEqual({ steps: ['apiToken'], kind: 'string', masked: true });
    expect(shownIn(['db'])).toContain('5432');
  });

  test('by words of one’s own, whatever their case, or all', () => {
    expect(shownIn([], parseMask('USER, port')!)).not.toContain('ann');
    expect(shownIn([], parseMask('USER, port')!)).toContain('t0p');
    expect(shownIn(['db'], parseMask('@all')!)).not.toMatch(/pw"|5432/);
  });

  test.each(['', 'a,,b', '@none', ','])('%j is no mask', (text) => {
    expect(parseMask(text)).toBeUndefined();
  });
});

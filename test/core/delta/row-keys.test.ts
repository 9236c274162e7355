// Rows that are told apart by members which their owner names: the delta stays exact whatever is said, and where the key holds, it
// is the key that says which row is which.

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { applyDelta } from '../../../lib/core/delta/apply/apply.ts';
import { compare } from '../../../lib/core/delta/compare/diff.ts';
import { serveDelta } from '../../../lib/core/delta/served/serve.ts';
import { encodeDelta } from '../../../lib/core/delta/stored/encode.ts';
import { type DiffOptions, type DiffPage, diffTexts } from '../../../lib/core/history/diff.ts';
import { parseMask } from '../../../lib/core/history/mask.ts';
import { readTree } from '../../../lib/core/history/tree.ts';
import type { RowIdentity } from '../../../lib/core/records/settings.ts';
import { applyServed } from '../json/json-tree.ts';
import { KERNEL } from '../kernels.ts';
import { hostileIdentity } from './identities.ts';
import { pairOfTables, pairOfTexts, textOf } from './states.ts';

const numRuns = Number(process.env.DELTA_RUNS ?? 200);

function expectExact(baseText: string, targetText: string, identity: RowIdentity): void {
  const [base, target] = [textOf(baseText), textOf(targetText)];
  const all = { paysRatio: Number.POSITIVE_INFINITY, identity };
  const { diff, counts } = compare(KERNEL, base, target, all);
  expect(Buffer.concat(applyDelta(base.bytes, Buffer.concat(encodeDelta(diff!)))).toString()).toBe(
    targetText,
  );
  const served = serveDelta(KERNEL, base, target, { identity });
  expect(applyServed(baseText, Buffer.concat(served.chunks).toString())).toBe(targetText);
  expect(served.counts).toEqual(counts);
}

describe('whatever is said of rows', () => {
  test('any two states are turned into each other exactly, stored or served', () => {
    fc.assert(
      fc.property(fc.oneof(pairOfTexts, pairOfTables), hostileIdentity, ([base, target], identity) => {
        expectExact(base, target, identity);
      }),
      { numRuns },
    );
  });
});

interface Row {
  order_no: number;
  line: number;
  /** What else it says; mostly the same as others say. */
  qty: number;
}

const KEY: RowIdentity = { '/tables/orders': ['order_no', 'line'] };
const keyOf = ({ order_no, line }: Row): string => `order_no=${order_no},line=${line}`;

/** Keys are unique, though neither member is; rows stand in any order, so that places tell nothing. */
const row = fc.record<Row>({ order_no: fc.nat(12), line: fc.nat(6), qty: fc.nat(3) });
const table = fc
  .uniqueArray(row, { selector: keyOf, maxLength: 60 })
  .map((rows) => [...rows, { order_no: 99, line: 99, qty: 0 }]);

const stateOf = (rows: readonly Row[]): string => JSON.stringify({ tables: { orders: rows } });

type Entry = { pointer: string; row?: string };

function entriesOf(base: string, target: string, identity: RowIdentity, more: Partial<DiffOptions> = {}) {
  const options = {
    format: 'entries',
    limit: 1000,
    after: 0,
    valueBytesMax: 1e6,
    identity,
    ...more,
  } as const;
  const page = diffTexts(KERNEL, Buffer.from(base), Buffer.from(target), [], options) as DiffPage;
  const { lists } = page;
  return Object.fromEntries(
    Object.entries(lists!).map(([name, list]) => [name, JSON.parse(list) as Entry[]]),
  ) as Record<'changes' | 'additions' | 'deletions' | 'moves', Entry[]>;
}

describe('a key of two members', () => {
  test('says which row is which: an oracle that goes by it alone sees the same', () => {
    fc.assert(
      fc.property(table, table, (from, to) => {
        const [base, target] = [stateOf(from), stateOf(to)];
        expectExact(base, target, KEY);
        const { changes, additions, deletions } = entriesOf(base, target, KEY);
        const [was, is] = [from, to].map((rows) => new Map(rows.map((one) => [keyOf(one), one.qty])));
        const only = (some: Map<string, number>, others: Map<string, number>, end = '') =>
          [...some.keys()].filter((key) => !others.has(key)).map((key) => `/tables/orders/${key}${end}`);
        const changed = [...was!].filter(([key, qty]) => is!.has(key) && is!.get(key) !== qty);
        const said = (entries: Entry[]) => entries.map((entry) => entry.row).sort();
        expect(said(deletions)).toEqual(only(was!, is!).sort());
        expect(said(additions)).toEqual(only(is!, was!).sort());
        expect(said(changes)).toEqual(changed.map(([key]) => `/tables/orders/${key}/qty`).sort());
      }),
      { numRuns },
    );
  });

  test('large states too, of which most changed', () => {
    const rows = (shift: number, qty: number): Row[] =>
      Array.from({ length: 30_000 }, (_, k) => {
        const n = (k * 7919 + shift) % 30_011;
        return { order_no: Math.floor(n / 10), line: n % 10, qty };
      });
    const [from, to] = [rows(0, 1), rows(5, 2)];
    const [base, target] = [textOf(stateOf(from)), textOf(stateOf(to))];
    const [was, is] = [from, to].map((some) => new Set(some.map(keyOf)));
    const gone = [...was!].filter((key) => !is!.has(key)).length;
    const fresh = [...is!].filter((key) => !was!.has(key)).length;
    const { counts } = serveDelta(KERNEL, base, target, { identity: KEY });
    expect([counts.deletions, counts.additions, counts.changes]).toEqual([gone, fresh, is!.size - fresh]);
    expect(gone).toBeGreaterThan(0);
  });

  test('is found where a path says any step, by the one that says more', () => {
    const state = (qty: number) =>
      JSON.stringify({
        a: [
          {
            x: 1,
            lines: [
              { n: 1, q: 0 },
              { n: 2, q: qty },
            ],
          },
          { x: 2, lines: [{ n: 2, q: 0 }] },
        ],
        b: [{ x: 1, y: qty, z: 1 }],
      });
    const identity = { '/*': ['x'], '/b': ['x', 'z'], '/*/*/lines': ['n'], '/0/0': ['never'] };
    const { changes } = entriesOf(state(1), state(2), identity);
    expect(changes.map((entry) => entry.row)).toEqual(['/a/x=1/lines/n=2/q', '/b/x=1,z=1/y']);
  });
});

describe('rows without the key', () => {
  const state = (rows: string) => `{"tables":{"orders":[{"order_no":0,"line":0},${rows}]}}`;
  const huge = 'x'.repeat(2000);
  const hostile: [why: string, from: string, to: string, row: string | undefined][] = [
    ['a member is missing', '{"order_no":1,"q":1,"w":1}', '{"order_no":1,"q":2,"w":1}', undefined],
    ['is null', '{"order_no":1,"line":null,"q":1}', '{"order_no":1,"line":null,"q":2}', undefined],
    ['is nested', '{"order_no":1,"line":[1],"q":1}', '{"order_no":1,"line":[1],"q":2}', undefined],
    ['is huge', `{"order_no":1,"line":"${huge}","q":1}`, `{"order_no":1,"line":"${huge}","q":2}`, undefined],
    ['but with an id', '{"id":7,"order_no":1,"q":1}', '{"id":7,"order_no":1,"q":2}', '/tables/orders/id=7/q'],
    [
      'comes twice: what the row is called goes by the last',
      '{"order_no":1,"line":9,"line":2,"q":1}',
      '{"order_no":1,"line":9,"line":2,"q":2}',
      '/tables/orders/order_no=1,line=2',
    ],
    [
      'is written with escapes',
      '{"order_no":1,"l\\u0069ne":2,"q":1}',
      '{"order_no":1,"l\\u0069ne":2,"q":2}',
      '/tables/orders/order_no=1,line=2/q',
    ],
    [
      'of strings, with what has to be quoted',
      '{"order_no":"1","line":"a,b","q":1}',
      '{"order_no":"1","line":"a,b","q":2}',
      '/tables/orders/order_no="1",line="a,b"/q',
    ],
  ];
  test.each(hostile)('%s', (_why, from, to, row) => {
    expectExact(state(from), state(to), KEY);
    const { changes } = entriesOf(state(from), state(to), KEY);
    expect(changes.map((entry) => entry.row)).toEqual([row]);
  });

  test('are not taken for each other where two have one key', () => {
    const twice = (q: number) =>
      state(`{"order_no":1,"line":1,"q":${q},"w":1},{"order_no":1,"line":1,"q":5,"w":1}`);
    expectExact(twice(1), twice(2), KEY);
    const { changes } = entriesOf(twice(1), twice(2), KEY);
    expect(changes.map(({ pointer, row }) => [pointer, row])).toEqual([['/tables/orders/1/q', undefined]]);
  });
});

describe('where the key does not hold', () => {
  const faults = (from: string, to: string, identity = KEY) =>
    compare(KERNEL, textOf(from), textOf(to), { identity }).keyFaults ?? [];
  const rows = (...some: string[]) => `{"tables":{"orders":[${some.join()}]}}`;
  const one = (line: number | string, q: number) => `{"order_no":1,"line":${line},"q":${q}}`;

  test('it is counted how many rows have none, or one with others', () => {
    const fault = { pointer: '/tables/orders', names: ['order_no', 'line'] };
    const with3 = (q: number) => rows(one('null', q), one(1, q), one(2, q), one(2, q + 1), one(3, q));
    expect(faults(with3(1), with3(5))).toEqual([{ ...fault, without: 1, shared: 2 }]);
    const sound = (q: number) => rows(one(1, q), one(2, q), one(3, q));
    expect(faults(sound(1), sound(5))).toEqual([]);
    expect(faults(with3(1), with3(1))).toEqual([]);
  });

  test('all arrays that one pointer means are counted together', () => {
    const state = (q: number) => `{"a":[{"x":${q}},{"x":${q + 1}}],"b":[{"x":${q}},{"y":1}]}`;
    expect(faults(state(1), state(5), { '/*': ['id'] })).toMatchObject([{ pointer: '/*', without: 3 }]);
  });
});

describe('what rows are called', () => {
  const text = Buffer.from(
    '{"tables":{"orders":[{"order_no":1,"line":1},{"order_no":1,"line":2},{"line":3}]}}',
  );
  const namesIn = (more: object) => {
    const tree = readTree(text, ['tables', 'orders'], { limit: 9, after: 0, textBytesMax: 99, ...more });
    return typeof tree === 'string' ? tree : tree.children!.map(({ row }) => row);
  };

  test('in a tree', () => {
    expect(namesIn({ identity: KEY })).toEqual(['order_no=1,line=1', 'order_no=1,line=2', undefined]);
    expect(namesIn({})).toEqual([undefined, undefined, undefined]);
  });

  test('is not said where a member of the key is masked', () => {
    expect(namesIn({ identity: KEY, mask: parseMask('line')! })).toEqual([undefined, undefined, undefined]);
  });
});

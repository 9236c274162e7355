// Rows that the next state has not any more, as an oracle counts them that takes states apart by itself.

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { rowsGone } from '../../../lib/core/history/rows-gone.ts';
import { judgeRows, judgeSize, type TableLoss } from '../../../lib/core/records/unusual.ts';
import { hostileIdentity } from '../delta/identities.ts';
import { pairOfTables, pairOfTexts } from '../delta/states.ts';
import { KERNEL } from '../kernels.ts';

const numRuns = Number(process.env.DELTA_RUNS ?? 150);

const gone = (base: unknown, target: unknown, identity?: Record<string, string[]>): TableLoss[] =>
  rowsGone(KERNEL, Buffer.from(JSON.stringify(base)), Buffer.from(JSON.stringify(target)), identity)!;

const rows = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, k) => ({ id: from + k, name: `row ${from + k}` }));

describe('rows that have gone', () => {
  const cases: [why: string, base: unknown, target: unknown, losses: TableLoss[]][] = [
    ['none', { t: rows(0, 9) }, { t: rows(0, 12) }, []],
    ['some', { t: rows(0, 9) }, { t: rows(3, 9) }, [{ pointer: '/t', rows: 9, gone: 3 }]],
    ['others came instead', { t: rows(0, 9) }, { t: rows(5, 14) }, [{ pointer: '/t', rows: 9, gone: 5 }]],
    ['all of them', { a: { t: rows(0, 9) } }, { a: { t: [] } }, [{ pointer: '/a/t', rows: 9, gone: 9 }]],
    [
      'with their table',
      { a: { t: rows(0, 9), u: [] } },
      { a: { u: [] } },
      [
        { pointer: '/a', rows: 2, gone: 1 },
        { pointer: '/a/t', rows: 9, gone: 9 },
      ],
    ],
    [
      'their table is no table now',
      { t: rows(0, 9), v: 1 },
      { t: null, v: 1 },
      [{ pointer: '/t', rows: 9, gone: 9 }],
    ],
    [
      'by key',
      { t: { 1: {}, 2: {}, 3: {} }, v: 1 },
      { t: { 2: {}, 4: {} }, v: 1 },
      [{ pointer: '/t', rows: 3, gone: 2 }],
    ],
    [
      'without names, by number',
      { t: [1, 2, 3, 4] },
      { t: [5, 6, 7] },
      [{ pointer: '/t', rows: 4, gone: 1 }],
    ],
    ['of the state itself', rows(0, 4), rows(0, 3), [{ pointer: '', rows: 4, gone: 1 }]],
    ['the state is a scalar now', rows(0, 4), 1, [{ pointer: '', rows: 4, gone: 4 }]],
    [
      'that share a name',
      { t: [{ name: 'a' }, { name: 'a' }] },
      { t: [{ name: 'a' }] },
      [{ pointer: '/t', rows: 2, gone: 1 }],
    ],
    [
      'of a table as sources write it',
      { tables: { 'public.t': { key: ['id'], columns: [], rows: { 1: {}, 2: {}, 3: {} } } } },
      { tables: { 'public.t': { key: ['id'], columns: [], rows: { 2: {} } } } },
      [{ pointer: '/tables/public.t/rows', rows: 3, gone: 2 }],
    ],
    [
      'of such a one without a key, and of one that has gone',
      { tables: { a: { columns: [1], rows: [1, 2, 3] }, b: { columns: [], rows: { 1: {} } } } },
      { tables: { a: { columns: [1], rows: [1] } } },
      [
        { pointer: '/tables', rows: 2, gone: 1 },
        { pointer: '/tables/a/rows', rows: 3, gone: 2 },
        { pointer: '/tables/b/rows', rows: 1, gone: 1 },
      ],
    ],
    ['members that are no rows', { a: 1, b: 2, c: { d: 1, e: 2 } }, { a: 1, c: { d: 1 } }, []],
    ['deep inside a row', { t: [{ id: 1, x: rows(0, 9) }] }, { t: [{ id: 1, x: [] }] }, []],
    [
      'a name of two spellings',
      { '/': { t: rows(0, 2) } },
      {},
      [
        { pointer: '', rows: 1, gone: 1 },
        { pointer: '/~1', rows: 1, gone: 1 },
        { pointer: '/~1/t', rows: 2, gone: 2 },
      ],
    ],
  ];
  test.each(cases)('%s', (_why, base, target, losses) => {
    expect(gone(base, target)).toEqual(losses);
  });

  test('of two members of one name those of the last', () => {
    const twins = Buffer.from('{"a":{"\\u0061":{}},"\\u0061":"0"}');
    expect(rowsGone(KERNEL, twins, twins, undefined)).toEqual([]);
    const [was, is] = ['[1,2]', '[1]'].map((last) => Buffer.from(`{"a":[9,9,9],"\\u0061":${last}}`));
    expect(rowsGone(KERNEL, was!, is!, undefined)).toEqual([{ pointer: '/a', rows: 2, gone: 1 }]);
  });

  test('are told apart by what is said of them', () => {
    const lines = (...some: number[]) => ({ t: some.map((line) => ({ order_no: 1, line, id: 'same' })) });
    expect(gone(lines(1, 2, 3), lines(3, 4, 5), { '/t': ['order_no', 'line'] })).toEqual([
      { pointer: '/t', rows: 3, gone: 2 },
    ]);
    expect(gone(lines(1, 2, 3), lines(3, 4, 5))).toEqual([]);
  });

  test('what is in one of more than a thousand members is no table', () => {
    const map = (count: number, inside: unknown) =>
      Object.fromEntries(Array.from({ length: count }, (_, k) => [`k${k}`, inside]));
    expect(gone(map(1001, [1, 2]), map(1001, [1]))).toEqual([]);
    expect(gone(map(2, [1, 2]), map(2, [1]))).toHaveLength(2);
  });

  test('are never more than there were, nor any of a state that is the same, however hostile', () => {
    fc.assert(
      fc.property(fc.oneof(pairOfTexts, pairOfTables), hostileIdentity, ([base, target], identity) => {
        const [a, b] = [Buffer.from(base), Buffer.from(target)];
        expect(rowsGone(KERNEL, a, a, identity)).toEqual([]);
        for (const loss of rowsGone(KERNEL, a, b, identity)!) {
          expect(loss.gone).toBeGreaterThan(0);
          expect(loss.gone).toBeLessThanOrEqual(loss.rows);
        }
      }),
      { numRuns },
    );
  });

  test('of tables are those whose ids are not there any more', () => {
    const ids = fc.uniqueArray(fc.nat(200), { maxLength: 120 });
    fc.assert(
      fc.property(ids, ids, (from, to) => {
        const table = (some: number[]) => ({ t: some.map((id) => ({ id, v: id % 3 })) });
        const lost = from.filter((id) => !to.includes(id)).length;
        const expected = lost === 0 ? [] : [{ pointer: '/t', rows: from.length, gone: lost }];
        expect(gone(table(from), table(to))).toEqual(expected);
      }),
      { numRuns },
    );
  });
});

describe('what is unusual', () => {
  const loss = (pointer: string, rows: number, gone: number): TableLoss => ({ pointer, rows, gone });
  const rule = { share: 0.2, action: 'warn', least: 1 } as const;

  test.each([
    ['more than the share', rule, [loss('/t', 10, 3)], '/t'],
    ['just the share is usual', rule, [loss('/t', 10, 2)], undefined],
    ['few rows are usual', { ...rule, least: 4 }, [loss('/t', 10, 3)], undefined],
    ['fewer than ten, if nothing is said', { share: 0, action: 'warn' }, [loss('/t', 9, 9)], undefined],
    ['ten are not', { share: 0, action: 'warn' }, [loss('/t', 10, 10)], '/t'],
    ['of many tables the one that lost the largest part', rule, [loss('/a', 10, 3), loss('/b', 10, 9)], '/b'],
    ['of two alike the larger', rule, [loss('/a', 10, 5), loss('/b', 100, 50)], '/b'],
    ['none at all', { ...rule, share: 0 }, [], undefined],
    ['any row', { ...rule, share: 0 }, [loss('', 1e6, 1)], ''],
  ] as const)('%s', (_why, given, losses, table) => {
    expect(judgeRows(given, losses)?.table).toBe(table);
  });

  test('names of tables are cut', () => {
    const unusual = judgeRows(rule, [loss(`/${'x'.repeat(100_000)}`, 1, 1)])!;
    expect(JSON.stringify(unusual).length).toBeLessThan(2000);
  });

  test('by size, where nothing could be counted', () => {
    expect(judgeSize(rule, 100, 80)).toBeUndefined();
    expect(judgeSize(rule, 100, 79)).toMatchObject({ code: 'size_gone', sizeBefore: 100, size: 79 });
    expect(judgeSize(rule, 100, 1000)).toBeUndefined();
  });
});

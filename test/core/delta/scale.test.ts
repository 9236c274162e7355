// Large and hostile states: the delta stays small where little has changed, and the time in proportion to the text.

import { describe, expect, test } from '@jest/globals';
import { applyDelta } from '../../../lib/core/delta/apply/apply.ts';
import { compare } from '../../../lib/core/delta/compare/diff.ts';
import { serveDelta } from '../../../lib/core/delta/served/serve.ts';
import { encodeDelta } from '../../../lib/core/delta/stored/encode.ts';
import { KERNEL } from '../kernels.ts';
import { textOf } from './states.ts';

const list = (length: number, element: (k: number) => string): string =>
  `[${Array.from({ length }, (_, k) => element(k)).join()}]`;

/** Compares both ways of telling, and gives the counts and the bytes that are stored. */
function changesBetween(baseText: string, targetText: string) {
  const base = textOf(baseText);
  const target = textOf(targetText);
  const { counts, diff } = compare(KERNEL, base, target, { paysRatio: Number.POSITIVE_INFINITY });
  const stored = Buffer.concat(encodeDelta(diff!));
  expect(Buffer.concat(applyDelta(base.bytes, stored)).equals(target.bytes)).toBe(true);
  const served = serveDelta(KERNEL, base, target);
  expect(served.counts).toEqual(counts);
  return { ...counts!, bytes: stored.length, served: Buffer.concat(served.chunks).toString() };
}

/** Runs only with DELTA_RUNS, as the long property runs do. */
const longTest = process.env.DELTA_RUNS === undefined ? test.skip : test;

const none = { additions: 0, changes: 0, deletions: 0, moves: 0 };

describe('in a large table', () => {
  const row = (id: number, v = id % 10): string =>
    `{"id":${id},"name":"name of ${id}","v":${v},"tags":["a","b"]}`;
  const table = list(100_000, (k) => row(k));

  test('a row inserted at the head is one addition', () => {
    const changes = changesBetween(table, `[${row(100_001)},${table.slice(1)}`);
    expect(changes).toMatchObject({ ...none, additions: 1 });
    expect(changes.bytes).toBeLessThan(500);
    expect(changes.served).toContain('"additions":[{"key":"[0]","value":{"id":100001,');
  });

  test('a row deleted at the head is one deletion', () => {
    expect(
      changesBetween(
        table,
        list(99_999, (k) => row(k + 1)),
      ),
    ).toMatchObject({ ...none, deletions: 1 });
  });

  test('one percent that changes costs little more than what is new', () => {
    const changes = changesBetween(
      table,
      list(100_000, (k) => row(k, k % 100 === 50 ? 77 : undefined)),
    );
    expect(changes).toMatchObject({ ...none, changes: 1000 });
    expect(changes.bytes).toBeLessThan(15_000);
  });

  const rows = 20_000;
  const smaller = list(rows, (k) => row(k));

  test('a thousand inserted at the head are a thousand additions', () => {
    const target = list(rows + 1000, (k) => row(k < 1000 ? k + rows : k - 1000));
    expect(changesBetween(smaller, target)).toMatchObject({ ...none, additions: 1000 });
  });

  test('a block that moves is one move', () => {
    const order = Array.from({ length: rows }, (_, k) => k);
    order.splice(7000, 0, ...order.splice(2000, 1000));
    const changes = changesBetween(
      smaller,
      list(rows, (k) => row(order[k]!)),
    );
    expect(changes).toMatchObject({ ...none, moves: 1 });
    expect(changes.served).toContain('"moves":[{"from":"[2000]","to":"[7000]","count":1000}]');
    expect(changes.bytes).toBeLessThan(500);
  });

  test('a member added to every row is an addition in every row', () => {
    const target = list(rows, (k) => row(k).replace('"tags"', '"new":null,"tags"'));
    expect(changesBetween(smaller, target)).toMatchObject({ ...none, additions: rows });
  });

  test('all rows in another order are moved, not changed', () => {
    const changes = changesBetween(
      smaller,
      list(rows, (k) => row((k * 7919) % rows)),
    );
    expect(changes).toMatchObject({ ...none, moves: changes.moves });
  });
});

describe('hostile states', () => {
  const many = 20_000;

  test('rows that are all alike, one of them changed or gone', () => {
    expect(
      changesBetween(
        list(many, () => '0'),
        list(many, (k) => (k === 500 ? '1' : '0')),
      ),
    ).toMatchObject({ ...none, changes: 1 });
    expect(
      changesBetween(
        list(many, () => '{"a":1}'),
        list(many - 1, () => '{"a":1}'),
      ),
    ).toMatchObject({ ...none, deletions: 1 });
  });

  test('rows of few values, shuffled', () => {
    const value = (k: number, seed: number): string =>
      `{"v":${(Math.imul(k + seed, 0x9e3779b1) >>> 13) % 3}}`;
    changesBetween(
      list(many, (k) => value(k, 1)),
      list(many, (k) => value(k, 5_000_000)),
    );
  });

  test('rows that all have the same name', () => {
    const named = (k: number): string => `{"name":"x","v":${k}}`;
    expect(
      changesBetween(
        list(many, named),
        list(many + 3, (k) => named(k - 3)),
      ),
    ).toMatchObject({ ...none, additions: 3 });
  });

  test('an order turned round', () => {
    changesBetween(
      list(many, String),
      list(many, (k) => String(many - k)),
    );
    const object = (name: (k: number) => number): string =>
      `{${Array.from({ length: many }, (_, k) => `"k${name(k)}":${name(k)}`).join()}}`;
    expect(
      changesBetween(
        object((k) => k),
        object((k) => many - 1 - k),
      ),
    ).toMatchObject({ ...none, moves: many - 1 });
  });

  test('one name, again and again', () => {
    const object = (v: number): string =>
      `{${Array.from({ length: many }, (_, k) => `"k":${k + v}`).join()}}`;
    expect(changesBetween(object(0), object(1))).toMatchObject({ ...none, changes: 1 });
  });

  test('deep nesting around a large value', () => {
    const deep = (last: string): string =>
      `${'['.repeat(511)}"${'x'.repeat(1_000_000)}${last}"${']'.repeat(511)}`;
    const changes = changesBetween(deep('a'), deep('b'));
    expect(changes).toMatchObject({ additions: 1, changes: 1, deletions: 1, moves: 0 });
    expect(changes.bytes).toBeLessThan(500);
  });

  test('deep nesting with changes on every level', () => {
    const deep = (v: number): string => {
      let text = `"${'x'.repeat(100_000)}${v}"`;
      for (let k = 0; k < 250; k++) text = `[{"id":${k},"v":${v},"in":${text}},{"w":${v}}]`;
      return text;
    };
    expect(changesBetween(deep(1), deep(2))).toMatchObject({ ...none, changes: 501 });
  });

  test('many small and deep containers', () => {
    const deep = (k: number): string => `${'['.repeat(100)}${k}${']'.repeat(100)}`;
    changesBetween(
      list(200, deep),
      list(200, (k) => deep(k + 300)),
    );
  });

  longTest('more values than can be told apart are one change of everything', () => {
    const base = Buffer.alloc(2 ** 28 + 1, '1,');
    base[0] = 0x5b;
    base[base.length - 1] = 0x5d;
    for (let p = 1; p < base.length - 1; p++) base[p] = p % 2 === 0 ? 0x2c : 0x31;
    const target = Buffer.from(base);
    target[2 ** 27 + 1] = 0x32;
    const { counts, diff } = compare(KERNEL, { bytes: base, checksum: '' }, { bytes: target, checksum: '' });
    expect(counts).toEqual({ ...none, changes: 1 });
    expect(diff!.copies).toHaveLength(6);
  });

  longTest('more operations than anybody reads are one change of everything', () => {
    const changes = changesBetween(
      list(4_300_000, () => '1'),
      list(4_300_000, () => '2'),
    );
    expect(changes).toMatchObject({ ...none, changes: 1 });
    expect(changes.served).toContain('"key":""');
  });
});

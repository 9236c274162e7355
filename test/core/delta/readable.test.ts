// Deltas that read well: inputs that people have found told badly, each with what they expect to read.

import { describe, expect, test } from '@jest/globals';
import { compare } from '../../../lib/core/delta/compare/diff.ts';
import { serveDelta } from '../../../lib/core/delta/served/serve.ts';
import { applyServed } from '../json/json-tree.ts';
import { KERNEL } from '../kernels.ts';
import { textOf } from './states.ts';

function countsOf(base: unknown, target: unknown): unknown {
  return compare(KERNEL, textOf(JSON.stringify(base)), textOf(JSON.stringify(target))).counts;
}

interface Told {
  changes?: Record<string, [unknown, unknown]>;
  additions?: string[];
  deletions?: string[];
  moves?: Record<string, string>;
}

/** What the served delta tells, without the values of additions and deletions; that it is exact is checked on the way. */
function told(base: unknown, target: unknown): Told {
  const [a, b] = [JSON.stringify(base), JSON.stringify(target)];
  const { chunks, counts } = serveDelta(KERNEL, textOf(a), textOf(b), { bare: true });
  const text = Buffer.concat(chunks).toString();
  expect(applyServed(a, text)).toBe(b);
  expect(compare(KERNEL, textOf(a), textOf(b)).counts).toEqual(counts);
  const { changes, additions, deletions, moves = [] } = JSON.parse(text);
  const result: Told = {};
  const keys = (list: { key: string }[]): string[] => list.map(({ key }) => key);
  if (changes.length > 0) {
    result.changes = Object.fromEntries(
      changes.map(({ key, oldValue, newValue }: never) => [key, [oldValue, newValue]]),
    );
  }
  if (additions.length > 0) result.additions = keys(additions);
  if (deletions.length > 0) result.deletions = keys(deletions);
  if (moves.length > 0) result.moves = Object.fromEntries(moves.map(({ from, to }: never) => [from, to]));
  return result;
}

const rule = (net: number, port: number, allow = true) => ({ from: `10.${net}.0.0/8`, port, allow });

describe('a list without names', () => {
  test.each<[string, unknown, unknown, Told]>([
    [
      'first removed, second edited',
      { rules: [rule(0, 22), rule(1, 80), rule(2, 81)] },
      { rules: [rule(1, 80, false), rule(2, 81)] },
      { deletions: ['rules[0]'], changes: { 'rules[1].allow': [true, false] } },
    ],
    [
      'the same at its end',
      { rules: [rule(2, 81), rule(0, 22), rule(1, 80)] },
      { rules: [rule(2, 81), rule(1, 80, false)] },
      { deletions: ['rules[1]'], changes: { 'rules[2].allow': [true, false] } },
    ],
    [
      'one added before one that was edited',
      { rules: [rule(2, 81), rule(1, 80)] },
      { rules: [rule(2, 81), rule(0, 22), rule(1, 80, false)] },
      { additions: ['rules[1]'], changes: { 'rules[1].allow': [true, false] } },
    ],
    [
      'one removed between two that were edited',
      [rule(5, 1), rule(0, 22), rule(1, 80), 'end'],
      [rule(5, 1, false), rule(1, 80, false), 'end'],
      { deletions: ['[1]'], changes: { '[0].allow': [true, false], '[2].allow': [true, false] } },
    ],
    [
      'texts',
      ['the first of them', 'another one here', 'end'],
      ['another one there', 'end'],
      { deletions: ['[0]'], changes: { '[1]': ['another one here', 'another one there'] } },
    ],
    [
      'lists in a list',
      [[1, 2, 3, 4], [7, 8, 9, 6], 'end'],
      [[7, 8, 9, 5], 'end'],
      { deletions: ['[0]'], changes: { '[1][3]': [6, 5] } },
    ],
    [
      'nothing alike: first with first',
      ['a', 'b', 'end'],
      ['x', 'end'],
      { deletions: ['[1]'], changes: { '[0]': ['a', 'x'] } },
    ],
  ])('%s', (_, base, target, expected) => {
    expect(told(base, target)).toEqual(expected);
  });
});

describe('a member that changed is told as that member', () => {
  test.each<[string, unknown, unknown, Told]>([
    [
      'all of a small object',
      { kind: 'pod', metadata: { resourceVersion: '1', labels: { app: 'a' } } },
      { kind: 'pod', metadata: { resourceVersion: '2', labels: { app: 'b' } } },
      { changes: { 'metadata.resourceVersion': ['1', '2'], 'metadata.labels.app': ['a', 'b'] } },
    ],
    [
      'the only one, below a section',
      { vm: { size: 1, tags: { Name: 'web' } } },
      { vm: { size: 1, tags: { Name: 'db' } } },
      { changes: { 'vm.tags.Name': ['web', 'db'] } },
    ],
    [
      'the only one, in a row',
      { vms: [{ id: 1, tags: { Name: 'web' } }] },
      { vms: [{ id: 1, tags: { Name: 'db' } }] },
      { changes: { 'vms[0].tags.Name': ['web', 'db'] } },
    ],
    [
      'deep inside of what has nothing else',
      { k: 1, a: { b: { c: { d: 1 } } } },
      { k: 1, a: { b: { c: { d: 2 } } } },
      { changes: { 'a.b.c.d': [1, 2] } },
    ],
    [
      'beside others that are new or gone',
      { k: 1, s: { a: 1, b: 2 } },
      { k: 1, s: { a: 5, c: 9 } },
      { changes: { 's.a': [1, 5] }, additions: ['s.c'], deletions: ['s.b'] },
    ],
    [
      'but not where most of it is another thing',
      { k: 1, s: { type: 'a', x: 1, y: 2 } },
      { k: 1, s: { type: 'b', p: 3, q: 4 } },
      {
        changes: {
          s: [
            { type: 'a', x: 1, y: 2 },
            { type: 'b', p: 3, q: 4 },
          ],
        },
      },
    ],
    [
      'and not the sole member of a section, as the specification shows',
      { users: [{ id: 1, name: 'Alice' }], settings: { theme: 'dark' } },
      { users: [{ id: 1, name: 'Alice' }], settings: { theme: 'light' } },
      { changes: { settings: [{ theme: 'dark' }, { theme: 'light' }] } },
    ],
    [
      'nor those of an element without a name that keeps nothing',
      [0, { a: 1, b: 2 }],
      [0, { a: 3, b: 4 }],
      {
        changes: {
          '[1]': [
            { a: 1, b: 2 },
            { a: 3, b: 4 },
          ],
        },
      },
    ],
  ])('%s', (_, base, target, expected) => {
    expect(told(base, target)).toEqual(expected);
  });
});

describe('a value that is elsewhere now is a move', () => {
  const node = { cpu: 4, disks: ['a', 'b'] };
  test.each<[string, unknown, unknown, Told]>([
    [
      'a member that was renamed',
      { home: { lang: 'en', title: 'Welcome' } },
      { home: { lang: 'en', headline: 'Welcome' } },
      { moves: { 'home.title': 'home.headline' } },
    ],
    [
      'one that was the only one',
      { k: 1, home: { title: 'Welcome' } },
      { k: 1, home: { headline: 'Welcome' } },
      { moves: { 'home.title': 'home.headline' } },
    ],
    [
      'a node renamed in a map of names',
      { nodes: { 'web-1': node, db: { cpu: 8 } } },
      { nodes: { 'web-2': node, db: { cpu: 8 } } },
      { moves: { 'nodes["web-1"]': 'nodes["web-2"]' } },
    ],
    [
      'several, beside one that is new',
      { s: { a: 'first', b: 'second', k: 1 } },
      { s: { k: 1, y: 'new', x: 'second', w: 'first', z: 'last' } },
      { moves: { 's.b': 's.x', 's.a': 's.w' }, additions: ['s.y', 's.z'] },
    ],
    [
      'an element that went from list to list',
      { todo: [{ t: 'write' }, { t: 'read' }], done: [{ t: 'plan' }] },
      { todo: [{ t: 'read' }], done: [{ t: 'plan' }, { t: 'write' }] },
      { moves: { 'todo[0]': 'done[1]' } },
    ],
    [
      'a member that went to another object',
      { a: { x: 1, theme: 'dark blue' }, b: { y: 2 } },
      { a: { x: 1 }, b: { theme: 'dark blue', y: 2 } },
      { moves: { 'a.theme': 'b.theme' } },
    ],
    [
      'an element that is a member now',
      { all: ['one here', 'two here'], chosen: { k: 1 } },
      { all: ['two here'], chosen: { k: 1, now: 'one here' } },
      { moves: { 'all[0]': 'chosen.now' } },
    ],
    [
      'but not what is there more than once',
      { s: { a: 'same', b: 'same', k: 1 } },
      { s: { c: 'same', k: 1 } },
      { deletions: ['s.a', 's.b'], additions: ['s.c'] },
    ],
    [
      'nor what says nothing of who it is',
      { s: { a: true, k: 1 } },
      { s: { b: true, k: 1 } },
      { deletions: ['s.a'], additions: ['s.b'] },
    ],
    [
      'nor short ones of other containers',
      { s: { a: 80, k: 1 }, t: { k: 1 } },
      { s: { k: 1 }, t: { k: 1, b: 80 } },
      { deletions: ['s.a'], additions: ['t.b'] },
    ],
  ])('%s', (_, base, target, expected) => {
    expect(told(base, target)).toEqual(expected);
  });
});

describe('what changed is counted', () => {
  const none = { additions: 0, changes: 0, deletions: 0, moves: 0 };
  const users = (count: number, from = 0) =>
    Array.from({ length: count }, (_, k) => ({ id: k + from, n: `u${k}` }));

  test.each<[string, unknown, unknown, object]>([
    [
      'a list that was emptied',
      { users: users(1000), v: 1 },
      { users: [], v: 1 },
      { changes: 1, deletions: 1000 },
    ],
    ['a list that was filled', { users: [], v: 1 }, { users: users(9), v: 1 }, { changes: 1, additions: 9 }],
    [
      'a list that is nothing now',
      { users: users(9), v: 1 },
      { users: null, v: 1 },
      { changes: 1, deletions: 9 },
    ],
    [
      'a list of which all rows are others',
      { users: users(1000), v: 1 },
      { users: users(900, 5000), v: 1 },
      { changes: 1, deletions: 1000, additions: 900 },
    ],
    [
      'an object that was emptied',
      { s: { a: 1, b: 2 }, v: 1 },
      { s: {}, v: 1 },
      { changes: 1, deletions: 2 },
    ],
    [
      'an object that is another',
      { s: { type: 'a', x: 1, y: 2 }, v: 1 },
      { s: { type: 'b', p: 3 }, v: 1 },
      { changes: 1, deletions: 2, additions: 1 },
    ],
    [
      'the example of the specification',
      { s: { theme: 'dark' }, v: 1 },
      { s: { theme: 'light' }, v: 1 },
      { changes: 1 },
    ],
    ['values in their places', { at: [1, 2, 3], v: 1 }, { at: [4, 5], v: 1 }, { changes: 1, deletions: 1 }],
    ['a state of another kind', [1, 2, 3], { a: 1 }, { changes: 1, deletions: 3, additions: 1 }],
  ])('%s', (_, base, target, expected) => {
    expect(countsOf(base, target)).toEqual({ ...none, ...expected });
  });

  test('where the delta of a large state does not pay, and is given up', () => {
    const table = (from: number, word: string) =>
      Array.from({ length: 30_000 }, (_, k) => ({
        id: k + from,
        text: `${word} ${(k + from) * 7919} ${word}`,
      }));
    const [base, target] = [
      { rows: table(0, 'before'), v: 1 },
      { rows: table(1_000_000, 'later'), v: 1 },
    ];
    const texts = [textOf(JSON.stringify(base)), textOf(JSON.stringify(target))] as const;
    const { diff, counts } = compare(KERNEL, ...texts);
    expect(diff).toBeUndefined();
    expect(counts).toEqual({ additions: 30_000, changes: 1, deletions: 30_000, moves: 0 });
    expect(serveDelta(KERNEL, ...texts).counts).toEqual(counts);
    for (const [rows, gone] of [
      [[], 30_000],
      [null, 30_000],
      [base.rows.slice(0, 7), 29_993],
    ] as const) {
      const counted = countsOf({ more: base.rows, ...base }, { more: target.rows, ...base, rows });
      expect(counted).toMatchObject({ additions: 30_000, deletions: 30_000 + gone });
    }
    const edited = { rows: table(0, 'changed'), v: 1 };
    expect(compare(KERNEL, texts[0], textOf(JSON.stringify(edited)), { paysRatio: 0.1 })).toEqual({
      counts: { ...none, changes: 30_000 },
    });
  });
});

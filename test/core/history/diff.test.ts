// What two states differ by, in pages, at a path or in all, is what an oracle needs to make one of the other: by entries, and by
// a JSON Patch. Pointers and names of rows lead to what is said of them.

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type DiffOptions, type DiffPage, diffTexts } from '../../../lib/core/history/diff.ts';
import { parseMask } from '../../../lib/core/history/mask.ts';
import { findPlace } from '../../../lib/core/history/place.ts';
import { indexText } from '../../../lib/core/history/text-index.ts';
import { parsePointer } from '../../../lib/core/json/pointer.ts';
import { pathsIn, textAt } from '../../service/history/chains.ts';
import { hostileIdentity } from '../delta/identities.ts';
import { pairOfTables, pairOfTexts } from '../delta/states.ts';
import { applyServed, parseTree, printTree, type Tree } from '../json/json-tree.ts';
import { KERNEL } from '../kernels.ts';
import { INDICES } from './indices.ts';

const numRuns = Number(process.env.DELTA_RUNS ?? 150);
const ALL: DiffOptions = { format: 'entries', limit: 1000, after: 0, valueBytesMax: 1e9 };

/** By reading all, and by indices that know of everything, of most, or of what is large: they must agree. */
const compared = (base: string, target: string, steps: string[], options: DiffOptions) => {
  const [a, b] = [Buffer.from(base), Buffer.from(target)];
  const page = diffTexts(KERNEL, a, b, steps, options);
  // In turn, as the texts come.
  const bounds = INDICES[(a.length + b.length) % INDICES.length]!;
  const indices = { base: indexText(KERNEL, a, bounds), target: indexText(KERNEL, b, bounds) };
  // The second time what they differ by is known.
  for (let n = 0; n < 2; n++) {
    expect(diffTexts(KERNEL, new Uint8Array(a), new Uint8Array(b), steps, options, indices)).toEqual(page);
  }
  return page;
};

const diff = (base: string, target: string, options: Partial<DiffOptions> = {}, steps: string[] = []) => {
  const page = compared(base, target, steps, { ...ALL, ...options });
  if (typeof page === 'string') throw new Error(page);
  return page;
};

/** All pages. */
function pagesOf(
  base: string,
  target: string,
  options: Partial<DiffOptions>,
  steps: string[] = [],
): DiffPage[] {
  const pages: DiffPage[] = [];
  for (let after: number | undefined = 0; after !== undefined; ) {
    const page = diff(base, target, { ...options, after }, steps);
    pages.push(page);
    after = page.next;
  }
  return pages;
}

const listsOf = (pages: readonly DiffPage[]): string =>
  `{${(['changes', 'additions', 'deletions', 'moves'] as const)
    .map(
      (name) =>
        `"${name}":[${pages
          .map(({ lists }) => lists![name].slice(1, -1))
          .filter((text) => text !== '')
          .join()}]`,
    )
    .join()}}`;

const nameOf = (quoted: string): string => JSON.parse(quoted) as string;

/** Two members of one object whose names are the same, however they are written: no pointer tells them apart. */
function hasTwins(tree: Tree): boolean {
  if (tree.kind === 'scalar') return false;
  if (tree.kind === 'array') return tree.items.some(hasTwins);
  const names = new Set(tree.members.map(({ name }) => nameOf(name)));
  return names.size < tree.members.length || tree.members.some(({ value }) => hasTwins(value));
}

/** As JSON Patch sees a state: members have no order, and names are what they stand for. */
function normal(tree: Tree): Tree {
  if (tree.kind === 'scalar') return tree;
  if (tree.kind === 'array') return { kind: 'array', items: tree.items.map(normal) };
  const members = tree.members.map(({ name, value }) => ({
    name: JSON.stringify(nameOf(name)),
    value: normal(value),
  }));
  return { kind: 'object', members: members.sort((a, b) => (a.name < b.name ? -1 : 1)) };
}

/** RFC 6902, by the book. */
function applyPatch(root: Tree, patch: string): Tree {
  const holder: { value: Tree } = { value: structuredClone(root) };
  for (const item of (parseTree(patch) as Extract<Tree, { kind: 'array' }>).items) {
    const fields = Object.fromEntries(
      (item as Extract<Tree, { kind: 'object' }>).members.map(({ name, value }) => [nameOf(name), value]),
    );
    const op = nameOf((fields.op as { raw: string }).raw);
    const path = parsePointer(nameOf((fields.path as { raw: string }).raw))!;
    const { value } = fields;
    const last = path.pop();
    if (last === undefined) {
      expect(op).toBe('replace');
      holder.value = value!;
      continue;
    }
    let at = holder.value;
    for (const step of path) {
      const next: Tree | undefined =
        at.kind === 'array'
          ? at.items[Number(step)]
          : at.kind === 'object'
            ? at.members.find(({ name }) => nameOf(name) === step)?.value
            : undefined;
      if (next === undefined) throw new Error(`nothing at ${step}`);
      at = next;
    }
    if (at.kind === 'array') {
      const index = Number(last);
      if (index > at.items.length - (op === 'add' ? 0 : 1)) throw new Error(`no ${index}`);
      if (op === 'add') at.items.splice(index, 0, value!);
      else if (op === 'remove') at.items.splice(index, 1);
      else at.items[index] = value!;
    } else if (at.kind === 'object') {
      const found = at.members.findIndex(({ name }) => nameOf(name) === last);
      if (found < 0 !== (op === 'add')) throw new Error(`${op} of ${last}`);
      if (op === 'add') at.members.push({ name: JSON.stringify(last), value: value! });
      else if (op === 'remove') at.members.splice(found, 1);
      else at.members[found]!.value = value!;
    } else throw new Error('a scalar has nothing in it');
  }
  return holder.value;
}

function expectEntries(
  base: string,
  target: string,
  limit: number,
  identity?: DiffOptions['identity'],
): void {
  const pages = pagesOf(base, target, { limit, ...(identity === undefined ? {} : { identity }) });
  const lists = listsOf(pages);
  expect(applyServed(base, lists)).toBe(target);
  const parsed = JSON.parse(lists) as Record<string, { pointer: string; row?: string }[]>;
  expect(Object.fromEntries(Object.entries(parsed).map(([name, list]) => [name, list.length]))).toEqual(
    pages[0]!.counts,
  );
  const sums = pages[0]!.tables!.tables.reduce((sum, { additions, changes, deletions, moves }) => {
    return sum + additions + changes + deletions + moves;
  }, 0);
  expect(sums).toBe(Object.values(parsed).flat().length);
  const tree = parseTree(lists) as Extract<Tree, { kind: 'object' }>;
  const raw = (list: number, i: number, name: string): string => {
    const { items } = tree.members[list]!.value as Extract<Tree, { kind: 'array' }>;
    const { members } = items[i] as Extract<Tree, { kind: 'object' }>;
    return printTree(members.find((member) => member.name === `"${name}"`)!.value);
  };
  const isClear = !hasTwins(parseTree(base)) && !hasTwins(parseTree(target));
  const lead = (list: number, name: string, text: string): void => {
    for (const [i, { pointer, row }] of Object.values(parsed)[list]!.entries()) {
      const value = raw(list, i, name);
      if (list !== 1 && name !== 'newValue' && isClear) {
        expect(textAt(text, parsePointer(pointer)!)).toBe(value);
      }
      // What rows are called leads there even beside twins, or is not said.
      if (row === undefined) continue;
      const place = findPlace(Buffer.from(text), parsePointer(row)!);
      if (typeof place === 'string') throw new Error(`${row} is ${place}`);
      expect(Buffer.from(text).toString('utf8', place.start, place.end)).toBe(value);
    }
  };
  lead(0, 'oldValue', base);
  lead(0, 'newValue', target);
  lead(2, 'value', base);
  lead(1, 'value', target);
}

function expectPatch(base: string, target: string, limit: number): void {
  const [from, to] = [parseTree(base), parseTree(target)];
  if (hasTwins(from) || hasTwins(to)) return;
  let state = from;
  for (const { patch } of pagesOf(base, target, { format: 'patch', limit }))
    state = applyPatch(state, patch!);
  expect(printTree(normal(state))).toBe(printTree(normal(to)));
}

const limits = fc.constantFrom(1, 2, 7, 1000);

describe('any two states', () => {
  test('are made of each other by the entries of all pages, which lead where they say', () => {
    fc.assert(
      fc.property(pairOfTexts, limits, ([base, target], limit) => {
        expectEntries(base, target, limit);
        expectEntries(target, base, limit);
      }),
      { numRuns },
    );
  });

  test('whatever is said of their rows', () => {
    fc.assert(
      fc.property(
        fc.oneof(pairOfTexts, pairOfTables),
        limits,
        hostileIdentity,
        ([base, target], limit, said) => {
          expectEntries(base, target, limit, said);
        },
      ),
      { numRuns },
    );
  });

  test('whose names are written in two ways: what a row is called leads to what is said of it, or is not said', () => {
    const text = (row: string) => `[{"id":1,"x":0},${row}]`;
    const rows = [
      '{"id":2,"a":{"v":1},"\\u0061":{"v":2}}',
      '{"id":2,"a":{"v":9},"\\u0061":{"v":2}}',
      '{"id":2,"a":{"v":1},"\\u0061":{"v":9}}',
      '{"id":2,"\\u0061":{"v":9},"a":{"v":2}}',
      '{"id":2,"a":{"v":5}}',
    ].map((row) => row.replaceAll('\\\\', '\\'));
    for (const from of rows) {
      for (const to of rows) if (from !== to) expectEntries(text(from), text(to), 1000);
    }
    const one = JSON.parse(diff(text(rows[0]!), text(rows[1]!)).lists!.changes) as { row?: string }[];
    const other = JSON.parse(diff(text(rows[0]!), text(rows[2]!)).lists!.changes) as { row?: string }[];
    expect([one[0]!.row, other[0]!.row]).toEqual([undefined, '/id=2/a/v']);
  });

  test('are made of each other by the patches of all pages', () => {
    fc.assert(
      fc.property(pairOfTexts, limits, ([base, target], limit) => {
        expectPatch(base, target, limit);
        expectPatch(target, base, limit);
      }),
      { numRuns },
    );
  });

  test('of tables too', () => {
    fc.assert(
      fc.property(pairOfTables, fc.constantFrom(3, 1000), ([base, target], limit) => {
        expectEntries(base, target, limit);
        expectPatch(base, target, limit);
      }),
      { numRuns: Math.ceil(numRuns / 10) },
    );
  });

  test('at a path differ by what is there', () => {
    fc.assert(
      fc.property(pairOfTexts, ([base, target]) => {
        const [from, to] = [parseTree(base), parseTree(target)];
        if (hasTwins(from) || hasTwins(to)) return;
        for (const path of pathsIn([base, target])) {
          const [old, fresh] = [textAt(base, path), textAt(target, path)];
          const page = compared(base, target, path, {
            ...ALL,
            format: 'patch',
          });
          if (old === undefined || fresh === undefined) {
            expect(page).toBe('one-sided');
            const { counts } = diff(base, target, {}, path);
            expect(counts).toEqual({
              additions: old === undefined ? 1 : 0,
              changes: 0,
              deletions: old === undefined ? 0 : 1,
              moves: 0,
            });
            continue;
          }
          const patched = printTree(applyPatch(from, (page as DiffPage).patch!));
          expect(printTree(normal(parseTree(textAt(patched, path)!)))).toBe(
            printTree(normal(parseTree(fresh))),
          );
          expect(diff(base, target, {}, path).counts).toEqual((page as DiffPage).counts);
        }
      }),
      { numRuns },
    );
  });
});

describe('what is told', () => {
  const base = '{"users":[{"id":7,"n":1.0},{"id":42,"email":"a","token":"t1"},{"id":9}],"v":1}';
  const target = '{"users":[{"id":42,"email":"A","token":"t2"},{"id":9},{"id":10,"token":"t3"}],"v":1e400}';
  const parsed = (page: DiffPage) => JSON.parse(listsOf([page])) as Record<string, object[]>;

  test('each with its pointer, and what its row is called', () => {
    expect(parsed(diff(base, target))).toMatchObject({
      changes: [
        { key: 'users[1].email', pointer: '/users/1/email', row: '/users/id=42/email' },
        { key: 'users[1].token', pointer: '/users/1/token', row: '/users/id=42/token' },
        { key: 'v', pointer: '/v' },
      ],
      additions: [{ key: 'users[2]', pointer: '/users/2', row: '/users/id=10' }],
      deletions: [{ key: 'users[0]', pointer: '/users/0', row: '/users/id=7' }],
      moves: [],
    });
    expect(diff(base, target).lists!.deletions).toContain('"value":{"id":7,"n":1.0}');
    expect(diff(base, target).lists!.changes).toContain('"newValue":1e400');
  });

  test('counted by table', () => {
    const stat = diff(base, target, { format: 'stat' });
    expect(stat.lists).toBeUndefined();
    expect(stat.tables).toEqual({
      tables: [
        { pointer: '/users', additions: 1, changes: 2, deletions: 1, moves: 0 },
        { pointer: '', additions: 0, changes: 1, deletions: 0, moves: 0 },
      ],
    });
  });

  test('at a path, with the whole key', () => {
    const page = diff(base, target, {}, ['users', 'id=42']);
    expect(page.steps).toEqual(['users', '1']);
    expect(parsed(page).changes).toMatchObject([
      { key: 'users[1].email', pointer: '/users/1/email' },
      { key: 'users[1].token', pointer: '/users/1/token' },
    ]);
  });

  test('but not what is masked, in whole values neither, nor by names of rows', () => {
    const masked = listsOf([diff(base, target, { mask: parseMask('@common,email')! })]);
    expect(masked).not.toMatch(/t1|t2|t3|"a"|"A"/);
    expect(JSON.parse(masked)).toMatchObject({
      changes: [{ masked: true }, { masked: true }, { oldValue: 1 }],
      additions: [{ value: { id: 10, token: '[masked]' }, masked: true }],
    });
    const byId = listsOf([diff(base, target, { mask: parseMask('id')! })]);
    expect(byId).not.toMatch(/id=|"id":\d/);
  });

  test('long values by their length', () => {
    const long = `{"a":"${'x'.repeat(100)}","b":1}`;
    expect(parsed(diff(long, '{"b":1}', { valueBytesMax: 50 })).deletions).toMatchObject([{ bytes: 102 }]);
  });

  test('nothing, where nothing differs or is there', () => {
    expect(diff(base, base)).toMatchObject({ tables: { tables: [] }, lists: { changes: '[]', moves: '[]' } });
    const at = (steps: string[]) => compared(base, target, steps, ALL);
    expect(at(['nowhere'])).toBe('nothing');
    const twins = Buffer.from('[{"id":1},{"id":1}]');
    expect(diffTexts(KERNEL, twins, twins, ['id=1'], ALL)).toBe('several');
  });

  test('a patch with more than a page can carry is refused, entries of any names are not', () => {
    const large = JSON.stringify({ a: 'x'.repeat(4_000_000) });
    expect(() => diff('{"a":1}', large, { format: 'patch' })).toThrow(
      expect.objectContaining({ code: 'payload_too_large' }),
    );
    const name = 'n'.repeat(1_000_000);
    const page = diff(`{"${name}":1,"b":2}`, `{"${name}":2,"b":2}`);
    expect(page.lists!.changes.length).toBeLessThan(100_000);
  });
});

// States for the tests of the delta engine: hostile ones, and edits that turn one into another that is much like it.

import { createHash } from 'node:crypto';
import fc from 'fast-check';
import type { CanonicalText } from '../../../lib/core/bytes/text.ts';
import { type ArrayTree, type Member, type ObjectTree, printTree, type Tree } from '../json/json-tree.ts';

export function textOf(json: string): CanonicalText {
  const bytes = Buffer.from(json);
  return { bytes, checksum: createHash('sha256').update(bytes).digest('hex') };
}

const scalar = fc
  .oneof(
    fc.constantFrom(
      'null',
      'true',
      'false',
      '0',
      '1',
      '2',
      '-0',
      '1.0',
      '1e400',
      '-1.5E-7',
      '9007199254740993',
    ),
    fc.constantFrom(
      '""',
      '"a"',
      '"\\u0061"',
      '"\\ud800"',
      '"\\\\"',
      '"\\""',
      '"},{\\"id\\":1"',
      '"],["',
      '"é😀"',
    ),
    fc.integer({ min: 10, max: 1e9 }).map(String),
    fc.string({ unit: 'grapheme', maxLength: 12 }).map((text) => JSON.stringify(text)),
    fc.nat({ max: 100 }).map((n) => `"${'long text '.repeat(n / 5)}${n}"`),
  )
  .map((raw): Tree => ({ kind: 'scalar', raw }));

const name = fc.oneof(
  fc.constantFrom('"a"', '"b"', '"c"', '"d"', '"e"', '"id"', '"name"', '"key"', '"ID"'),
  fc.constantFrom(
    '"\\u0061"',
    '"__proto__"',
    '"constructor"',
    '"users[1]"',
    '"a.b"',
    '""',
    '"[0]"',
    '"0"',
    '"\\"]"',
  ),
  fc.constantFrom('"\\\\"', '"é"', '"\\ud800"', '"$_1"', '"1a"', '"toString"'),
  fc.nat({ max: 40 }).map((n) => `"k${n}"`),
);

const array = (items: Tree[]): Tree => ({ kind: 'array', items });
const object = (members: Member[]): Tree => ({ kind: 'object', members });

/** Mostly objects as they should be; now and then a name comes twice. */
const membersOf = (value: fc.Arbitrary<Tree>): fc.Arbitrary<Member[]> =>
  fc.oneof(
    {
      weight: 24,
      arbitrary: fc.uniqueArray(fc.record({ name, value }), {
        selector: (member) => member.name,
        maxLength: 14,
      }),
    },
    { weight: 1, arbitrary: fc.array(fc.record({ name, value }), { maxLength: 6 }) },
  );

const row = (value: fc.Arbitrary<Tree>): fc.Arbitrary<Tree> =>
  fc
    .record({
      key: fc.constantFrom('"id"', '"id"', '"name"', '"_id"', '"x"'),
      id: fc.nat({ max: 60 }),
      rest: membersOf(value),
    })
    .map(({ key, id, rest }) =>
      object([
        { name: key, value: { kind: 'scalar', raw: String(id) } },
        ...rest.filter((member) => member.name !== key).slice(0, 4),
      ]),
    );

/** Any JSON text, as a tree. */
export const tree: fc.Arbitrary<Tree> = fc.letrec<{ tree: Tree; value: Tree; container: Tree }>((tie) => ({
  tree: fc.oneof({ weight: 1, arbitrary: scalar }, { weight: 30, arbitrary: tie('container') }),
  value: fc.oneof({ depthSize: 'small', withCrossShrink: true }, scalar, tie('container')),
  container: fc.oneof(
    membersOf(tie('value')).map(object),
    fc.array(tie('value'), { maxLength: 12 }).map(array),
    fc.array(row(tie('value')), { maxLength: 24 }).map(array),
    fc
      .array(fc.constantFrom<Tree>(...['0', '1', '""', '[]', '{}', '{"a":1}'].map(leaf)), { maxLength: 40 })
      .map(array),
    fc.tuple(tie('value'), fc.nat({ max: 30 })).map(([value, depth]) => nest(value, depth)),
  ),
})).tree;

function leaf(raw: string): Tree {
  if (raw === '[]') return array([]);
  if (raw === '{}') return object([]);
  if (raw === '{"a":1}') return object([{ name: '"a"', value: leaf('1') }]);
  return { kind: 'scalar', raw };
}

function nest(value: Tree, depth: number): Tree {
  let tree = value;
  for (let k = 0; k < depth; k++) tree = k % 2 === 0 ? array([tree]) : object([{ name: '"n"', value: tree }]);
  return tree;
}

/** One change of a state. `way` chooses where: a number for each level. */
export interface Edit {
  kind:
    | 'insert'
    | 'remove'
    | 'replace'
    | 'duplicate'
    | 'move'
    | 'swap'
    | 'reverse'
    | 'rename'
    | 'drop'
    | 'wrap';
  way: number[];
  at: number;
  to: number;
  count: number;
  value: Tree;
  name: string;
}

export const edit: fc.Arbitrary<Edit> = fc.record({
  kind: fc.constantFrom<Edit['kind'][]>(
    'insert',
    'remove',
    'replace',
    'duplicate',
    'move',
    'swap',
    'reverse',
    'rename',
    'drop',
    'wrap',
  ),
  way: fc.oneof(
    { weight: 1, arbitrary: fc.constant<number[]>([]) },
    { weight: 5, arbitrary: fc.array(fc.nat({ max: 1000 }), { minLength: 1, maxLength: 6 }) },
  ),
  at: fc.nat({ max: 1000 }),
  to: fc.nat({ max: 1000 }),
  count: fc.integer({ min: 1, max: 5 }),
  value: fc.oneof(
    scalar,
    row(scalar),
    membersOf(scalar).map(object),
    fc.array(scalar, { maxLength: 5 }).map(array),
  ),
  name,
});

/** The tree with these edits done one after the other; the tree itself stays as it is. */
export function edited(tree: Tree, edits: readonly Edit[]): Tree {
  const root = { value: structuredClone(tree) };
  for (const one of edits) {
    let holder: { value: Tree } = root;
    for (const turn of one.way) {
      const { value } = holder;
      if (value.kind === 'array' && value.items.length > 0)
        holder = itemHolder(value, turn % value.items.length);
      else if (value.kind === 'object' && value.members.length > 0)
        holder = value.members[turn % value.members.length]!;
      else break;
    }
    editHere(holder, one);
  }
  return root.value;
}

function itemHolder(tree: ArrayTree, k: number): { value: Tree } {
  return {
    get value() {
      return tree.items[k]!;
    },
    set value(value) {
      tree.items[k] = value;
    },
  };
}

function editHere(holder: { value: Tree }, { kind, at, to, count, value, name }: Edit): void {
  const { value: tree } = holder;
  if (kind === 'wrap') holder.value = array([tree]);
  else if (kind === 'replace' || tree.kind === 'scalar') holder.value = structuredClone(value);
  else if (tree.kind === 'array') editList(tree.items, kind, at, to, count, structuredClone(value));
  else if (kind === 'rename' && tree.members.length > 0)
    tree.members[at % tree.members.length]!.name = freeName(tree, name);
  else
    editList(tree.members, kind, at, to, count, {
      name: freeName(tree, name),
      value: structuredClone(value),
    });
}

/** Mostly one that is not there yet. */
function freeName(tree: ObjectTree, name: string): string {
  return tree.members.some((member) => member.name === name) && name.length < 9
    ? `${name.slice(0, -1)}_${tree.members.length}"`
    : name;
}

function editList<T>(list: T[], kind: Edit['kind'], at: number, to: number, count: number, fresh: T): void {
  const k = list.length === 0 ? 0 : at % list.length;
  const size = list.length + 1;
  if (kind === 'insert' || kind === 'rename') list.splice(at % size, 0, fresh);
  else if (kind === 'remove') list.splice(k, count);
  else if (kind === 'drop') list.length = Math.min(list.length, at % size);
  else if (kind === 'reverse') list.reverse();
  else if (kind === 'duplicate') list.splice(to % size, 0, ...structuredClone(list.slice(k, k + count)));
  else if (kind === 'swap' && list.length > 1) {
    const other = to % list.length;
    [list[k], list[other]] = [list[other]!, list[k]!];
  } else if (kind === 'move') {
    const block = list.splice(k, count);
    list.splice(to % (list.length + 1), 0, ...block);
  }
}

/** A text and another that was made from it, or from nothing it has in common with. */
export const pairOfTexts: fc.Arbitrary<[string, string]> = fc
  .tuple(
    tree,
    fc.oneof({ weight: 12, arbitrary: fc.array(edit, { maxLength: 6 }) }, { weight: 1, arbitrary: tree }),
  )
  .map(([base, change]) => [
    printTree(base),
    printTree(Array.isArray(change) ? edited(base, change) : change),
  ]);

/** A table of many rows, much of it alike, and the same after some edits of rows and of what is in them. */
export const pairOfTables: fc.Arbitrary<[string, string]> = fc
  .record({
    rows: fc.integer({ min: 20, max: 400 }),
    key: fc.constantFrom('"id"', '"name"', '"x"'),
    /** Rows whose key is the same: 1 for none. */
    alike: fc.constantFrom(1, 1, 2, 50),
    shape: fc.constantFrom<'objects' | 'arrays' | 'scalars'>('objects', 'objects', 'arrays', 'scalars'),
    padding: fc.constantFrom(0, 5, 60),
    edits: fc.array(edit, { maxLength: 12 }),
  })
  .map(({ rows, key, alike, shape, padding, edits }) => {
    const items = Array.from({ length: rows }, (_, k): Tree => {
      const id = leaf(String(Math.floor(k / alike)));
      const text = leaf(`"${'pad '.repeat(padding)}${k % 7}"`);
      if (shape === 'scalars') return id;
      if (shape === 'arrays') return array([id, text]);
      return object([
        { name: '"text"', value: text },
        { name: key, value: id },
        { name: '"list"', value: array([id, text, leaf('0')]) },
      ]);
    });
    const table = object([{ name: '"rows"', value: array(items) }]);
    const inTable = edits.map((one) => ({ ...one, way: one.way.length === 0 ? [0] : [0, ...one.way] }));
    return [printTree(table), printTree(edited(table, inTable))];
  });

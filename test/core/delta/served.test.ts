// The rules of the delta as it is served, each by an example, compared to the letter.

import { describe, expect, test } from '@jest/globals';
import { serveDelta } from '../../../lib/core/delta/served/serve.ts';
import { applyServed } from '../json/json-tree.ts';
import { KERNEL } from '../kernels.ts';
import { textOf } from './states.ts';

/** The bare delta; that it is exact too is checked on the way. */
function served(base: string, target: string): string {
  const { chunks } = serveDelta(KERNEL, textOf(base), textOf(target), { bare: true });
  const text = Buffer.concat(chunks).toString();
  expect(applyServed(base, text)).toBe(target);
  return text;
}

function parts(base: string, target: string) {
  return JSON.parse(served(base, target));
}

const nothing = { changes: [], additions: [], deletions: [] };

/** `rows` rows below a member with a name of `nameBytes`, each with the value. */
function below(nameBytes: number, rows: number, value: number): string {
  const items = Array.from({ length: rows }, (_, id) => ({ id, v: value, k: 'keep' }));
  return JSON.stringify({ ['n'.repeat(nameBytes)]: items });
}

describe('a delta whose paths would outgrow both texts', () => {
  test.each([
    [1_000_000, 20_000],
    [100_000, 2_000],
    [2_000_000, 300],
  ])('is one change of the whole: a name of %d bytes over %d changes', (nameBytes, rows) => {
    const [base, target] = [below(nameBytes, rows, 0), below(nameBytes, rows, 7)];
    const { chunks, counts } = serveDelta(KERNEL, textOf(base), textOf(target), { bare: true });
    expect(counts).toEqual({ additions: 0, changes: 1, deletions: 0, moves: 0 });
    expect(Buffer.concat(chunks).toString()).toBe(
      `{"changes":[{"key":"","oldValue":${base},"newValue":${target}}],"additions":[],"deletions":[]}`,
    );
  });

  test.each([
    ['escaped', '"'],
    ['plain', 'n'],
  ])('is bounded whatever the names: %s ones around names', (_, letter) => {
    const deep = (value: number): string => {
      let inner: unknown = Array.from({ length: 5_000 }, (__, id) => ({ id, v: value }));
      for (let depth = 0; depth < 50; depth++) inner = { [letter.repeat(400)]: inner };
      return JSON.stringify(inner);
    };
    const [base, target] = [deep(0), deep(1)];
    const { chunks } = serveDelta(KERNEL, textOf(base), textOf(target));
    const bytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    expect(bytes).toBeLessThan(20 * (base.length + target.length));
  });

  test('names of ordinary length stay as they are, however many changes there are', () => {
    const [base, target] = [below(300, 5_000, 0), below(300, 5_000, 1)];
    expect(serveDelta(KERNEL, textOf(base), textOf(target)).counts.changes).toBe(5_000);
  });
});

describe('a served delta', () => {
  test('is the one of the specification', () => {
    const base = '{"users":[{"id":1,"name":"Alice"}],"settings":{"theme":"dark"}}';
    const target = '{"users":[{"id":1,"name":"Alice"},{"id":2,"name":"Bob"}],"settings":{"theme":"light"}}';
    expect(served(base, target)).toBe(
      '{"changes":[{"key":"settings","oldValue":{"theme":"dark"},"newValue":{"theme":"light"}}],' +
        '"additions":[{"key":"users[1]","value":{"id":2,"name":"Bob"}}],"deletions":[]}',
    );
  });

  test('names the states it lies between, unless it is to be bare', () => {
    const base = textOf('{"a":1}');
    const target = textOf('{"a":2}');
    const { chunks, counts } = serveDelta(KERNEL, base, target);
    expect(Buffer.concat(chunks).toString()).toBe(
      '{"changes":[{"key":"a","oldValue":1,"newValue":2}],"additions":[],"deletions":[],' +
        `"base":"sha256:${base.checksum}","target":"sha256:${target.checksum}"}`,
    );
    expect(counts).toEqual({ additions: 0, changes: 1, deletions: 0, moves: 0 });
  });

  test('says nothing of what is the same', () => {
    expect(served('{"a":[1,{"b":null}]}', '{"a":[1,{"b":null}]}')).toBe(
      '{"changes":[],"additions":[],"deletions":[]}',
    );
  });

  test('gives values byte for byte', () => {
    expect(
      served('{"a":1,"x":1e400,"y":-0,"z":9007199254740993}', '{"a":1,"x":1.0,"y":0,"w":"\\ud800\\u0061"}'),
    ).toBe(
      '{"changes":[{"key":"x","oldValue":1e400,"newValue":1.0},{"key":"y","oldValue":-0,"newValue":0}],' +
        '"additions":[{"key":"w","value":"\\ud800\\u0061"}],"deletions":[{"key":"z","value":9007199254740993}]}',
    );
  });

  test('lists changes and deletions as the base has them, additions and moves as the target does', () => {
    const base = '[{"id":1,"v":1},{"id":2,"v":1},{"id":3,"v":1},{"id":4,"v":1},{"id":5,"v":1}]';
    const target = '[{"id":8,"v":1},{"id":5,"v":2},{"id":2,"v":2},{"id":4,"v":2},{"id":9,"v":1}]';
    const delta = parts(base, target);
    expect(delta.changes.map((change: { key: string }) => change.key)).toEqual(['[1].v', '[3].v', '[4].v']);
    expect(delta.deletions.map((deletion: { key: string }) => deletion.key)).toEqual(['[0]', '[2]']);
    expect(delta.additions.map((addition: { key: string }) => addition.key)).toEqual(['[0]', '[4]']);
    expect(delta.moves).toEqual([{ from: '[4]', to: '[1]' }]);
  });
});

describe('how deep it goes', () => {
  test.each([
    ['replaces what keeps nothing', '{"k":1,"s":{"a":1,"b":[2]}}', '{"k":1,"s":{"c":2,"d":[3]}}', ['s']],
    [
      'descends where names are kept',
      '{"k":1,"s":{"a":1,"b":[2]}}',
      '{"k":1,"s":{"a":2,"b":[3]}}',
      ['s.a', 's.b'],
    ],
    ['descends where a member is kept', '{"k":1,"s":{"a":1,"b":1}}', '{"k":1,"s":{"a":2,"b":1}}', ['s.a']],
    ['descends where an element is kept', '{"s":[1,[2,3]]}', '{"s":[1,[2,4]]}', ['s[1][1]']],
    [
      'descends as far as something is kept',
      '{"s":{"t":{"u":{"a":1,"b":2}}}}',
      '{"s":{"t":{"u":{"a":1,"b":3}}}}',
      ['s.t.u.b'],
    ],
    ['replaces a container by another kind', '{"k":1,"s":[1]}', '{"k":1,"s":{"a":1}}', ['s']],
    ['replaces an empty one', '{"k":1,"s":[],"t":{}}', '{"k":1,"s":[1],"t":{"a":1}}', ['s', 't']],
    ['replaces a text of another kind', '[1]', '{"a":1}', ['']],
    ['replaces a scalar text', '1', '2', ['']],
  ])('%s', (_, base, target, keys) => {
    const { changes, additions, deletions } = parts(base, target);
    expect(changes.map((change: { key: string }) => change.key)).toEqual(keys);
    expect([additions, deletions]).toEqual([[], []]);
  });

  test('takes two objects, or two arrays, apart even if they keep nothing', () => {
    expect(parts('{"a":1}', '{"b":1}')).toEqual({
      changes: [],
      additions: [{ key: 'b', value: 1 }],
      deletions: [{ key: 'a', value: 1 }],
    });
    expect(parts('[]', '[1]')).toEqual({ ...nothing, additions: [{ key: '[0]', value: 1 }] });
  });

  test('replaces an object in which a name comes twice, on either side', () => {
    expect(parts('{"k":1,"s":{"a":1,"a":2,"b":3}}', '{"k":1,"s":{"a":1,"a":2,"b":4}}').changes).toHaveLength(
      1,
    );
    expect(served('{"k":1,"s":{"a":1}}', '{"k":1,"s":{"a":1,"a":2}}')).toContain(
      '"key":"s","oldValue":{"a":1},"newValue":{"a":1,"a":2}',
    );
    expect(served('{"a":1,"a":2}', '{"a":1,"a":3}')).toContain(
      '"key":"","oldValue":{"a":1,"a":2},"newValue":{"a":1,"a":3}',
    );
  });

  test('replaces it in whatever there is around it, if that keeps nothing else', () => {
    const { changes } = parts('{"k":1,"s":{"t":{"a":1,"a":2}}}', '{"k":1,"s":{"t":{"a":1,"a":3}}}');
    expect(changes).toMatchObject([{ key: 's' }]);
  });

  test('tells names by how they are written', () => {
    expect(served('{"a":1,"\\u0061":2}', '{"a":1,"\\u0061":3}')).toContain('"key":"[\\"\\\\u0061\\"]"');
  });
});

describe('paths', () => {
  test.each([
    ['{"a":{"b":[0,[1]],"k":0}}', '{"a":{"b":[0,[2]],"k":0}}', 'a.b[1]'],
    ['{"$_1":1,"k":0}', '{"$_1":2,"k":0}', '$_1'],
    ['{"a.b":1}', '{"a.b":2}', '["a.b"]'],
    ['{"":1}', '{"":2}', '[""]'],
    ['{"0":1}', '{"0":2}', '["0"]'],
    ['{"users[1]":1}', '{"users[1]":2}', '["users[1]"]'],
    ['{"é":1}', '{"é":2}', '["é"]'],
    ['{"\\"]":1}', '{"\\"]":2}', '["\\"]"]'],
    ['{"\\ud800":1}', '{"\\ud800":2}', '["\\ud800"]'],
    [
      '{"__proto__":{"constructor":1,"k":1}}',
      '{"__proto__":{"constructor":2,"k":1}}',
      '__proto__.constructor',
    ],
    ['{"a b":{"c-d":[[1,2]],"k":0}}', '{"a b":{"c-d":[[1,3]],"k":0}}', '["a b"]["c-d"][0][1]'],
  ])('%s', (base, target, key) => {
    expect(parts(base, target).changes[0].key).toBe(key);
  });
});

describe('elements', () => {
  const rows = (ids: number[], v = 0): string => `[${ids.map((id) => `{"id":${id},"v":${v}}`).join()}]`;
  const count = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, k) => from + k);

  test.each([
    ['at the head', [99, ...count(0, 20)], '[0]'],
    ['in the middle', [...count(0, 7), 99, ...count(7, 20)], '[7]'],
    ['at the end', [...count(0, 20), 99], '[20]'],
  ])('one inserted %s is one addition', (_, target, key) => {
    expect(parts(rows(count(0, 20)), rows(target))).toEqual({
      ...nothing,
      additions: [{ key, value: { id: 99, v: 0 } }],
    });
  });

  test('several inserted and deleted are told one by one, each in the numbers of its own side', () => {
    const delta = parts(rows(count(0, 10)), rows([70, 71, 0, 1, 5, 6, 7, 8, 9]));
    expect(delta.additions.map((one: { key: string }) => one.key)).toEqual(['[0]', '[1]']);
    expect(delta.deletions.map((one: { key: string }) => one.key)).toEqual(['[2]', '[3]', '[4]']);
  });

  test('a block that moves is one move', () => {
    const target = rows([...count(5, 20), ...count(0, 5)]);
    expect(parts(rows(count(0, 20)), target)).toEqual({
      ...nothing,
      moves: [{ from: '[0]', to: '[15]', count: 5 }],
    });
  });

  test('a block that moves is one move, even if something in it has changed', () => {
    const target = rows([...count(5, 20), ...count(0, 5)]).replace('"id":2,"v":0', '"id":2,"v":7');
    expect(parts(rows(count(0, 20)), target)).toEqual({
      ...nothing,
      changes: [{ key: '[2].v', oldValue: 0, newValue: 7 }],
      moves: [{ from: '[0]', to: '[15]', count: 5 }],
    });
  });

  test('are told by their place only between others that kept theirs', () => {
    expect(parts('[1,2,3,4,5,"x",6]', '["y",6,1,2,3,4,5]')).toEqual({
      changes: [],
      additions: [{ key: '[0]', value: 'y' }],
      deletions: [{ key: '[5]', value: 'x' }],
      moves: [{ from: '[6]', to: '[1]' }],
    });
  });

  test('one that moves and changes is a move and a change', () => {
    const base = '[{"id":1,"v":1,"w":1},{"id":2,"v":1,"w":1},{"id":3,"v":1,"w":1}]';
    const target = '[{"id":3,"v":2,"w":1},{"id":1,"v":1,"w":1},{"id":2,"v":1,"w":1}]';
    expect(parts(base, target)).toEqual({
      ...nothing,
      changes: [{ key: '[2].v', oldValue: 1, newValue: 2 }],
      moves: [{ from: '[2]', to: '[0]' }],
    });
  });

  test.each(['id', '_id', 'uuid', 'uid', 'guid', 'key', 'name', 'ID', 'Name'])(
    'are told by their %s',
    (name) => {
      const row = (id: number, v: number): string => `{"x":{"y":"}"},"v":${v},"${name}":"n${id}"}`;
      const base = `[${[1, 2, 3, 4].map((id) => row(id, id)).join()}]`;
      const target = `[${[9, 3, 2].map((id) => row(id, id + 10)).join()}]`;
      const delta = parts(base, target);
      expect(delta.changes.map((one: { key: string }) => one.key)).toEqual(['[1].v', '[2].v']);
      expect([delta.additions.length, delta.deletions.length, delta.moves.length]).toEqual([1, 2, 1]);
    },
  );

  test('with an identity of their own are never taken for each other', () => {
    expect(parts('[0,{"id":1,"v":5}]', '[0,{"id":2,"v":5}]')).toEqual({
      changes: [],
      additions: [{ key: '[1]', value: { id: 2, v: 5 } }],
      deletions: [{ key: '[1]', value: { id: 1, v: 5 } }],
    });
  });

  test('whose identity is not theirs alone are told by their place', () => {
    const delta = parts('[0,{"id":1,"v":1},{"id":1,"v":2}]', '[0,{"id":1,"v":3},{"id":1,"v":4}]');
    expect(delta.changes.map((one: { key: string }) => one.key)).toEqual(['[1].v', '[2].v']);
  });

  test('without any are told by their place, scalars as scalars and containers as their kind', () => {
    const delta = parts('[0,1,[1,2],{"a":1,"b":2},9]', '[0,2,[1,3],{"a":1,"b":3},9]');
    expect(delta.changes.map((one: { key: string }) => one.key)).toEqual(['[1]', '[2][1]', '[3].b']);
    expect(parts('[0,1,9]', '[0,[1],9]')).toMatchObject({
      additions: [{ key: '[1]' }],
      deletions: [{ key: '[1]' }],
    });
  });
});

describe('members', () => {
  test('are appended without a number, and inserted with one', () => {
    expect(parts('{"a":1,"b":2}', '{"x":0,"a":1,"b":2,"y":3}').additions).toEqual([
      { key: 'x', value: 0, index: 0 },
      { key: 'y', value: 3 },
    ]);
  });

  test('keep their order: one that changes its place is a move with a number', () => {
    expect(parts('{"a":1,"b":2,"c":3}', '{"c":3,"a":1,"b":2}')).toEqual({
      ...nothing,
      moves: [{ from: 'c', to: 'c', index: 0 }],
    });
  });

  test('of any number are found by name', () => {
    const members = (from: number, to: number, v: number): string =>
      Array.from({ length: to - from }, (_, k) => `"k${from + k}":${v}`).join();
    const delta = parts(
      `{${members(0, 400, 1)}}`,
      `{${members(300, 400, 2)},${members(100, 299, 1)},"new":1}`,
    );
    expect(delta.changes).toHaveLength(100);
    expect(delta.deletions).toHaveLength(101);
    expect(delta.additions).toEqual([{ key: 'new', value: 1 }]);
    expect(delta.moves).toHaveLength(100);
  });

  test('of the same name but another value kind are one change', () => {
    expect(parts('{"a":1,"b":{"c":1}}', '{"a":1,"b":"c"}').changes).toEqual([
      { key: 'b', oldValue: { c: 1 }, newValue: 'c' },
    ]);
  });
});

// A place that is followed through edits stands where looking through the whole text finds it, whatever the edits are.

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compare } from '../../../lib/core/delta/compare/diff.ts';
import { encodeDelta } from '../../../lib/core/delta/stored/encode.ts';
import { type Sight, sightsAlong } from '../../../lib/core/history/along.ts';
import { isPlainlyGone, isPlainText, type TextEdit } from '../../../lib/core/history/edits.ts';
import { readChildren } from '../../../lib/core/history/level.ts';
import type { Parts } from '../../../lib/core/history/parts.ts';
import { findPlace } from '../../../lib/core/history/place.ts';
import { follow, placeOf, track } from '../../../lib/core/history/track.ts';
import { pathsIn } from '../../service/history/chains.ts';
import { edit, edited, pairOfTables, pairOfTexts, textOf, tree } from '../delta/states.ts';
import { parseTree, printTree } from '../json/json-tree.ts';
import { KERNEL } from '../kernels.ts';

const numRuns = Number(process.env.DELTA_RUNS ?? 20);

/** Paths by names and numbers, and by what some rows may be called. */
const pathsOf = (states: readonly string[]): string[][] =>
  pathsIn(states).flatMap((path) => [
    path,
    ...['id=1', 'name=3', 'id="5"'].map((row) => [...path.slice(0, -1), row]),
    ['rows', 'id=5', 'list', '0'],
  ]);

function expectAlong(states: readonly string[]): void {
  const texts = states.map(textOf);
  const deltas = texts.slice(1).map((target, i) => {
    const { diff } = compare(KERNEL, texts[i]!, target, { paysRatio: Number.POSITIVE_INFINITY });
    return Buffer.concat(encodeDelta(diff!));
  });
  for (const path of pathsOf(states)) {
    const { sights, checksum } = sightsAlong(KERNEL, texts[0]!.bytes, deltas, path, { textBytesMax: 1e9 });
    expect(checksum).toBe(texts.at(-1)!.checksum);
    const plain = texts.map(({ bytes }): Sight => {
      const [sight] = sightsAlong(KERNEL, bytes, [], path, { textBytesMax: 1e9 }).sights;
      return sight!;
    });
    expect(sights).toEqual(plain);
    for (const besideBytesMin of [0, 16]) {
      const bounds = { besideBytesMin };
      const again = sightsAlong(KERNEL, texts[0]!.bytes, deltas, path, { textBytesMax: 1e9 }, bounds);
      expect(again.sights).toEqual(plain);
    }
    for (const [i, sight] of plain.entries()) {
      const place = findPlace(texts[i]!.bytes, path);
      const found = typeof place === 'string' ? place : place.end - place.start;
      expect(typeof sight === 'string' ? sight : sight.value.bytes).toBe(found);
    }
  }
}

function partsOf(text: string | Buffer): Parts {
  const bytes = Buffer.from(text);
  return { bytes: bytes.length, part: (from, to) => bytes.subarray(from, to) };
}

/** The one edit that is left once what both begin and end with is taken off, more or less of it. */
function oneEdit(base: string, target: string, slack: number) {
  const [a, b] = [Buffer.from(base), Buffer.from(target)];
  let from = 0;
  while (from < Math.min(a.length, b.length) && a[from] === b[from]) from++;
  let behind = 0;
  while (behind < Math.min(a.length, b.length) - from && a.at(-1 - behind) === b.at(-1 - behind)) behind++;
  from = Math.max(0, from - (slack % 7));
  behind = Math.max(0, behind - (slack % 5));
  const [to, end] = [a.length - behind, b.length - behind];
  const isPlain = isPlainlyGone(partsOf(a), from, to) && isPlainText(b, from, end);
  return { from, to, start: from, end, isPlain };
}

function expectFollowed(states: readonly string[], slack: number): void {
  for (const path of pathsOf(states)) {
    for (const besideBytesMin of [0, 16, 1e9]) {
      const tracker = track(KERNEL, partsOf(states[0]!), path, { besideBytesMin });
      for (const [i, state] of states.entries()) {
        if (i > 0) follow(tracker, partsOf(state), [oneEdit(states[i - 1]!, state, slack)]);
        expect(placeOf(tracker)).toEqual(findPlace(Buffer.from(state), path));
      }
    }
  }
}

const chain = fc
  .tuple(tree, fc.array(fc.array(edit, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 4 }))
  .map(([first, changes]) => {
    const states = [printTree(first)];
    for (const edits of changes) states.push(printTree(edited(parseTree(states.at(-1)!), edits)));
    return states;
  });

/** Names and scalars one after the other that are alike to the byte, and what tempts whoever counts quotes and brackets. */
const TOKENS = [
  ...['1', '12', '5', '57', '-1', 'true', 'null', '""', '"a"', '"ab"', '"5"', '"id"', '"n"'],
  ...[String.raw`"\n"`, String.raw`"\\"`, String.raw`"\""`, String.raw`"\\\""`, String.raw`"\u0035"`],
  ...[String.raw`"\u0069d"`, String.raw`"\\,"`, '"[,"', '"]}"', '"é"'],
];
const others = fc.array(fc.option(fc.constantFrom(...TOKENS), { freq: 2, nil: undefined }), {
  minLength: 1,
  maxLength: 30,
});

/** The text with some of its names and scalars replaced, and each of that as an edit of as few bytes as can be. */
function withOthers(text: string, replacements: readonly (string | undefined)[]) {
  const edits: TextEdit[] = [];
  let next = '';
  let behind = 0;
  let count = 0;
  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|[-\dtfn][^,\]}]*/g)) {
    next += text.slice(behind, index);
    behind = index + token.length;
    const other = replacements[count++ % replacements.length] ?? token;
    const now = text[behind] === ':' && !other.startsWith('"') ? token : other;
    const at = Buffer.byteLength(text.slice(0, index));
    const start = Buffer.byteLength(next);
    const { from, to, end } = oneEdit(token, now, 0);
    if (now !== token) edits.push({ from: at + from, to: at + to, start: start + from, end: start + end });
    next += now;
  }
  next += text.slice(behind);
  const [before, after] = [partsOf(text), Buffer.from(next)];
  for (const edit of edits) {
    edit.isPlain = isPlainlyGone(before, edit.from, edit.to) && isPlainText(after, edit.start, edit.end);
  }
  return { next, edits };
}

function expectFollowedPlainly(first: string, rounds: readonly (string | undefined)[][]): void {
  const texts = [{ next: first, edits: [] as TextEdit[] }];
  for (const replacements of rounds) texts.push(withOthers(texts.at(-1)!.next, replacements));
  for (const path of pathsOf(texts.map(({ next }) => next))) {
    for (const besideBytesMin of [0, 16, 1e9]) {
      const tracker = track(KERNEL, partsOf(first), path, { besideBytesMin });
      for (const { next, edits } of texts) {
        follow(tracker, partsOf(next), edits);
        expect(placeOf(tracker)).toEqual(findPlace(Buffer.from(next), path));
      }
    }
  }
}

describe('a place that is followed', () => {
  test('through the deltas of any chain', () => {
    fc.assert(fc.property(chain, expectAlong), { numRuns });
  });

  test('through the deltas of tables, there and back', () => {
    fc.assert(
      fc.property(pairOfTables, ([base, target]) => expectAlong([base, target, base])),
      { numRuns: Math.ceil(numRuns / 10) },
    );
  });

  test('through edits that cut anywhere', () => {
    fc.assert(fc.property(chain, fc.nat({ max: 40 }), expectFollowed), { numRuns });
    fc.assert(
      fc.property(pairOfTexts, fc.nat({ max: 40 }), ([base, target], slack) =>
        expectFollowed([base, target, base], slack),
      ),
      { numRuns },
    );
  });

  test('through edits within names and scalars, which are not looked into if they are plain', () => {
    const table = pairOfTables.map(([base]) => base);
    const text = fc.oneof({ weight: 9, arbitrary: tree.map(printTree) }, { weight: 1, arbitrary: table });
    fc.assert(fc.property(text, fc.array(others, { minLength: 1, maxLength: 3 }), expectFollowedPlainly), {
      numRuns: numRuns * 2,
    });
  });

  test('where an element goes and comes that is nothing but plain characters', () => {
    for (const [before, after, edit] of [
      ['{"a":[1]}', '{"a":[]}', { from: 6, to: 7, start: 6, end: 6 }],
      ['{"a":[]}', '{"a":[1]}', { from: 6, to: 6, start: 6, end: 7 }],
      ['{"a":[1,2]}', '{"a":[1,23]}', { from: 9, to: 9, start: 9, end: 10 }],
      ['{"a":[1,2]}', '{"a":[1,32]}', { from: 8, to: 8, start: 8, end: 9 }],
    ] as const) {
      for (const step of ['0', '1']) {
        const tracker = track(KERNEL, partsOf(before), ['a', step], { besideBytesMin: 0 });
        follow(tracker, partsOf(after), [{ ...edit, isPlain: true }]);
        expect(placeOf(tracker)).toEqual(findPlace(Buffer.from(after), ['a', step]));
      }
    }
  });

  test('is lost where an edit within a row is of what it is called by, and found again', () => {
    const called = (id: string) => `{"rows":[{"id":1,"list":[1]},{"id":${id},"list":[5]}]}`;
    expectFollowed([called('5'), called('null'), called('5'), called('1'), called('57')], 0);
    const row = ['rows', 'id=5', 'list', '0'];
    const tracker = track(KERNEL, partsOf(called('5')), row);
    follow(tracker, partsOf(called('null')), [oneEdit(called('5'), called('null'), 0)]);
    expect(placeOf(tracker)).toBe('nothing');
  });

  test('is looked for anew where no edits are told', () => {
    const tracker = track(KERNEL, partsOf('{"a":[1,2]}'), ['a', '1']);
    follow(tracker, partsOf('{"b":0,"a":[5,[6]]}'), undefined);
    expect(placeOf(tracker)).toEqual(findPlace(Buffer.from('{"b":0,"a":[5,[6]]}'), ['a', '1']));
  });
});

test('children that are cut off anywhere are none, and nothing is thrown', () => {
  const texts = ['{"a":[1,{"b":"\\"x"}],"c":12,"d":"e"}', '[[1,[2,"]"]],{"a":{}},"\\u0041\\\\",-1.5e3,null]'];
  for (const text of texts) {
    const inner = text.slice(1, -1);
    const isObject = text.startsWith('{');
    const read = (from: number, to: number) => {
      const children = { count: 0, starts: new Float64Array(16), heads: new Float64Array(16) };
      return readChildren(partsOf(inner), from, to, isObject, children) ? children.count : false;
    };
    expect(read(0, inner.length)).toBe(isObject ? 3 : 5);
    for (let from = 0; from < inner.length; from++) {
      for (let to = from; to <= inner.length; to++) {
        const isRun = (() => {
          try {
            const [open, close] = isObject ? '{}' : '[]';
            JSON.parse(`${open}${inner.slice(from, to)}${close}`);
            return from < to;
          } catch {
            return false;
          }
        })();
        // Of what is cut within a number or a word it does not look into more than where it ends.
        if (isRun) expect(read(from, to)).not.toBe(false);
        else expect(() => read(from, to)).not.toThrow();
      }
    }
  }
});

// The scanner's fast path against the scanner without it: the same text, or the same fault at the same place.

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { GrowingSink } from '../../../lib/core/json/byte-sink.ts';
import { type Kernel, PIECE_BYTES } from '../../../lib/core/json/kernel/kernel.ts';
import { JsonScanner } from '../../../lib/core/json/scanner.ts';
import { ServiceError } from '../../../lib/core/records/errors.ts';
import { tree } from '../delta/states.ts';
import { FAST, PLAIN } from '../kernels.ts';
import { printTree } from './json-tree.ts';

const numRuns = Number(process.env.DELTA_RUNS ?? 100);

/** What comes of scanning the bytes, cut at these places. */
function outcome(
  kernel: Kernel,
  bytes: Uint8Array,
  cuts: readonly number[],
  isBody: boolean,
  depthMax: number,
): unknown {
  const sink = (): GrowingSink =>
    new GrowingSink(0, 1e8, () => {
      throw new Error('too much');
    });
  const [out, state] = [sink(), sink()];
  const scanner = new JsonScanner({
    depthMax,
    out,
    kernel,
    ...(isBody ? { uniqueRootMembers: true, member: { name: 'data', out: state } } : {}),
  });
  const borders = [...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  const texts = () => [out, state].map((one) => Buffer.from(one.slice(0, one.length)).toString());
  try {
    let from = 0;
    for (const to of borders) {
      scanner.push(bytes.slice(from, to));
      from = to;
    }
    scanner.end();
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    return [error.code, error.message, error.errors];
  }
  return [scanner.memberFound, ...texts()];
}

function expectSame(bytes: Uint8Array, cuts: readonly number[], isBody = false, depthMax = 64): unknown {
  const fast = outcome(FAST, bytes, cuts, isBody, depthMax);
  expect(fast).toEqual(outcome(PLAIN, bytes, cuts, isBody, depthMax));
  return fast;
}

/** White space between tokens, as `spaces` has it: none, some, or much. */
function spaced(json: string, spaces: readonly string[]): string {
  let k = 0;
  const tokens = json.match(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g) ?? [];
  return tokens.map((token) => token + spaces[k++ % spaces.length]!).join('');
}

const text = fc
  .tuple(
    fc.array(tree, { minLength: 1, maxLength: 12 }),
    fc.constantFrom<string[]>(
      [''],
      ['\n  ', ' ', ''],
      ['', '', '', '', ' '],
      ['\n\t\t\t\t\t\t', '\r\n      ', ' '],
    ),
  )
  .map(([trees, spaces]) =>
    spaced(`[${trees.map(printTree).join()},1.5e-7,-0,[true,false,null],"é\\u00e9\\n"]`, spaces),
  );

const bad = fc.constantFrom(
  ...[
    '"',
    '\\',
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    ' ',
    '\n',
    '\u0001',
    '0',
    '-',
    '.',
    'e',
    't',
    'u',
    '\u00a0',
    '',
    'x',
  ],
);

describe('with the kernel and without it', () => {
  test('the same texts are taken, and come out the same', () => {
    fc.assert(
      fc.property(text, fc.array(fc.nat(), { maxLength: 3 }), fc.boolean(), (json, cuts, isBody) => {
        const whole = isBody ? `{"x":${json}, "data" :${json}, "y":[1]}` : json;
        const [, ...texts] = expectSame(Buffer.from(whole), cuts, isBody, 200) as [boolean, string, string];
        expect(texts).toHaveLength(2);
      }),
      { numRuns },
    );
  });

  test('the same texts are refused, at the same place', () => {
    fc.assert(
      fc.property(
        text,
        fc.array(fc.nat(), { maxLength: 3 }),
        fc.boolean(),
        fc.array(fc.tuple(fc.nat(), fc.nat({ max: 2 }), bad), { minLength: 1, maxLength: 2 }),
        fc.constantFrom(4, 12, 200),
        (json, cuts, isBody, faults, depthMax) => {
          let broken = isBody ? `{"x":1,"data":${json},"y":[1]}` : json;
          for (const [place, length, put] of faults) {
            const at = place % broken.length;
            broken = broken.slice(0, at) + put + broken.slice(at + length);
          }
          expectSame(Buffer.from(broken), cuts, isBody, depthMax);
        },
      ),
      { numRuns: numRuns * 4 },
    );
  });

  test('every byte of a row may be at fault, or be where a chunk ends', () => {
    const row = '{"a":[1,-2.5,true,{"b":null,"c":"x\\u00e9\\\\y"},[],{}],"d":1e5,"e":"é"}';
    const json = `[${row},${row},${row}]`;
    for (let at = 0; at < json.length; at++) {
      expect(expectSame(Buffer.from(json), [at])).toHaveLength(3);
      for (const put of ['"', '\\', '{', ']', ',', ':', ' ', '0', '-', '.', 'e', 't', '\u0001', ''])
        expectSame(Buffer.from(json.slice(0, at) + put + json.slice(at + 1)), []);
    }
  });

  test.each(['[1,2 3]', '[1, 2, tru e]', '[- 1]', '["a" "b"]', '[1 .5]', '{"a" 1}', '[0 1]', '[0  ,1 1e5]'])(
    'what white space parts stays apart: %s',
    (json) => {
      const [code] = expectSame(Buffer.from(`[${json}${' '.repeat(200)},${json}]`), []) as [string];
      expect(code).toBe('malformed_json');
    },
  );

  test('tokens longer than a piece are taken, wherever they begin', () => {
    for (const token of [
      '7'.repeat(PIECE_BYTES + 9),
      `"${'x\\"'.repeat(PIECE_BYTES)}"`,
      `0.${'1'.repeat(200)}e7`,
    ]) {
      for (const before of ['', '1,', `${'[],'.repeat(30)}`]) {
        expect(expectSame(Buffer.from(`[${before}${token},  ${token}]`), [77])).toHaveLength(3);
      }
    }
  });
});

describe('the fast path', () => {
  const rows = (indent?: number): Buffer =>
    Buffer.from(
      JSON.stringify(
        Array.from({ length: 20_000 }, (_, id) => ({ id, name: `row ${id}`, ok: true })),
        null,
        indent,
      ),
    );

  test.each([undefined, 2])('is taken for all but the ends of a text (indent %p)', (indent) => {
    const bytes = rows(indent);
    const before = FAST.machine()!.uses.scan;
    expect(outcome(FAST, bytes, [], false, 64)).toHaveLength(3);
    const calls = FAST.machine()!.uses.scan - before;
    expect(calls).toBeGreaterThanOrEqual(Math.floor(bytes.length / PIECE_BYTES));
    expect(calls).toBeLessThan((bytes.length / PIECE_BYTES) * 1.1 + 4);
  });

  test('is taken for the state in a body', () => {
    const before = FAST.machine()!.uses.scan;
    outcome(FAST, Buffer.from(`{"data":${rows()},"id":"x"}`), [], true, 64);
    expect(FAST.machine()!.uses.scan - before).toBeGreaterThan(rows().length / PIECE_BYTES - 1);
  });

  test('is not taken where it is not wanted', () => {
    expect(PLAIN.machine()).toBeUndefined();
    expect(FAST.machine()).toBeDefined();
  });
});

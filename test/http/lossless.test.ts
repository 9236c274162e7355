// What JSON.parse would lose is found, and nothing else is.

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { findLosses, survivesAsDouble } from '../../lib/http/server/lossless.ts';

const pointers = (text: string) => findLosses(text).map((fault) => fault.pointer);

describe('numbers', () => {
  test.each([
    '0',
    '-0',
    '0.0',
    '0e999',
    '1',
    '1.0',
    '1.50',
    '10e-1',
    '1E+2',
    '100e-2',
    '-7.25',
    '0.1',
    '5e-324',
    '9007199254740991',
    '-9007199254740991',
    '9007199254740991.0',
    '0.30000000000000004',
    '2.2250738585072014e-308',
  ])('%s is kept', (source) => {
    expect(survivesAsDouble(source)).toBe(true);
  });

  test.each([
    '9007199254740992',
    '9007199254740993',
    '-9007199254740993',
    '1e16',
    '1e21',
    '1e309',
    '1e400',
    '-1e400',
    '1e-400',
    '0.1000000000000000055511151231257827',
    '3.14159265358979323846',
    '9007199254740990.5',
    '1e99999999999',
  ])('%s is not', (source) => {
    expect(survivesAsDouble(source)).toBe(false);
  });

  test('every double that is small enough is kept as it is written', () => {
    const max = Number.MAX_SAFE_INTEGER;
    fc.assert(
      fc.property(fc.double({ min: -max, max, noNaN: true }), (value) => {
        expect(survivesAsDouble(JSON.stringify(value))).toBe(true);
      }),
    );
  });

  test('a megabyte of zeros takes no time', () => {
    const started = performance.now();
    expect(survivesAsDouble(`0.${'0'.repeat(1_000_000)}1`)).toBe(false);
    expect(survivesAsDouble(`1.${'0'.repeat(1_000_000)}`)).toBe(true);
    expect(performance.now() - started).toBeLessThan(1000);
  });
});

test('whatever JSON.stringify writes of text, lists and objects loses nothing', () => {
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { depthSize: 'small' },
      fc.string({ unit: 'binary' }),
      fc.boolean(),
      fc.constant(null),
      fc.maxSafeInteger(),
      fc.array(tie('tree')),
      fc.dictionary(
        fc.string({ unit: 'binary' }).filter((key) => key !== '__proto__'),
        tie('tree'),
      ),
    ),
  }));
  fc.assert(
    fc.property(tree, fc.constantFrom(0, 2), (value, indent) => {
      expect(findLosses(JSON.stringify(value, null, indent))).toEqual([]);
    }),
  );
});

test.each([
  ['{"a":1,"a":1}', ['/a']],
  ['{"a":1,"a":2,"a":3}', ['/a', '/a']],
  ['{"a":{"b":1},"c":{"b":1}}', []],
  ['{"a":[{"x":1,"x":2}]}', ['/a/0/x']],
  ['{"a\\"}":1,"a\\"}":2}', ['/a"}']],
  ['{"\\u0061":1,"a":2}', ['/a']],
  ['{"a/b":{"~":1,"~":2}}', ['/a~1b/~0']],
  ['{"__proto__":1}', ['/__proto__']],
  ['[{"__proto__":{"__proto__":1}}]', ['/0/__proto__', '/0/__proto__/__proto__']],
  ['{"__Proto__":1,"proto":"__proto__"}', []],
  ['"\\ud800"', ['']],
  ['["\\ud83d\\ude00","\\ude00\\ud83d"]', ['/1']],
  ['{"\\udc00":1}', ['/\udc00']],
  [' { "a" : [ 1 , 1e400 , { "b" : 1e400 } ] , "c" : [ ] , "d" : { } } ', ['/a/1', '/a/2/b']],
  ['1e400', ['']],
  ['"1e400 \\\\"', []],
])('%s', (text, expected) => {
  expect(() => JSON.parse(text)).not.toThrow();
  expect(pointers(text)).toEqual(expected);
});

test('nesting as deep as the scanner lets through is walked', () => {
  const depth = 512;
  expect(pointers(`${'['.repeat(depth)}1e400${']'.repeat(depth)}`)).toEqual(['/0'.repeat(depth)]);
});

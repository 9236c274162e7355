// What the console marks of a change, and takes out of answers: texts as they are, cut nowhere within a character or an escape.

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { differing, entriesOf, kindOf } from '../../console/app/exact.ts';

const scalar = fc
  .oneof(fc.string({ unit: 'grapheme', maxLength: 12 }), fc.double(), fc.boolean(), fc.constant(null))
  .map((value) => JSON.stringify(value))
  // Escapes as others write them, too.
  .chain((text) =>
    fc.constantFrom(
      text,
      text.replace(/[^\x20-\x7e]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`),
    ),
  );
const pair = fc.oneof(
  fc.tuple(scalar, scalar),
  fc
    .tuple(
      fc.string({ unit: 'binary', maxLength: 8 }),
      fc.string({ unit: 'binary', maxLength: 4 }),
      fc.string({ unit: 'binary', maxLength: 4 }),
    )
    .map(([both, a, b]): [string, string] => [
      JSON.stringify(both + a + both),
      JSON.stringify(both + b + both),
    ]),
);

describe('what differs of two texts', () => {
  test('stands between what they have in common, and is cut at whole characters and escapes', () => {
    fc.assert(
      fc.property(pair, ([old, now]) => {
        const { head, tail } = differing(old, now);
        expect(head + tail).toBeLessThanOrEqual(Math.min(old.length, now.length));
        expect(old.slice(0, head)).toBe(now.slice(0, head));
        expect(old.slice(old.length - tail)).toBe(now.slice(now.length - tail));
        for (const text of [old, now]) {
          expect(isLow(text.charCodeAt(head)) && head > 0).toBe(false);
          expect(isLow(text.charCodeAt(text.length - tail)) && tail > 0).toBe(false);
          for (const part of [text.slice(0, head), text.slice(0, text.length - tail)]) {
            expect(/(?<!\\)(\\\\)*\\(u[0-9a-f]{0,3})?$/i.test(part)).toBe(false);
          }
        }
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    ['"a@example.com"', '"a@example.org"', 'com', 'org'],
    ['"\\u00e4"', '"\\u00e5"', '\\u00e4', '\\u00e5'],
    ['"\\u00e4"', '"\\u00f4"', '\\u00e4', '\\u00f4'],
    ['"\\n"', '"n"', '\\n', 'n'],
    ['"😀"', '"😁"', '😀', '😁'],
    ['19.90', '18.50', '9.9', '8.5'],
    ['"same"', '"same"', '', ''],
  ])('%s, %s', (old, now, a, b) => {
    const { head, tail } = differing(old, now);
    expect([old.slice(head, old.length - tail), now.slice(head, now.length - tail)]).toEqual([a, b]);
  });
});

test('values of a difference are taken out as they stand there', () => {
  const text =
    '{"changes":[{"key":"k","pointer":"/a","row":"/id=1/a","oldValue":1e2,"newValue":12345678901234567890.10}],' +
    '"additions":[{"pointer":"/b\\u0022","value":{"x":1.0,"x":"\\u00e4"}},{"pointer":"/long","bytes":99999}],' +
    '"deletions":[{"pointer":"/c","value":"[masked]","masked":true}],"moves":[{"pointer":"/d","toPointer":"/e"}]}';
  expect(entriesOf(text)).toEqual([
    { sign: '~', pointer: '/a', row: '/id=1/a', old: '1e2', now: '12345678901234567890.10' },
    { sign: '+', pointer: '/b"', now: '{"x":1.0,"x":"\\u00e4"}' },
    { sign: '+', pointer: '/long', nowBytes: 99_999 },
    { sign: '−', pointer: '/c', old: '"[masked]"', isMasked: true },
    { sign: '→', pointer: '/d', to: '/e' },
  ]);
  expect(['{}', '[]', '""', '0', '-1', 'true', 'false', 'null'].map(kindOf)).toEqual([
    ...['object', 'array', 'string', 'number', 'number', 'boolean', 'boolean', 'null'],
  ]);
});

const isLow = (code: number): boolean => code >= 0xdc00 && code <= 0xdfff;

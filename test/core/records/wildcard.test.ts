import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { fitsPattern } from '../../../lib/core/records/wildcard.ts';

/** What it is to be, by one who tries everything. */
function fits(pattern: string, text: string): boolean {
  if (pattern === '') return text === '';
  const [first] = pattern;
  if (first !== '*') return text[0] === first && fits(pattern.slice(1), text.slice(1));
  return fits(pattern.slice(1), text) || (text !== '' && fits(pattern, text.slice(1)));
}

test('a star is anything, all else is itself', () => {
  const short = (...units: string[]) => fc.string({ unit: fc.constantFrom(...units), maxLength: 8 });
  fc.assert(
    fc.property(short('a', 'b', '*', '.'), short('a', 'b', '.', '\n'), (pattern, text) => {
      expect(fitsPattern(pattern, text)).toBe(fits(pattern, text));
    }),
    { numRuns: 5000 },
  );
});

test('a pattern of many stars takes no longer than to read the text', () => {
  expect(fitsPattern(`${'*a'.repeat(50)}*b`, 'a'.repeat(100_000))).toBe(false);
  expect(fitsPattern(`${'*a'.repeat(50)}*b`, `${'a'.repeat(100_000)}b`)).toBe(true);
});

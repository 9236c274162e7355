// COPY's text made into JSON: each form of value, whatever is in it, wherever it is cut.

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Form, RowJson, type Shape } from '../../lib/sources/postgresql/row-json.ts';
import { escaped } from './copy-text.ts';

const copied = (value: string | null): string => (value === null ? '\\N' : escaped(value));

function jsonOf(shape: Shape, text: string, cuts: readonly number[] = []): string {
  const chunks: Buffer[] = [];
  const rows = new RowJson(shape, (chunk) => chunks.push(chunk));
  const bytes = Buffer.from(text);
  let at = 0;
  for (const to of [...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]) {
    rows.push(bytes, at, to);
    at = to;
  }
  rows.end();
  return Buffer.concat(chunks).toString();
}

const one = (form: Form, value: string | null): string =>
  jsonOf({ fields: [{ before: '', form }], after: '' }, `${copied(value)}\n`);

test.each<[Form, string | null, string]>([
  ['string', '', '""'],
  ['string', 'null', '"null"'],
  ['string', '\\N', '"\\\\N"'],
  ['string', '\\.', '"\\\\."'],
  ['string', '\v', '"\\u000b"'],
  ['string', '"\u0001\u001f\u007f\u2028', '"\\"\\u0001\\u001f\u007f\u2028"'],
  ['string', '-Infinity', '"-Infinity"'],
  ['string', 't', '"t"'],
  ['number', '123456789012345678901234567890.10', '123456789012345678901234567890.10'],
  ['number', '-0', '-0'],
  ['number', '1e+300', '1e+300'],
  ['number', '-5e-324', '-5e-324'],
  ['number', 'NaN', '"NaN"'],
  ['number', 'Infinity', '"Infinity"'],
  ['number', '-Infinity', '"-Infinity"'],
  ['boolean', 't', 'true'],
  ['boolean', 'f', 'false'],
  ['json', '{"a":"\\n"}', '{"a":"\\n"}'],
  ['json', '"\\\\"', '"\\\\"'],
  ...(['string', 'number', 'boolean', 'json'] as const).map((form): [Form, null, string] => [
    form,
    null,
    'null',
  ]),
])('%s: %j is %s', (form, value, expected) => {
  expect(one(form, value)).toBe(expected);
});

const text = fc.string({ unit: fc.constantFrom(...'abc"\\\b\f\n\r\t\v\u0001\u007fNI-é😀 '), maxLength: 12 });
const value = fc.oneof(
  fc
    .record({ form: fc.constant<Form>('string'), value: text })
    .map((all) => ({ ...all, json: JSON.stringify(all.value) })),
  fc
    .record({ form: fc.constant<Form>('json'), value: text.map((all) => JSON.stringify([all])) })
    .map((all) => ({ ...all, json: all.value })),
  fc
    .record({
      form: fc.constant<Form>('number'),
      value: fc.constantFrom('0', '-1.50', '1e+20', 'NaN', '-Infinity'),
    })
    .map((all) => ({ ...all, json: /[NI]/.test(all.value) ? `"${all.value}"` : all.value })),
  fc
    .constantFrom('t', 'f')
    .map((all) => ({ form: 'boolean' as const, value: all, json: all === 't' ? 'true' : 'false' })),
);

test('rows of many values, cut anywhere', () => {
  // NULL takes the place of any value.
  const cell = fc.tuple(value, fc.boolean());
  const table = fc.array(cell, { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(table, fc.nat(4), fc.array(fc.nat(400), { maxLength: 12 }), (cells, more, cuts) => {
      const shape: Shape = {
        fields: cells.map(([{ form }], n) => ({ before: `${n === 0 ? '{' : ','}"c${n}":`, form })),
        after: '}',
      };
      const row = `${cells.map(([{ value }, isNull]) => copied(isNull ? null : value)).join('\t')}\n`;
      const json = `{${cells.map(([{ json }, isNull], n) => `"c${n}":${isNull ? 'null' : json}`).join(',')}}`;
      const count = more + 1;
      expect(jsonOf(shape, row.repeat(count), cuts)).toBe(
        Array.from({ length: count }, () => json).join(','),
      );
    }),
    { numRuns: 1000 },
  );
});

test('a value longer than what is handed on at a time, of bytes that become six', () => {
  const long = '\u0001é"\\'.repeat(300_000);
  const cuts = Array.from({ length: 100 }, (_, n) => n * 16_381);
  const shape: Shape = { fields: [{ before: '', form: 'string' }], after: '' };
  expect(jsonOf(shape, `${copied(long)}\n`, cuts) === JSON.stringify(long)).toBe(true);
});

describe('rows that were not asked for', () => {
  const two: Shape = {
    fields: [
      { before: '[', form: 'number' },
      { before: ',', form: 'number' },
    ],
    after: ']',
  };
  test.each(['1\n', '1\t2\t3\n', '1\t2', '1\t'])('%j', (given) => {
    expect(() => jsonOf(two, given)).toThrow('other columns');
  });
});

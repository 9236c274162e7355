// Rows of JSON made into COPY's text: what is written is what was meant, and what is odd is left to the server.

import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Kind, Written } from '../../lib/sources/postgresql/catalog.ts';
import { type Member, rowsToText } from '../../lib/sources/postgresql/row-text.ts';

const column = (name: string, written: Written, kind: Kind = 'string', taken: Written = written): Member => ({
  name,
  taken: {
    column: { name, type: 'any', written, kind, isGenerated: false, identity: '' },
    written: taken,
  },
});

/** As COPY reads a value (PostgreSQL's manual, COPY, text format). */
function meantBy(text: string): string | null {
  if (text === '\\N') return null;
  const meant: Record<string, string> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };
  return text.replaceAll(/\\(.)/gs, (_, one: string) => meant[one] ?? one);
}

/** As the server reads an array whose items are all quoted (PostgreSQL's manual, 8.15.6). */
function itemsOf(text: string): (string | null)[] {
  if (text === '{}') return [];
  expect(text).toMatch(/^\{.*\}$/s);
  const items = text.slice(1, -1).matchAll(/(?:^|,)(?:(NULL)|"((?:[^"\\]|\\.)*)")(?=,|$)/gs);
  return [...items].map(([, none, item]) => (none === undefined ? item!.replaceAll(/\\(.)/gs, '$1') : null));
}

function linesOf(members: readonly Member[], ...rows: string[]): string | undefined {
  const lines = rowsToText(members)!(rows.map((row) => Buffer.from(row)));
  return lines === undefined ? undefined : Buffer.from(lines).toString();
}

const text = fc.string({
  unit: fc.constantFrom(...'ab"\\\b\f\n\r\t\v\u0001\u007f{},$N/é😀 '),
  maxLength: 12,
});
/** A string of JSON in one of its spellings. */
const spelled = (all: string, isEscaped: boolean): string =>
  isEscaped
    ? `"${all
        .split('')
        .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
        .join('')}"`
    : JSON.stringify(all).replaceAll('/', '\\/');

test('strings come as they are, however they are spelled', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(text, fc.boolean()), { minLength: 1, maxLength: 4 }), (cells) => {
      const members = cells.map((_, n) => column(`c${n}`, 'plain'));
      const row = `{${cells.map(([all, isEscaped], n) => `"c${n}":${spelled(all, isEscaped)}`).join(',')}}`;
      const lines = linesOf(members, row, row)!.split('\n');
      expect(lines.at(-1)).toBe('');
      expect(lines).toHaveLength(3);
      for (const line of lines.slice(0, 2))
        expect(line.split('\t').map(meantBy)).toEqual(cells.map(([all]) => all));
    }),
    { numRuns: 1000 },
  );
});

test('items of arrays are quoted once more', () => {
  fc.assert(
    fc.property(fc.array(fc.option(text), { maxLength: 5 }), fc.boolean(), (items, isEscaped) => {
      const row = `{"a":[${items.map((one) => (one === null ? 'null' : spelled(one, isEscaped))).join(',')}]}`;
      const line = linesOf([column('a', 'array', 'list')], row)!;
      expect(itemsOf(meantBy(line.slice(0, -1))!)).toEqual(items);
    }),
    { numRuns: 1000 },
  );
});

test.each<[string, Member, string]>([
  ['12345678901234567890.10', column('a', 'plain', 'number'), '12345678901234567890.10'],
  ['-0', column('a', 'plain', 'number'), '-0'],
  ['true', column('a', 'plain', 'boolean'), 'true'],
  ['null', column('a', 'plain'), '\\N'],
  ['null', column('a', 'jsonb'), '\\N'],
  ['null', column('a', 'array', 'list'), '\\N'],
  ['""', column('a', 'plain'), ''],
  ['"\\\\N"', column('a', 'plain'), '\\\\N'],
  ['[[1,2.50],[true,null]]', column('a', 'array', 'list'), '{{1,2.50},{true,NULL}}'],
  ['"[2:4]={1,2,3}"', column('a', 'array', 'list'), '[2:4]={1,2,3}'],
  ['{"b":"x\\n$","c":[1.00]}', column('a', 'jsonb'), '{"b":"x\\\\n$","c":[1.00]}'],
  ['"s"', column('a', 'jsonb'), '"s"'],
  ['{"$json":null}', column('a', 'jsonb'), 'null'],
  ['{"$json":{"$json":1}}', column('a', 'jsonb'), '{"$json":1}'],
  ['" {\\"b\\" : 1} "', column('a', 'json'), ' {"b" : 1} '],
])('%s', (json, member, expected) => {
  expect(linesOf([member], `{"a":${json}}`)).toBe(`${expected}\n`);
});

test('a member that is not taken is passed over', () => {
  const members = [column('a', 'plain'), { name: 'b', taken: undefined }, column('"c', 'plain')];
  expect(linesOf(members, `{"a":1,"b":{"x":[1,"}"]},"\\"c":2}`)).toBe('1\t2\n');
});

test.each([
  ['{"a": 1}', 'white space'],
  ['{"a": "1"}', 'white space before a string'],
  ['{"a":1 }', 'white space behind'],
  ['{"a":1,"b":2}', 'more members'],
  ['{}', 'none'],
  ['{"b":1}', 'another'],
  ['{"a":{"b":1}}', 'an object for a plain value'],
  ['{"a":[1]}', 'an array for a plain value'],
  ['{"a":"\\u0000"}', 'what no text may hold'],
  ['{"a":"\\ud800"}', 'half of a pair'],
  ['{"a":"\\ud800\\u0041"}', 'half of a pair before something else'],
  ['{"a":"\\udc00"}', 'the other half'],
])('%s is left to the server: %s', (row) => {
  expect(linesOf([column('a', 'plain')], '{"a":1}', row)).toBeUndefined();
});

test.each(['{"b":1,"$json":2}', '{"\\u0024json":2}', '{"$json":1,"$json":2}'])(
  'a jsonb that may have something around it is left to the server: %s',
  (json) => {
    expect(linesOf([column('a', 'jsonb')], `{"a":${json}}`)).toBeUndefined();
  },
);

test('a table of which a column is taken for another type is left to the server', () => {
  expect(rowsToText([column('a', 'plain', 'string', 'jsonb')])).toBeUndefined();
  expect(rowsToText([column('a', 'jsonb', 'string', 'text')])).toBeUndefined();
  // box[] has semicolons between its items.
  expect(rowsToText([column('a', 'array', 'string')])).toBeUndefined();
});

// What is printed: tables, sizes, progress, and names that a terminal would act on.

import { expect, test } from '@jest/globals';
import { createProgress } from '../../lib/cli/kit/progress.ts';
import { formatBytes, formatChanges, printable, table } from '../../lib/cli/kit/words.ts';

test('names cannot act on a terminal', () => {
  expect(printable('a\u001b[31mred\u0007\n\u009b\u202eevil')).toBe(
    'a\\u001b[31mred\\u0007\\u000a\\u009b\\u202eevil',
  );
  expect(printable('ünï/🗄️ "x"')).toBe('ünï/🗄️ "x"');
});

test('columns are as wide as what is in them, and empty ones are left out', () => {
  const rows = [
    { a: 'x', n: 5, none: '' },
    { a: 'long one', n: 12, none: '' },
  ];
  expect(
    table(rows, [
      { name: 'a', value: ({ a }) => a },
      { name: 'none', value: ({ none }) => none },
      { name: 'n', value: ({ n }) => String(n), right: true },
    ]),
  ).toEqual(['A          N', 'x          5', 'long one  12']);
});

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1700, '1.7 KB'],
  [29_600_000, '29.6 MB'],
  [123_456_789_012, '123 GB'],
])('%d bytes are %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test('changes are told by their signs', () => {
  expect(formatChanges({ additions: 400, changes: 200, deletions: 34, moves: 0 })).toBe('+400 ~200 -34');
  expect(formatChanges({ additions: 0, changes: 0, deletions: 0, moves: 0 })).toBe('unchanged');
  expect(formatChanges(undefined)).toBe('');
});

test('progress has bytes, rate and time left: one line on a terminal, one each half minute elsewhere', () => {
  const run = (isTerminal: boolean, isQuiet = false) => {
    let at = 0;
    let text = '';
    const progress = createProgress({
      ...{ what: 'shop', total: 100e6, isTerminal, isQuiet },
      write: (more) => {
        text += more;
      },
      now: () => at,
    });
    for (let second = 0; second <= 70; second++) {
      at = second * 1000;
      progress.bytes(second * 1e6);
    }
    progress.end();
    return text;
  };
  expect(run(false).split('\n')).toEqual([
    'shop [#######-----------------] 30.0 MB of 100 MB  1.0 MB/s  1 min left',
    'shop [##############----------] 60.0 MB of 100 MB  1.0 MB/s  40 s left',
    '',
  ]);
  const drawn = run(true).split('\r\u001b[2K');
  expect(drawn.length).toBeGreaterThan(60);
  expect(drawn.at(-1)).toBe('');
  expect(run(true, true)).toBe('');
});

// What is exported for nobody is found, by the check that `npm run check` makes.

import { expect, test } from '@jest/globals';
import { allUnused, unusedExports } from '../../scripts/check-exports.ts';

const USES = "import { used, type Shape } from './a.ts';";

test.each([
  [
    'a function that nobody imports',
    { 'lib/a.ts': 'export function f() {}\nexport const used = 1;', 'lib/b.ts': USES },
    ['lib/a.ts f: nobody imports it'],
  ],
  [
    'a value that only a test imports',
    { 'lib/a.ts': 'export const used = 1;', 'test/b.ts': "import { used } from '../lib/a.ts';" },
    ['lib/a.ts used: only tests use it'],
  ],
  [
    'nothing where its own file uses what a test imports',
    { 'lib/a.ts': 'export const used = 1;\nf(used);', 'test/b.ts': "import { used } from '../lib/a.ts';" },
    [],
  ],
  ['no type', { 'lib/a.ts': 'export interface Shape {}' }, []],
  [
    'nothing that is imported under another name, or as a whole',
    {
      'lib/a.ts': 'export const used = 1;',
      'lib/b.ts': "import { used as mine } from './a.ts';",
      'lib/c.ts': 'export class C {}',
      'bin/d.ts': "import * as c from '../lib/c.ts';",
    },
    [],
  ],
] as [string, Record<string, string>, string[]][])('finds %s', (_, files, expected) => {
  expect(unusedExports(new Map(Object.entries(files)))).toEqual(expected);
});

test('there is none in this repository', () => {
  expect(allUnused()).toEqual([]);
});

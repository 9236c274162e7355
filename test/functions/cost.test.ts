import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { leastTable, millionTable, unitTable } from '../aws/cost.ts';

test.each([
  ['what a million cost', millionTable],
  ['what is the least', leastTable],
  ['what a unit costs', unitTable],
])('docs/cost.md has the figures that follow from what is counted: %s', (_name, table) => {
  const page = readFileSync('docs/cost.md', 'utf8').split('\n');
  const [head, ...lines] = table();
  const at = page.indexOf(head!);
  expect(page.slice(at + 1, at + 1 + lines.length)).toEqual(lines);
});

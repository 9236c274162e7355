// What the runbook has an operator look for in the logs is what the code writes there.

import { globSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';

const sources = globSync(['lib/**/*.ts', 'lambdas/**/*.ts']).map((path) => readFileSync(path, 'utf8'));
const messages = [...readFileSync('docs/operations.md', 'utf8').matchAll(/filter message = "([^"]+)"/g)].map(
  ([, message]) => message!,
);

test('the runbook names messages', () => {
  expect(messages.length).toBeGreaterThan(2);
});

test.each([...new Set(messages)])('"%s" is logged somewhere', (message) => {
  expect(sources.some((source) => new RegExp(`log\\.\\w+\\(\\s*'${message}'`).test(source))).toBe(true);
});

// What Node makes of the source is kept for the next start, and where it cannot be kept nothing is lost by that.

import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, expect, test } from '@jest/globals';
import { cleanUp, nodePath, temporaryFolder } from './server.ts';

afterEach(cleanUp);

const here = (path: string): string => pathToFileURL(join(process.cwd(), path)).href;

function runFrom(root: string): string {
  const program = `
    const { keepCompiled } = await import('${here('bin/keep-compiled.mjs')}');
    keepCompiled(${JSON.stringify(root)});
    const { closest } = await import('${here('lib/core/closest.ts')}');
    console.log(typeof closest);`;
  const { NODE_COMPILE_CACHE: _ofTheTests, ...env } = process.env;
  return execFileSync(nodePath(), ['--input-type=module', '-e', program], { encoding: 'utf8', env }).trim();
}

test('it stands beside the packages of what is run', () => {
  const root = temporaryFolder();
  expect(runFrom(root)).toBe('function');
  const kept = readdirSync(join(root, 'node_modules/.cache/compiled'), { recursive: true });
  expect(kept.length).toBeGreaterThan(1);
  expect(runFrom(root)).toBe('function');
});

test('where nothing can be written, all goes on without', () => {
  expect(runFrom('/dev/null')).toBe('function');
  expect(existsSync('/dev/null/node_modules')).toBe(false);
});

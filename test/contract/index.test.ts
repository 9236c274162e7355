// What a stranger gets of the suites: all of them, and nothing that is not there for them.

import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from '@jest/globals';
import { createMemoryBlobStore } from '../../lib/memory/blob-store.ts';
import { createMemoryCatalog } from '../../lib/memory/catalog.ts';
import { createManualClock } from '../../lib/memory/clock.ts';
import { createMemoryKeyring } from '../../lib/memory/keyring.ts';
import { createMemoryQueue } from '../../lib/memory/queue.ts';
import { createMemoryTokens } from '../../lib/memory/tokens.ts';
import { createMemoryTrailStore } from '../../lib/memory/trail-store.ts';
import { importsOf } from '../../scripts/borders.ts';
import * as suites from './index.ts';

const FOLDER = 'test/contract';
const PACKAGE = JSON.parse(readFileSync('package.json', 'utf8')) as {
  exports: Record<string, string>;
  files: string[];
};

/** A file of the package, and all that it imports, from there on. */
function reached(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  for (const specifier of importsOf(readFileSync(file, 'utf8'))) {
    if (specifier.startsWith('.')) reached(join(dirname(file), specifier), seen);
    else seen.add(specifier);
  }
  return seen;
}

test('every suite is exported', () => {
  const files = globSync(`${FOLDER}/*.suite.ts`);
  const exported = Object.keys(suites).filter((name) => name.endsWith('Suite'));
  expect(files.length).toBeGreaterThan(10);
  expect(exported).toHaveLength(files.length);
  const index = readFileSync(PACKAGE.exports['./contract-suites']!, 'utf8');
  for (const file of files) expect(index).toContain(`'./${file.split('/').at(-1)}'`);
});

test('they need jest and fast-check, no home, and nothing that is not in the package', () => {
  const all = [...reached(PACKAGE.exports['./contract-suites']!.slice(2))];
  const packages = all.filter((name) => !name.includes('/') || name.startsWith('@'));
  expect(packages.filter((name) => !name.startsWith('node:')).sort()).toEqual([
    '@jest/globals',
    'fast-check',
  ]);
  const packed = new Set(PACKAGE.files.flatMap((pattern) => globSync([pattern, `${pattern}/**`])));
  const files = all.filter((name) => !packages.includes(name));
  expect(files.filter((file) => !packed.has(file))).toEqual([]);
  expect(files.filter((file) => /^lib\/(?:memory|embedded|aws)\//.test(file))).toEqual([]);
});

const clock = createManualClock();

test.each<[string, object]>([
  ['blob-store', createMemoryBlobStore()],
  ['catalog', createMemoryCatalog()],
  ['keyring', createMemoryKeyring()],
  ['queue', createMemoryQueue(clock)],
  ['token-registry', createMemoryTokens(clock)],
  ['trail-store', createMemoryTrailStore()],
])('the suite of %s asks for every method of its port', (suite, port) => {
  const files = globSync([`${FOLDER}/${suite}.suite.ts`, `${FOLDER}/${suite}-*.tests.ts`]);
  const text = files.map((file) => readFileSync(file, 'utf8')).join();
  const methods = Object.entries(port).filter(([, member]) => typeof member === 'function');
  expect(methods.length).toBeGreaterThan(2);
  expect(methods.map(([name]) => name).filter((name) => !text.includes(`.${name}(`))).toEqual([]);
});

// What is exported and imported by nobody is either not to be exported or dead: `node scripts/check-exports.ts` lists such
// values. Types are left out: they name what a function takes or gives.

import { globSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '..');
const IMPORT = /(?:import|export)\s+(?:type\s+)?(\{[^}]*\}|\*[^']*?|[^'"{}]*?)\s+from\s+'(\.[^']+)'/g;
/** What is loaded when it is used: all of it counts as imported. */
const LOADED = /\bimport\('(\.[^']+)'\)/g;
const VALUE = /^export (?:abstract )?(?:async )?(?:function\*? |const |class )(\w+)/gm;
/** The home of the tests, whole. */
const FOR_TESTS = /^lib\/(?:memory|decorators)\//;
/** What the package gives to others. */
const ENTRIES = new Set(['lib/serve.ts', 'lib/client/client.ts', 'lib/client/aws.ts']);
/** Used by tests alone, and here for a reason. */
const KEPT = new Set([
  // The reference that all tests compare with.
  'lib/core/json/body.ts canonicalText',
]);

/** Values of `lib` that nobody imports, or only tests do though their own file has no use for them; `files` by path. */
export function unusedExports(files: ReadonlyMap<string, string>): string[] {
  const importers = new Map<string, string[]>();
  for (const [file, text] of files) {
    for (const [, names = '', from = ''] of text.matchAll(IMPORT)) {
      const target = join(dirname(file), from);
      const listed = names.startsWith('{') ? names.replace(/[{}]/g, '').split(',') : ['*'];
      for (const entry of listed) {
        const name = entry
          .trim()
          .replace(/^type\s+/, '')
          .split(/\s+as\s+/)[0]!;
        const key = `${target} ${name}`;
        importers.set(key, [...(importers.get(key) ?? []), file]);
      }
    }
    for (const [, from = ''] of text.matchAll(LOADED))
      importers.set(`${join(dirname(file), from)} *`, [file]);
  }
  const faults: string[] = [];
  for (const [file, text] of files) {
    if (!file.startsWith('lib/') || ENTRIES.has(file) || importers.has(`${file} *`)) continue;
    for (const [, name = ''] of text.matchAll(VALUE)) {
      const key = `${file} ${name}`;
      const by = importers.get(key);
      const isUsedHere = [...text.matchAll(new RegExp(`\\b${name}\\b`, 'g'))].length > 1;
      if (by === undefined) faults.push(`${key}: nobody imports it`);
      else if (
        by.every((one) => one.startsWith('test/')) &&
        !isUsedHere &&
        !FOR_TESTS.test(file) &&
        !KEPT.has(key)
      )
        faults.push(`${key}: only tests use it`);
    }
  }
  return faults;
}

/** Of this repository. */
export function allUnused(): string[] {
  const names = globSync('{bin,lambdas,lib,scripts,test}/**/*.ts', {
    cwd: ROOT,
    exclude: ['**/assembly/**'],
  });
  return unusedExports(new Map(names.map((name) => [name, readFileSync(join(ROOT, name), 'utf8')])));
}

if (process.argv[1] === import.meta.filename) {
  const faults = allUnused();
  for (const fault of faults) process.stderr.write(`unused: ${fault}\n`);
  if (faults.length > 0) process.exitCode = 1;
}

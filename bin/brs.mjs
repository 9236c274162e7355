#!/usr/bin/env node
// The command line of an installed package, or of the source. Words that every release of Node understands.

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const built = new URL('../dist/cli.mjs', import.meta.url);
const source = new URL('./cli.ts', import.meta.url);
const isInstalled = import.meta.url.includes('/node_modules/') || !existsSync(source);
const major = Number(process.versions.node.split('.')[0]);
if (!isInstalled && major < 24) {
  process.stderr.write(
    `brs: from its source this needs Node 24 or newer, and this is ${process.versions.node}: use "npx brs" in the folder, or "npm run build" first\n`,
  );
  process.exitCode = 1;
} else if (process.argv[2] === 'serve' && major < 24) {
  process.stderr.write(`brs: the service needs Node 24 or newer, and this is ${process.versions.node}\n`);
  process.exitCode = 1;
} else {
  if (!isInstalled) {
    const { keepCompiled } = await import('./keep-compiled.mjs');
    keepCompiled(fileURLToPath(new URL('..', import.meta.url)));
  }
  await import(isInstalled ? built.href : source.href);
}

#!/usr/bin/env node
// What `npm start` runs, and with a word behind it `npm run rebuild`, `npm run quarantine` and `npm run tokens`: looks whether the service can
// run here at all, in words that every release of Node understands, and then becomes what was asked for: the source, or,
// where this is an installed package, what was built of it, since Node strips no types there.

import { existsSync } from 'node:fs';
import module from 'node:module';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { keepCompiled } from './keep-compiled.mjs';

const NODE_MAJOR = 24;
const PACKAGES = ['hono', '@hono/node-server', 'zod'];
const PROGRAMS = ['rebuild', 'quarantine', 'tokens'];
const root = dirname(dirname(fileURLToPath(import.meta.url)));

const [, , word = '', ...rest] = process.argv;
const isWord = PROGRAMS.includes(word);
const program = isWord ? word : 'server';
const args = isWord ? rest : process.argv.slice(2);

const major = Number(process.versions.node.split('.')[0]);
if (major < NODE_MAJOR) {
  refuse(
    `This service needs Node ${NODE_MAJOR} or newer, and this is ${process.versions.node} (${process.execPath}): "npm ci" brings one along, "npm ci --omit=dev" does not.`,
  );
} else {
  const isInstalled = root.includes(`${sep}node_modules${sep}`);
  if (!isInstalled && PACKAGES.some(isMissing)) {
    refuse(`The packages that this service is made of are not here: run "npm ci" in ${root} first.`);
  } else {
    if (!isInstalled && program === 'server') await buildConsole();
    process.argv.splice(2, process.argv.length, ...args);
    // Threads learn of it by the environment.
    if (!isInstalled) process.env.NODE_COMPILE_CACHE ??= keepCompiled(root);
    await import(isInstalled ? `../dist/${program}.mjs` : `./${program}.ts`);
    // What is killed later keeps nothing.
    if (!isInstalled) module.flushCompileCache?.();
  }
}

/** From the source, the page is made when the service starts; where it cannot be made, all else is there. */
async function buildConsole() {
  if (isMissing('esbuild') || !existsSync(join(root, 'console/main.tsx'))) return;
  try {
    await (await import('../scripts/build-console.ts')).buildConsole();
  } catch (error) {
    process.stderr.write(`the console could not be built: ${error.message}\n`);
  }
}

function isMissing(name) {
  return !existsSync(join(root, 'node_modules', name, 'package.json'));
}

function refuse(reason) {
  process.stderr.write(`cannot start: ${reason}\n`);
  process.exitCode = 1;
}

#!/usr/bin/env node
// What `npm start` runs, and with a word behind it `npm run rebuild`, `npm run quarantine` and `npm run tokens`: looks whether the service can
// run here at all, in words that every release of Node understands, and then becomes what was asked for.

import { existsSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const NODE_MAJOR = 24;
const PACKAGES = ['hono', '@hono/node-server', 'zod'];
const PROGRAMS = { rebuild: 'rebuild.ts', quarantine: 'quarantine.ts', tokens: 'tokens.ts' };
const root = dirname(dirname(fileURLToPath(import.meta.url)));

const [, , word = '', ...rest] = process.argv;
const isWord = Object.hasOwn(PROGRAMS, word);
const program = isWord ? PROGRAMS[word] : 'server.ts';
const args = isWord ? rest : process.argv.slice(2);

const major = Number(process.versions.node.split('.')[0]);
if (major < NODE_MAJOR) {
  refuse(
    `This service needs Node ${NODE_MAJOR} or newer, and this is ${process.versions.node} (${process.execPath}): "npm ci" brings one along, "npm ci --omit=dev" does not.`,
  );
} else if (PACKAGES.some(isMissing)) {
  refuse(`The packages that this service is made of are not here: run "npm ci" in ${root} first.`);
} else if (root.includes(`${sep}node_modules${sep}`)) {
  // As a process of its own kind, so that its threads are of that kind too; it keeps our id, and with it our signals.
  const hooks = new URL('./strip-types.mjs', import.meta.url).href;
  const options = ['--disable-warning=ExperimentalWarning', '--import', hooks];
  const run = [process.execPath, ...options, join(root, 'bin', program), ...args];
  process.execve(process.execPath, run, process.env);
} else {
  process.argv.splice(2, process.argv.length, ...args);
  await import(`./${program}`);
}

/** A package lies in the folder of ours, or beside us where we are installed as one. */
function isMissing(name) {
  for (let at = root; ; at = dirname(at)) {
    if (existsSync(join(at, 'node_modules', name, 'package.json'))) return false;
    if (at === dirname(at)) return true;
  }
}

function refuse(reason) {
  process.stderr.write(`cannot start: ${reason}\n`);
  process.exitCode = 1;
}

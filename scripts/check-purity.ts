// `node scripts/check-purity.ts`: core and service follow from what they are given: no environment, no clock, no chance, and no state of
// a module that a caller could see. Ends with 1 if a file does not, with a line for each thing. What is let in is listed here, with
// its reason. A constant that is handed on says that it is one (`as const`, `Readonly<...>`), or counts as state.

import { globSync, readFileSync } from 'node:fs';
import { impuritiesOf } from './purity.ts';

/** Parts of modules that do not follow from an input, and why nobody can tell. */
const LET_IN: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'lib/core/bytes/chunks.ts': {
    setImmediate: 'gives others their turn: when something is done, never what comes of it',
  },
  'lib/core/bytes/compress.ts': { 'state idle': 'compressors at rest, as good as new' },
  'lib/core/delta/compare/in-step.ts': scratch('ofBase', 'ofTarget', 'identityHashes'),
  'lib/core/delta/compare/row-keys.ts': scratch('ofBase', 'ofTarget', 'lane'),
  'lib/core/delta/compare/lockstep-plain.ts': {
    ...scratch('at', 'found', 'isSection', 'nameLengths', 'nameStarts', 'ofBase', 'ofTarget', 'spans'),
    'state apart': 'how many of the names that are known differ: it goes with these',
    'state names': 'names of the row before, believed only where the text has the very same bytes',
  },
  'lib/core/json/spans.ts': scratch('openEntries', 'frameStart', 'frameEntries', 'frameIsObject'),
  'lib/service/chains/readers.ts': {
    clearTimeout: 'goes with the other',
    setTimeout: 'how long a reader waits for room; whoever has room never waits',
  },
  'lib/service/jobs/worker.ts': { 'node:timers/promises': 'between two tries to give back a job' },
  'lib/service/kit/collect.ts': { 'node:timers/promises': 'gives others their turn' },
};

/** Memory of a pass that never runs twice at once, and reads nothing there but what it has written. */
function scratch(...names: string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [`state ${name}`, 'memory of one pass']));
}

/** How many files there are, and what in them is neither pure nor let in, or let in and not there any more. */
export function lookAtAll(): { files: number; faults: string[] } {
  // The kernel's own sources are another language: AssemblyScript.
  const files = globSync('lib/{core,service}/**/*.ts')
    .filter((file) => !file.includes('/assembly/') && !file.endsWith('.d.ts'))
    .map((file) => file.replaceAll('\\', '/'))
    .sort();
  const faults = Object.keys(LET_IN)
    .filter((file) => !files.includes(file))
    .map((file) => `${file}: is let in, and is not there`);
  for (const file of files) {
    const allowed = LET_IN[file] ?? {};
    const found = impuritiesOf(readFileSync(file, 'utf8'));
    const strange = found.filter((name) => !Object.hasOwn(allowed, name));
    const past = Object.keys(allowed).filter((name) => !found.includes(name));
    faults.push(...strange.map((name) => `${file}: is not pure: ${name}`));
    faults.push(...past.map((name) => `${file}: ${name} is let in, and is not there any more`));
  }
  return { files: files.length, faults };
}

if (process.argv[1] === import.meta.filename) {
  const { files, faults } = lookAtAll();
  for (const fault of faults) process.stderr.write(`${fault}\n`);
  if (faults.length > 0) process.exitCode = 1;
  else process.stdout.write(`${files} files of core and service are pure\n`);
}

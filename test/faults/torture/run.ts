// `npm run torture [-- sequences [first seed]]`: random sequences of accidents, and what became of every acknowledged backup.
// Ends with 1 if one was silently lost, withheld or came back wrong, or if a sequence could not be brought to its end.
//
// A sequence follows from its seed: what happens, what chance gives to the service (names, keys, ids), and the time; nothing is
// done by timers. `npm run torture -- 1 <seed>` runs one again and tells its story. What does not follow from it: how SQLite
// salts its log and which threads read files first, so that a bit that is flipped in the catalog may be another one.

import { fastFolder, mountDisk, runWhereDisksMount } from './disk.ts';
import { FATES, type Fate } from './ledger.ts';
import { FOUND } from './seeds.ts';
import { type Account, runSequence, type Where } from './sequence.ts';

const say = (line: string): boolean => process.stdout.write(`${line}\n`);
const SEQUENCES = Number(process.argv[2] ?? 1000);
const FIRST_SEED = Number(process.argv[3] ?? 1);
const PROGRESS_EVERY = 100;
const BAD: readonly Fate[] = ['silently lost', 'wrong', 'withheld'];

// What the service waits for may be a timer of the kind that keeps no process alive.
const alive = setInterval(() => undefined, 1000);
const elsewhere = runWhereDisksMount();
if (elsewhere !== undefined && 'code' in elsewhere) process.exitCode = elsewhere.code;
else await torture(elsewhere?.reason);
clearInterval(alive);

async function torture(noDisk: string | undefined): Promise<void> {
  const where: Where = noDisk === undefined ? { disk: mountDisk() } : { parent: fastFolder() };
  if (noDisk !== undefined) say(`NO DISK IS FILLED: none can be mounted here (${noDisk}). All else is done.`);
  const total = Object.fromEntries(FATES.map((fate) => [fate, 0])) as Record<Fate, number>;
  let unfinished = 0;
  let filled = 0;
  const seeds = [
    ...(SEQUENCES > 1 ? FOUND.map(([seed]) => seed) : []),
    ...Array.from({ length: SEQUENCES }, (_, i) => FIRST_SEED + i),
  ];
  for (const [i, seed] of seeds.entries()) {
    try {
      const account = await runSequence(seed, where);
      for (const fate of FATES) total[fate] += account.fates[fate];
      filled += account.filled;
      if (account.bad.length > 0 || SEQUENCES === 1) say(storyOf(seed, account));
    } catch (error) {
      unfinished += 1;
      say(`seed ${seed}: ${(error as Error).stack}`);
    }
    if ((i + 1) % PROGRESS_EVERY === 0) say(`${i + 1} sequences`);
  }
  const acknowledged = FATES.reduce((sum, fate) => sum + total[fate], 0) - total.withheld;
  say(`${seeds.length} sequences, ${acknowledged} acknowledged backups:`);
  for (const fate of FATES) say(`  ${fate}: ${total[fate]}`);
  say(`  sequences that did not end: ${unfinished}`);
  say(noDisk === undefined ? `  the disk was filled ${filled} times` : '  THE DISK WAS NEVER FILLED');
  process.exitCode = BAD.some((fate) => total[fate] > 0) || unfinished > 0 ? 1 : 0;
}

function storyOf(seed: number, { story, bad, fates }: Account): string {
  const ends = bad.map((one) => JSON.stringify(one));
  return [`seed ${seed}:`, ...story, ...ends, JSON.stringify(fates)].join('\n  ');
}

// `npm run torture [-- sequences [seed]]`: random sequences of accidents, and what became of every acknowledged backup.
// Ends with 1 if one was silently lost or came back wrong, or if a sequence could not be brought to its end.

import { createRandom } from '../../e2e/random.ts';
import type { Fate } from './ledger.ts';
import { runSequence } from './sequence.ts';

const say = (line: string): boolean => process.stdout.write(`${line}\n`);
const SEQUENCES = Number(process.argv[2] ?? 1000);
const FIRST_SEED = Number(process.argv[3] ?? 1);
const PROGRESS_EVERY = 100;

const total: Record<Fate, number> = {
  restorable: 0,
  'gone as asked': 0,
  'named as lost': 0,
  'silently lost': 0,
  wrong: 0,
};
let unfinished = 0;

for (let seed = FIRST_SEED; seed < FIRST_SEED + SEQUENCES; seed++) {
  try {
    const { fates, story, bad } = await runSequence(createRandom(seed));
    for (const fate of Object.keys(total) as Fate[]) total[fate] += fates[fate];
    if (bad.length > 0)
      say([`seed ${seed}:`, ...story, ...bad.map((one) => JSON.stringify(one))].join('\n  '));
  } catch (error) {
    unfinished += 1;
    say(`seed ${seed}: ${(error as Error).stack}`);
  }
  if ((seed - FIRST_SEED + 1) % PROGRESS_EVERY === 0) say(`${seed - FIRST_SEED + 1} sequences`);
}

const acknowledged = Object.values(total).reduce((sum, count) => sum + count, 0);
say(`${SEQUENCES} sequences, ${acknowledged} acknowledged backups:`);
for (const [fate, count] of Object.entries(total)) say(`  ${fate}: ${count}`);
say(`  sequences that did not end: ${unfinished}`);
process.exitCode = total['silently lost'] + total.wrong + unfinished > 0 ? 1 : 0;

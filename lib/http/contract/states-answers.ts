// What answers of many nouns say of a backup and its state.

import * as z from 'zod/mini';
import { once } from './once.ts';
import { shapes } from './shapes.ts';

/** Made on demand. */
export const stateAnswers = once(() => {
  const { about, time, count, checksum } = shapes();
  const dated = z.object({ backupId: z.string(), createdAt: time });
  const FoundState = z.object({
    backupId: z.string().check(about('The backup that has the state')),
    createdAt: time.check(about('When the state was accepted')),
    asked: z.exactOptional(time).check(about('The instant that was understood, if one was asked for')),
    ageSeconds: count.check(about('How much older the state is than that instant, or than now')),
    exact: z
      .boolean()
      .check(about('False if a later state was accepted by that instant, and is no backup (any more)')),
    reason: z
      .exactOptional(z.enum(['deleted', 'expired', 'gone', 'pending', 'failed']))
      .check(about('What became of that later state')),
    missing: z
      .exactOptional(z.object({ backupId: z.exactOptional(z.string()), createdAt: z.exactOptional(time) }))
      .check(about('That later state, as far as it is known')),
    previous: z.exactOptional(dated).check(about('The live backup before it: the one that is given')),
    next: z.exactOptional(dated).check(about('The live backup after it')),
    size: count,
    checksum: checksum(),
  });

  return { DatedBackup: dated, FoundState };
});

// What answers say of restores.

import * as z from 'zod/mini';
import { once } from './once.ts';
import { shapes } from './shapes.ts';

/** Made on demand. */
export const restoreAnswers = once(() => {
  const { about, time, percent, count } = shapes();
  const State = z.unknown().check(about('Any JSON'));
  const dated = z.object({ backupId: z.string(), createdAt: time });
  const Operation = z.object({
    id: z.string(),
    backupId: z.string(),
    targetResourceId: z.string(),
    type: z.enum(['full', 'point_in_time']),
    status: z.enum(['queued', 'in_progress', 'validating', 'completed', 'failed']),
    pointInTime: z.exactOptional(time),
    stateOf: z.exactOptional(time).check(about('When the state that is given was accepted')),
    ageSeconds: z
      .exactOptional(count)
      .check(about('How much older that is than the instant that was asked for')),
    exact: z
      .exactOptional(z.boolean())
      .check(about('False if a later state was accepted by that instant, and is no backup (any more)')),
    reason: z
      .exactOptional(z.enum(['deleted', 'expired', 'gone', 'pending', 'failed']))
      .check(about('What became of that later state: `gone` is removed, `pending` still being made')),
    missing: z
      .exactOptional(z.object({ backupId: z.exactOptional(z.string()), createdAt: z.exactOptional(time) }))
      .check(about('That later state, as far as it is known')),
    previous: z.exactOptional(dated).check(about('The live backup before it: the one that is given')),
    next: z.exactOptional(dated).check(about('The live backup after it')),
    path: z.exactOptional(z.string()),
    validated: z.boolean(),
    validationErrors: z.array(z.string()),
    progress: percent,
    createdAt: time,
    completedAt: z.exactOptional(time),
    createdBy: z.string(),
    resultUrl: z.exactOptional(z.string()).check(about('Where the result is, while it can be fetched')),
  });
  const OperationList = z.object({
    operations: z.array(Operation),
    count,
    nextCursor: z.exactOptional(z.string()),
  });
  const Restored = z.object({
    operation: Operation,
    data: z.unknown().check(about('The state, or the part of it that was asked for')),
  });
  const RestoreAccepted = z.object({
    operation: Operation,
    data: z.exactOptional(z.never()).check(about('Never here: it tells the two answers of a restore apart')),
  });

  return { DatedBackup: dated, State, Operation, OperationList, Restored, RestoreAccepted };
});

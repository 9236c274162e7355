// What answers say of restores.

import * as z from 'zod/mini';
import { once } from './once.ts';
import { shapes } from './shapes.ts';
import { stateAnswers } from './states-answers.ts';

/** Made on demand. */
export const restoreAnswers = once(() => {
  const { about, time, percent, count, checksum } = shapes();
  const State = z.unknown().check(about('Any JSON'));
  const { DatedBackup: dated, FoundState } = stateAnswers();
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

  const ofState = { backupId: z.string(), createdAt: time, size: count, checksum: checksum() };
  const link = z.object({ backupId: z.string(), provenAt: time });
  const PlannedRestore = z.object({
    plan: z.object({
      state: FoundState.check(about('The state that would be given')),
      targetResourceId: z.string(),
      target: z
        .exactOptional(z.object({ ...ofState, isSame: z.boolean() }))
        .check(about('What the target has now, and whether it is the very state that would be given')),
      answer: z
        .enum(['call', 'background'])
        .check(about('Whether the state would be in the answer, or be fetched once the operation is done')),
      blobs: count,
      bytes: count.check(about('Stored bytes that are read')),
      keyCalls: count,
      seconds: z.number().check(about('About so long, by what was measured')),
      dollars: z.exactOptional(z.number()).check(about('About so much, by list prices; on AWS alone')),
      weakest: link.check(about('What was proven the longest ago of all that would be read')),
      damaged: z.array(link).check(about('What is known not to open: with any, the restore would fail')),
    }),
  });
  const RestoredOrPlan = z.xor([Restored, PlannedRestore]);

  return {
    State,
    Operation,
    OperationList,
    Restored,
    PlannedRestore,
    RestoredOrPlan,
    RestoreAccepted,
  };
});

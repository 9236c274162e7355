// What answers say of retention.

import * as z from 'zod/mini';
import { once } from './once.ts';
import { shapes } from './shapes.ts';

/** Made on demand. */
export const retentionAnswers = once(() => {
  const { about, time, count } = shapes();
  const Policy = z.object({
    resourceId: z.string(),
    policy: z.object({
      keepLast: z.exactOptional(z.int()),
      keepHourly: z.exactOptional(z.int()),
      keepDaily: z.exactOptional(z.int()),
      keepWeekly: z.exactOptional(z.int()),
      keepMonthly: z.exactOptional(z.int()),
      keepYearly: z.exactOptional(z.int()),
      timeZone: z.exactOptional(z.string()),
      expireNewest: z.exactOptional(z.boolean()),
    }),
    updatedAt: time,
  });
  const backupIds = z.object({
    count,
    backupIds: z.array(z.string()).check(about('The first hundred of them')),
  });
  const changed = {
    wouldExpire: backupIds.check(about('What goes because of the change')),
    effectiveAt: z
      .exactOptional(time)
      .check(about('Until then what was kept before stays; absent if nothing is kept less than before')),
  };
  const PolicyChanged = z.extend(Policy, { ...changed, warnings: z.exactOptional(z.array(z.string())) });
  const Wait = z.object({
    id: z.string(),
    reason: z.enum(['clock_jumped', 'clock_behind', 'silence', 'many']),
    detail: z.string(),
    resourceId: z.exactOptional(z.string()),
    backups: z.exactOptional(count),
    since: time,
    until: time,
    decision: z.exactOptional(z.enum(['confirmed', 'refused'])),
  });
  const WaitList = z.object({ waits: z.array(Wait), count });
  const RetentionDecision = z.object({
    backupId: z.string(),
    resourceId: z.string(),
    createdAt: time,
    expiresAt: z.exactOptional(time),
    action: z.enum(['keep', 'drop']),
    reasons: z.array(z.string()),
    waitId: z.exactOptional(z.string()),
  });
  const RetentionPlan = z.object({
    decisions: z.array(RetentionDecision),
    count,
    nextCursor: z.exactOptional(z.string()),
    summary: z.string().check(about('All of the plan in one sentence')),
    waits: z.array(Wait).check(about('What keeps some of it for a while')),
    wouldExpire: z.exactOptional(backupIds).check(about('Under a policy that has not been set')),
  });
  const PolicyDeleted = z.object({ resourceId: z.string(), status: z.literal('deleted'), ...changed });

  return {
    BackupIds: backupIds,
    RetentionDecision,
    Policy,
    PolicyChanged,
    Wait,
    WaitList,
    RetentionPlan,
    PolicyDeleted,
  };
});

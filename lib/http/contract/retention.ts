// Retention: how long backups are kept, what goes next and why, and what waits before it goes.

import * as z from 'zod/mini';
import { once } from './once.ts';
import { IdPath, PageQuery, page, ResourcePath } from './requests.ts';
import type { Route } from './route.ts';
import { keepCount, name, timeZone } from './values.ts';

const PlanQuery = once(() => z.strictObject({ resourceId: z.exactOptional(name()), ...page() }));

const PolicyFields = once(() =>
  z
    .strictObject({
      keepLast: z.exactOptional(keepCount()),
      keepHourly: z.exactOptional(keepCount()),
      keepDaily: z.exactOptional(keepCount()),
      keepWeekly: z.exactOptional(keepCount()),
      keepMonthly: z.exactOptional(keepCount()),
      keepYearly: z.exactOptional(keepCount()),
      timeZone: z.exactOptional(timeZone()),
      expireNewest: z.exactOptional(z.boolean()),
    })
    .check(
      z.refine(
        (value) => Object.keys(value).some((name) => name !== 'timeZone'),
        'must have at least one rule; to keep none, delete the policy',
      ),
    ),
);

const PlanFields = once(() =>
  z.strictObject({ resourceId: name(), policy: z.exactOptional(PolicyFields()) }),
);

const DecisionFields = once(() => z.strictObject({ decision: z.enum(['confirm', 'refuse']) }));

export const RETENTION_ROUTES = {
  planRetention: {
    method: 'GET',
    path: '/retention/plan',
    summary: 'What retention would do now, and why: all of a resource, or what has expired',
    tag: 'Retention',
    scope: 'policy:manage',
    query: PlanQuery,
    answers: { 200: { description: 'One page of decisions', schema: 'RetentionPlan' } },
    errors: ['invalid_cursor'],
    examples: {
      answers: {
        200: {
          decisions: [
            {
              backupId: 'backup-1',
              resourceId: 'database-1',
              createdAt: '2025-01-01T12:00:00.000Z',
              expiresAt: '2025-01-31T12:00:00.000Z',
              action: 'keep',
              reasons: ['not-expired', 'daily-1'],
            },
          ],
          count: 1,
          summary:
            'keeps 7 daily, 4 weekly, what has not expired (1 backup, 512 bytes); next to go: backup-1 at 2025-01-31T12:00:00.000Z',
          waits: [],
        },
      },
    },
  },
  planPolicy: {
    method: 'POST',
    path: '/retention/plan',
    summary: 'What retention would do under a policy that has not been set, and what would go because of it',
    tag: 'Retention',
    scope: 'policy:manage',
    query: PageQuery,
    body: { name: 'PolicyPlanRequest', fields: PlanFields },
    store: 'reads',
    answers: { 200: { description: 'One page of decisions', schema: 'RetentionPlan' } },
    errors: ['invalid_cursor'],
    examples: {
      requests: { narrower: { resourceId: 'database-1', policy: { keepDaily: 3 } } },
    },
  },
  listWaits: {
    method: 'GET',
    path: '/retention/waits',
    summary: 'What has expired and waits for a while, or why nothing expires',
    tag: 'Retention',
    scope: 'policy:manage',
    answers: { 200: { description: 'All waits', schema: 'WaitList' } },
    errors: [],
  },
  decideWait: {
    method: 'POST',
    path: '/retention/waits/{id}',
    summary: 'Confirm that expiry need not wait any longer, or refuse it until it is confirmed',
    tag: 'Retention',
    scope: 'policy:manage',
    params: IdPath,
    body: { name: 'WaitDecisionRequest', fields: DecisionFields },
    answers: { 200: { description: 'The wait', schema: 'Wait' } },
    errors: ['wait_not_found', 'write_conflict'],
    examples: {
      requests: { goOn: { decision: 'confirm' }, keep: { decision: 'refuse' } },
    },
  },
  getPolicy: {
    method: 'GET',
    path: '/retention/policies/{resourceId}',
    summary: 'Get the retention policy of a resource',
    tag: 'Retention',
    scope: 'policy:manage',
    params: ResourcePath,
    answers: { 200: { description: 'The policy', schema: 'Policy' } },
    errors: ['policy_not_found'],
    examples: {
      answers: {
        200: {
          resourceId: 'database-1',
          policy: { keepDaily: 7, keepWeekly: 4 },
          updatedAt: '2025-01-01T12:00:00.000Z',
        },
      },
    },
  },
  putPolicy: {
    method: 'PUT',
    path: '/retention/policies/{resourceId}',
    summary: 'Set the retention policy of a resource',
    tag: 'Retention',
    scope: 'policy:manage',
    params: ResourcePath,
    body: { name: 'PolicyRules', fields: PolicyFields },
    answers: { 200: { description: 'The policy, and what would go because of it', schema: 'PolicyChanged' } },
    errors: ['write_conflict', 'too_many_requests'],
    examples: {
      requests: { years: { keepDaily: 7, keepWeekly: 4, keepMonthly: 12, keepYearly: 7 } },
    },
  },
  removePolicy: {
    method: 'DELETE',
    path: '/retention/policies/{resourceId}',
    summary: 'Delete the retention policy of a resource',
    tag: 'Retention',
    scope: 'policy:manage',
    params: ResourcePath,
    answers: { 200: { description: 'Deleted', schema: 'PolicyDeleted' } },
    errors: ['policy_not_found', 'write_conflict', 'too_many_requests'],
    examples: {
      answers: {
        200: {
          resourceId: 'database-1',
          status: 'deleted',
          wouldExpire: { count: 1, backupIds: ['backup-1'] },
          effectiveAt: '2025-02-02T12:00:00.000Z',
        },
      },
    },
  },
} as const satisfies Record<string, Route>;

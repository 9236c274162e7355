// Restores: giving states back, by backup or by instant, whole or in part, in the call or in the background.

import * as z from 'zod/mini';
import { once } from './once.ts';
import { IdPath, page } from './requests.ts';
import type { Route } from './route.ts';
import { instant, jsonPointer, name, preferAsync } from './values.ts';

const OperationListQuery = once(() =>
  z.strictObject({ targetResourceId: z.exactOptional(name()), ...page() }),
);
const RestoreHeaders = once(() => z.object({ prefer: z.exactOptional(preferAsync()) }));

const restoreOptions = () => ({
  createdBy: z.exactOptional(name()),
  validate: z._default(z.boolean(), true),
  path: z.exactOptional(jsonPointer()),
  plan: z
    .exactOptional(z.boolean())
    .check(z.meta({ description: 'Only tell what the restore would give, read and cost' })),
});

const RestoreFields = once(() =>
  z.strictObject({
    backupId: name(),
    targetResourceId: name(),
    ...restoreOptions(),
    includeDeleted: z.exactOptional(z.boolean()),
  }),
);

const PointInTimeFields = once(() =>
  z.strictObject({
    resourceId: name(),
    // People name the second in which they backed up: all of it is meant.
    timestamp: instant('end'),
    targetResourceId: z.exactOptional(name()),
    ...restoreOptions(),
  }),
);

const OPERATION = {
  id: 'restore-1',
  backupId: 'backup-1',
  targetResourceId: 'database-1-restored',
  type: 'full',
  status: 'completed',
  validated: true,
  validationErrors: [],
  progress: 100,
  createdAt: '2025-01-01T13:00:00.000Z',
  completedAt: '2025-01-01T13:00:10.000Z',
  createdBy: 'admin',
};

const QUEUED = { ...OPERATION, status: 'queued', validated: false, progress: 0, completedAt: undefined };

const RESTORED = { operation: OPERATION, data: { tables: { users: [{ id: 1, name: 'Alice' }] } } };

const restoreAnswers = {
  200: {
    description: 'The state, proven against its checksum; or the plan that was asked for',
    schema: 'RestoredOrPlan',
  },
  202: {
    description: 'Accepted: the operation shows its progress, and then where the result is',
    schema: 'RestoreAccepted',
    headers: {
      Location: { description: 'Where the operation is' },
      'Preference-Applied': { description: 'respond-async, if the request preferred it', optional: true },
    },
  },
} as const;

const PLAN_DETAILS =
  'With `"plan": true` nothing is restored, written down or read of what is stored: the answer tells which state would be given, what that reads, takes and, on AWS, costs (an ' +
  'estimate), which part of it was proven the longest ago, what is known to be damaged, and the newest state of the target.';

export const RESTORE_ROUTES = {
  restoreBackup: {
    method: 'POST',
    path: '/restore',
    summary: 'Restore from a backup',
    tag: 'Restores',
    details: PLAN_DETAILS,
    scope: 'data:read',
    headers: RestoreHeaders,
    body: { name: 'RestoreRequest', fields: RestoreFields },
    answers: restoreAnswers,
    errors: ['backup_not_found', 'path_not_found', 'integrity_error', 'broken_chain'],
    examples: {
      requests: {
        whole: {
          backupId: 'backup-1',
          targetResourceId: 'database-1-restored',
          createdBy: 'admin',
          validate: true,
        },
        part: {
          backupId: 'backup-1',
          targetResourceId: 'database-1-restored',
          path: '/tables/users',
        },
        plan: { backupId: 'backup-7', targetResourceId: 'database-1', plan: true },
      },
      answers: { 200: RESTORED, 202: { operation: QUEUED } },
    },
  },
  restorePointInTime: {
    method: 'POST',
    path: '/restore/point-in-time',
    summary: 'Restore the newest state at or before an instant',
    tag: 'Restores',
    details: PLAN_DETAILS,
    scope: 'data:read',
    headers: RestoreHeaders,
    body: { name: 'PointInTimeRequest', fields: PointInTimeFields },
    answers: restoreAnswers,
    errors: ['resource_not_found', 'snapshot_not_found', 'path_not_found', 'integrity_error', 'broken_chain'],
    examples: {
      requests: {
        named: {
          resourceId: 'database-1',
          timestamp: '2025-01-01T12:30:00Z',
          targetResourceId: 'database-1-pit',
          createdBy: 'admin',
        },
        inPlace: { resourceId: 'db-1', timestamp: '2025-01-01T12:30:00Z' },
      },
      answers: {
        200: {
          ...RESTORED,
          operation: { ...OPERATION, type: 'point_in_time', pointInTime: '2025-01-01T12:30:00.999Z' },
        },
      },
    },
  },
  listOperations: {
    method: 'GET',
    path: '/restore/operations',
    summary: 'List restore operations, newest first',
    tag: 'Restores',
    scope: 'data:read',
    query: OperationListQuery,
    answers: { 200: { description: 'One page', schema: 'OperationList' } },
    errors: ['invalid_cursor'],
    examples: { answers: { 200: { operations: [OPERATION], count: 1 } } },
  },
  getOperation: {
    method: 'GET',
    path: '/restore/operations/{id}',
    summary: 'Get the status of a restore operation',
    tag: 'Restores',
    scope: 'data:read',
    params: IdPath,
    answers: { 200: { description: 'The operation', schema: 'Operation' } },
    errors: ['operation_not_found'],
    examples: { answers: { 200: OPERATION } },
  },
  getOperationResult: {
    method: 'GET',
    path: '/restore/operations/{id}/result',
    summary: 'Fetch what an asynchronous restore gave',
    tag: 'Restores',
    scope: 'data:read',
    params: IdPath,
    answers: {
      200: {
        description: 'The state, or the part of it that was asked for, and nothing else',
        schema: 'State',
      },
      303: {
        description: 'It is at a URL of its own',
        headers: { Location: { description: 'Where, for a while; no credential is to be sent there' } },
      },
    },
    errors: [
      'operation_not_found',
      'result_unavailable',
      'path_not_found',
      'too_many_requests',
      'integrity_error',
      'broken_chain',
    ],
    examples: { answers: { 200: RESTORED.data } },
  },
} as const satisfies Record<string, Route>;

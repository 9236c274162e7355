// The contract: every route, once. Validation, handler types, OpenAPI and the list at `GET /` all come from this table.

import type { Route } from './route.ts';
import {
  BackupListQuery,
  CreateBackupFields,
  CreateHeaders,
  DecisionFields,
  IdPath,
  Nothing,
  OperationListQuery,
  PageQuery,
  PlanFields,
  PlanQuery,
  PointInTimeFields,
  PolicyFields,
  ProtectionFields,
  ResourcePath,
  RestoreFields,
  RestoreHeaders,
  TokenFields,
  UploadFields,
  UploadPath,
} from './schemas.ts';

/** Whether the fields that have come so far say that a delta is to be made. */
function isDelta(fields: unknown): boolean {
  const { type } = fields as { type?: unknown };
  return type === 'incremental' || type === 'differential';
}

const restoreAnswers = {
  200: { description: 'The state, proven against its checksum', schema: 'Restored' },
  202: {
    description: 'Accepted: the operation shows its progress, and then where the result is',
    schema: 'RestoreAccepted',
    headers: {
      Location: { description: 'Where the operation is' },
      'Preference-Applied': { description: 'respond-async, if the request preferred it', optional: true },
    },
  },
} as const;

const IDEMPOTENT_REPLAYED = {
  description: 'true, if this is the answer to an earlier request with the same key',
  optional: true,
} as const;

export const ROUTES = {
  getServiceInfo: {
    method: 'GET',
    path: '/',
    summary: 'Service information',
    tag: 'Service',
    scope: 'public',
    answers: { 200: { description: 'Name, version, features and endpoints', schema: 'ServiceInfo' } },
    errors: [],
  },
  getHealth: {
    method: 'GET',
    path: '/health',
    summary: 'Health check',
    tag: 'Service',
    scope: 'public',
    answers: { 200: { description: 'Every part answers', schema: 'Health' } },
    errors: ['dependency_unavailable'],
  },
  getOpenApi: {
    method: 'GET',
    path: '/openapi.json',
    summary: 'This contract as OpenAPI 3.1',
    tag: 'Service',
    scope: 'public',
    answers: { 200: { description: 'The OpenAPI document', schema: 'OpenApiDocument' } },
    errors: [],
  },

  createBackup: {
    method: 'POST',
    path: '/backups',
    summary: 'Create a backup, proven restorable before it is acknowledged',
    tag: 'Backups',
    scope: 'backup:write',
    headers: CreateHeaders,
    body: {
      name: 'CreateBackup',
      fields: CreateBackupFields,
      stateMember: 'data',
      stateInstead: 'uploadId',
      isStateTextWanted: isDelta,
    },
    answers: {
      202: {
        description: 'Accepted: the backup is made from the upload in the background, under this id',
        schema: 'PendingBackup',
        headers: {
          Location: { description: 'Where its status is, and then the backup' },
          'Idempotent-Replayed': IDEMPOTENT_REPLAYED,
        },
      },
      201: {
        description: 'The backup',
        schema: 'BackupOrReceipt',
        headers: {
          Location: { description: 'Where the backup is' },
          'Idempotent-Replayed': IDEMPOTENT_REPLAYED,
        },
      },
    },
    errors: [
      'encryption_required',
      'upload_not_found',
      'upload_taken',
      'backup_not_found',
      'write_conflict',
      'idempotency_key_reused',
      'integrity_error',
      'broken_chain',
    ],
  },
  listBackups: {
    method: 'GET',
    path: '/backups',
    summary: 'List backups, newest first; with a status, those that are still to be made or have failed',
    tag: 'Backups',
    scope: 'backup:list',
    query: BackupListQuery,
    answers: { 200: { description: 'One page', schema: 'BackupList' } },
    errors: ['invalid_cursor'],
  },
  getBackup: {
    method: 'GET',
    path: '/backups/{id}',
    summary: 'Get backup details',
    tag: 'Backups',
    scope: 'backup:list',
    params: IdPath,
    answers: {
      200: { description: 'The backup, or how far one by upload has come', schema: 'BackupOrPending' },
    },
    errors: ['backup_not_found'],
  },
  protectBackup: {
    method: 'PATCH',
    path: '/backups/{id}',
    summary: 'Hold or lock a backup against removal',
    tag: 'Backups',
    scope: 'hold:manage',
    params: IdPath,
    body: { name: 'Protection', fields: ProtectionFields },
    answers: { 200: { description: 'The backup', schema: 'BackupOrReceipt' } },
    errors: ['backup_not_found', 'backup_protected', 'write_conflict'],
  },
  deleteBackup: {
    method: 'DELETE',
    path: '/backups/{id}',
    summary: 'Delete a backup, or call off one that is still to be made',
    tag: 'Backups',
    scope: 'backup:delete',
    params: IdPath,
    answers: { 200: { description: 'Deleted', schema: 'Deleted' } },
    errors: ['backup_not_found', 'backup_protected', 'write_conflict'],
  },
  undeleteBackup: {
    method: 'POST',
    path: '/backups/{id}/undelete',
    summary: 'Take a deletion or an expiry back, while the bytes are there',
    tag: 'Backups',
    scope: 'backup:delete',
    params: IdPath,
    // Nothing to say; an empty object is let through for clients that always send a body.
    body: { name: 'Nothing', fields: Nothing, optional: true },
    answers: { 200: { description: 'The backup, live again', schema: 'BackupOrReceipt' } },
    errors: ['backup_not_found', 'broken_chain', 'write_conflict'],
  },
  getBackupDelta: {
    method: 'GET',
    path: '/backups/{id}/delta',
    summary: 'What an incremental or differential backup changed',
    tag: 'Backups',
    scope: 'data:read',
    params: IdPath,
    answers: { 200: { description: 'The delta', schema: 'Delta' } },
    errors: ['backup_not_found', 'delta_not_found', 'integrity_error', 'broken_chain'],
  },
  verifyBackup: {
    method: 'POST',
    path: '/backups/{id}/verify',
    summary: 'Rebuild a backup and check it, without giving it back',
    tag: 'Backups',
    scope: 'backup:verify',
    params: IdPath,
    // Nothing to say; an empty object is let through for clients that always send a body.
    body: { name: 'Nothing', fields: Nothing, optional: true },
    answers: { 200: { description: 'The validation result', schema: 'Validation' } },
    errors: ['backup_not_found'],
  },

  createUpload: {
    method: 'POST',
    path: '/uploads',
    summary: 'Get a URL to PUT a large state to, for a backup by uploadId',
    tag: 'Backups',
    scope: 'backup:write',
    body: { name: 'UploadRequest', fields: UploadFields, optional: true },
    answers: { 201: { description: 'Where to PUT the state', schema: 'Upload' } },
    errors: ['payload_too_large'],
  },

  restoreBackup: {
    method: 'POST',
    path: '/restore',
    summary: 'Restore from a backup',
    tag: 'Restores',
    scope: 'data:read',
    headers: RestoreHeaders,
    body: { name: 'RestoreRequest', fields: RestoreFields },
    answers: restoreAnswers,
    errors: ['backup_not_found', 'path_not_found', 'integrity_error', 'broken_chain'],
  },
  restorePointInTime: {
    method: 'POST',
    path: '/restore/point-in-time',
    summary: 'Restore the newest state at or before an instant',
    tag: 'Restores',
    scope: 'data:read',
    headers: RestoreHeaders,
    body: { name: 'PointInTimeRequest', fields: PointInTimeFields },
    answers: restoreAnswers,
    errors: ['resource_not_found', 'snapshot_not_found', 'path_not_found', 'integrity_error', 'broken_chain'],
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
      'integrity_error',
      'broken_chain',
    ],
  },

  planRetention: {
    method: 'GET',
    path: '/retention/plan',
    summary: 'What retention would do now, and why: all of a resource, or what has expired',
    tag: 'Retention',
    scope: 'policy:manage',
    query: PlanQuery,
    answers: { 200: { description: 'One page of decisions', schema: 'RetentionPlan' } },
    errors: ['invalid_cursor'],
  },
  planPolicy: {
    method: 'POST',
    path: '/retention/plan',
    summary: 'What retention would do under a policy that has not been set, and what would go because of it',
    tag: 'Retention',
    scope: 'policy:manage',
    query: PageQuery,
    body: { name: 'PolicyPlanRequest', fields: PlanFields },
    answers: { 200: { description: 'One page of decisions', schema: 'RetentionPlan' } },
    errors: ['invalid_cursor'],
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
    body: { name: 'WaitDecision', fields: DecisionFields },
    answers: { 200: { description: 'The wait', schema: 'Wait' } },
    errors: ['wait_not_found', 'write_conflict'],
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
  },

  listTokens: {
    method: 'GET',
    path: '/tokens',
    summary: 'List the named tokens, revoked and expired ones too',
    tag: 'Access',
    scope: 'admin',
    needsTokens: true,
    answers: { 200: { description: 'All tokens, without what is secret of them', schema: 'TokenList' } },
    errors: [],
  },
  makeToken: {
    method: 'POST',
    path: '/tokens',
    summary: 'Make a named token for some scopes, and for some resources or all',
    tag: 'Access',
    scope: 'admin',
    needsTokens: true,
    body: { name: 'TokenRequest', fields: TokenFields },
    answers: { 201: { description: 'The token, which is told this once', schema: 'TokenMade' } },
    errors: ['token_exists'],
  },
  revokeToken: {
    method: 'DELETE',
    path: '/tokens/{id}',
    summary: 'Revoke a token: from the next call on it opens nothing',
    tag: 'Access',
    scope: 'admin',
    needsTokens: true,
    params: IdPath,
    answers: { 200: { description: 'The token', schema: 'Token' } },
    errors: ['token_not_found'],
  },
} as const satisfies Record<string, Route>;

/**
 * Where `createUpload` leads in a home that takes uploads itself; in other homes its URL leads elsewhere. Whoever holds the URL
 * may use it.
 */
export const UPLOAD_ROUTE = {
  method: 'PUT',
  path: '/uploads/{uploadId}',
  summary: 'Send a large state, whole, to the URL that POST /uploads gave',
  tag: 'Backups',
  scope: 'public',
  params: UploadPath,
  bytes: 'The state: JSON text in UTF-8, as it is, whatever the Content-Type calls it',
  answers: { 200: { description: 'What was taken, and a backup will be made of', schema: 'Uploaded' } },
  errors: ['malformed_json', 'upload_not_found', 'write_conflict', 'upload_mismatch'],
} as const satisfies Route;

export type Routes = typeof ROUTES;
export type OperationId = keyof Routes;

/** The table, with its keys, as plain routes. */
export const ROUTE_LIST: readonly (Route & { operationId: OperationId })[] = Object.entries(ROUTES).map(
  ([operationId, route]) => ({ operationId: operationId as OperationId, ...(route as Route) }),
);

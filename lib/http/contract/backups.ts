// Backups: making them, looking at them, protecting and removing them.

import * as z from 'zod/mini';
import { BACKUP, FULL_BACKUP, INCREMENTAL_BACKUP } from './backups-examples.ts';
import { once } from './once.ts';
import { IdPath, Nothing, page } from './requests.ts';
import type { Route } from './route.ts';
import { taggedQuery } from './tagged-query.ts';
import {
  askedInstant,
  backupStatus,
  backupType,
  customFields,
  idempotencyKey,
  instant,
  name,
  oneTag,
  retentionDays,
  tags,
  uploadId,
} from './values.ts';

/** Which backups of a list. */
export const whichBackups = () => ({
  type: z.exactOptional(backupType()),
  from: z.exactOptional(askedInstant('start')),
  // People name the second up to which they mean it: all of it is meant.
  to: z.exactOptional(askedInstant('end')),
  tag: z.exactOptional(oneTag()),
  ...page(),
});

export const LIST_DETAILS =
  '`from` and `to` are instants of RFC 3339, or `-2h`, both included, of when the states were accepted: with one of them the order is that of time. `tag=KEY=VALUE`, or ' +
  '`tag.KEY=VALUE` as often as there are tags, finds the backups that have them all; such a page may be short, or empty, and have a `nextCursor`.';

const BackupListQuery = once(() =>
  taggedQuery({
    resourceId: z.exactOptional(name()),
    status: z.exactOptional(backupStatus()),
    deleted: z.exactOptional(z.enum(['true', 'false'])),
    ...whichBackups(),
  }),
);

const CreateHeaders = once(() => z.object({ 'idempotency-key': z.exactOptional(idempotencyKey()) }));

/** Each member has its default, so that metadata may be given in part. */
export const MetadataInput = once(() =>
  z.strictObject({
    version: z._default(name(), '1.0'),
    source: z._default(name(), 'api'),
    tags: z._default(tags(), {}),
    retentionDays: z._default(retentionDays(), 30),
    customFields: z.exactOptional(customFields()),
  }),
);

export const AS_OF =
  'When the state was true, of one that is brought along from elsewhere: never before what the resource has; needs the scope import';

export const ACCEPT_UNUSUAL =
  'Make it though more has gone than what is said of the resource takes for usual';

/** The body of a create without its `data`, which is scanned as text and never meets a schema. */
const CreateBackupFields = once(() =>
  z.strictObject({
    resourceId: name(),
    resourceType: z._default(name(), 'generic'),
    type: z._default(backupType(), 'full'),
    metadata: z.prefault(MetadataInput(), {}),
    uploadId: z.exactOptional(uploadId()),
    encrypt: z._default(z.boolean(), true),
    asOf: z.exactOptional(instant('start')).check(z.meta({ description: AS_OF })),
    acceptUnusual: z.exactOptional(z.boolean()).check(z.meta({ description: ACCEPT_UNUSUAL })),
    ifChanged: z.exactOptional(z.boolean()).check(
      z.meta({
        description: 'Make none where the newest backup has this very state: that it was checked is noted',
      }),
    ),
  }),
);

const ProtectionFields = once(() =>
  z
    .strictObject({
      legalHold: z.exactOptional(z.boolean()),
      lockedUntil: z.exactOptional(instant('start')),
    })
    .check(z.refine((value) => Object.keys(value).length > 0, 'must have legalHold, lockedUntil or both')),
);

/** Whether the fields that have come so far say that a delta is to be made. */
function isDelta(fields: unknown): boolean {
  const { type } = fields as { type?: unknown };
  return type === 'incremental' || type === 'differential';
}

export const IDEMPOTENT_REPLAYED = {
  description: 'true, if this is the answer to an earlier request with the same key',
  optional: true,
} as const;

export const BACKUP_ROUTES = {
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
        schema: 'BackupRequest',
        headers: {
          Location: { description: 'Where its status is, and then the backup' },
          'Idempotent-Replayed': IDEMPOTENT_REPLAYED,
        },
      },
      200: {
        description: 'With ifChanged: the newest backup, which has this very state; none was made',
        schema: 'BackupUnchanged',
        headers: {
          Location: { description: 'Where that backup is' },
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
      'unusual_change',
      'resource_locked',
      'out_of_order',
      'idempotency_key_reused',
      'store_untrusted',
      'integrity_error',
      'broken_chain',
    ],
    examples: {
      requests: {
        full: FULL_BACKUP,
        incremental: INCREMENTAL_BACKUP,
        unencrypted: { resourceId: 'test', resourceType: 'test', data: {}, encrypt: false },
        ifChanged: { resourceId: 'app-settings', data: { theme: 'dark' }, ifChanged: true },
        import: { resourceId: 'prod-db', data: {}, asOf: '2023-06-01T00:00:00Z' },
        fewer: { resourceId: 'prod-db', data: {}, acceptUnusual: true },
        retention: { resourceId: 'prod-db', data: {}, metadata: { retentionDays: 90 } },
      },
      answers: { 200: { ...BACKUP, checkedAt: '2025-01-02T12:00:00.000Z', unchanged: true }, 201: BACKUP },
    },
  },
  listBackups: {
    method: 'GET',
    path: '/backups',
    summary: 'List backups, newest first; with a status, those that are still to be made or have failed',
    tag: 'Backups',
    details: `${LIST_DETAILS} What is still to be made or has failed is asked for by \`status\` and \`resourceId\` alone.`,
    scope: 'backup:list',
    query: BackupListQuery,
    answers: { 200: { description: 'One page', schema: 'BackupList' } },
    errors: ['invalid_cursor'],
    examples: { answers: { 200: { backups: [BACKUP], count: 1 } } },
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
    examples: { answers: { 200: BACKUP } },
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
    examples: {
      requests: { hold: { legalHold: true }, lock: { lockedUntil: '2032-01-01T00:00:00Z' } },
      answers: { 200: { ...BACKUP, legalHold: true } },
    },
  },
  deleteBackup: {
    method: 'DELETE',
    path: '/backups/{id}',
    summary: 'Delete a backup, or call off one that is still to be made',
    tag: 'Backups',
    scope: 'backup:delete',
    params: IdPath,
    answers: { 200: { description: 'Deleted', schema: 'Deleted' } },
    errors: ['backup_not_found', 'backup_protected', 'write_conflict', 'store_untrusted'],
    examples: { answers: { 200: { id: 'backup-1', status: 'deleted' } } },
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
    errors: ['backup_not_found', 'broken_chain', 'write_conflict', 'store_untrusted'],
    examples: { answers: { 200: BACKUP } },
  },
  getBackupDelta: {
    method: 'GET',
    path: '/backups/{id}/delta',
    summary: 'What an incremental or differential backup changed',
    tag: 'Backups',
    scope: 'data:read',
    params: IdPath,
    answers: { 200: { description: 'The delta', schema: 'Delta' } },
    errors: ['backup_not_found', 'delta_not_found', 'too_many_requests', 'integrity_error', 'broken_chain'],
    examples: {
      answers: {
        200: {
          changes: [{ key: 'settings', oldValue: { theme: 'dark' }, newValue: { theme: 'light' } }],
          additions: [{ key: 'users[1]', value: { id: 2, name: 'Bob' } }],
          deletions: [],
          base: BACKUP.checksum,
          target: 'sha256:60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752',
        },
      },
    },
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
    store: 'reads',
    errors: ['backup_not_found'],
    examples: {
      answers: {
        200: {
          valid: true,
          errors: [],
          warnings: ['Backup expires in 5 days'],
          checksumValid: true,
          structureValid: true,
          dataIntegrity: true,
        },
      },
    },
  },
} as const satisfies Record<string, Route>;

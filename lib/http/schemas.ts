// What requests say: parameters, headers and bodies. Nothing unknown is passed over, nothing absent is guessed in silence.

import * as z from 'zod';
import {
  backupType,
  cursor,
  customFields,
  idempotencyKey,
  instant,
  jsonPointer,
  keepCount,
  limit,
  name,
  preferAsync,
  retentionDays,
  tags,
  uploadId,
} from './values.ts';

export const IdPath = z.strictObject({ id: name });
export const ResourcePath = z.strictObject({ resourceId: name });

const page = { limit, cursor: cursor.exactOptional() };

export const BackupListQuery = z.strictObject({
  resourceId: name.exactOptional(),
  type: backupType.exactOptional(),
  ...page,
});
export const OperationListQuery = z.strictObject({ targetResourceId: name.exactOptional(), ...page });
export const PlanQuery = z.strictObject({ resourceId: name.exactOptional(), ...page });

export const CreateHeaders = z.object({ 'idempotency-key': idempotencyKey.exactOptional() });
export const RestoreHeaders = z.object({ prefer: preferAsync.exactOptional() });

/** Each member has its default, so that metadata may be given in part. */
export const MetadataInput = z.strictObject({
  version: name.default('1.0'),
  source: name.default('api'),
  tags: tags.default({}),
  retentionDays: retentionDays.default(30),
  customFields: customFields.exactOptional(),
});

/** The body of a create without its `data`, which is scanned as text and never meets a schema. */
export const CreateBackupFields = z.strictObject({
  resourceId: name,
  resourceType: name.default('generic'),
  type: backupType.default('full'),
  metadata: MetadataInput.prefault({}),
  uploadId: uploadId.exactOptional(),
  encrypt: z.boolean().default(true),
});

export const ProtectionFields = z
  .strictObject({
    legalHold: z.boolean().exactOptional(),
    lockedUntil: instant('start').exactOptional(),
  })
  .refine((value) => Object.keys(value).length > 0, 'must have legalHold, lockedUntil or both');

const restoreOptions = {
  createdBy: name.exactOptional(),
  validate: z.boolean().default(true),
  path: jsonPointer.exactOptional(),
};

export const RestoreFields = z.strictObject({ backupId: name, targetResourceId: name, ...restoreOptions });

export const PointInTimeFields = z.strictObject({
  resourceId: name,
  // People name the second in which they backed up: all of it is meant.
  timestamp: instant('end'),
  targetResourceId: name.exactOptional(),
  ...restoreOptions,
});

export const PolicyFields = z
  .strictObject({
    keepLast: keepCount.exactOptional(),
    keepDaily: keepCount.exactOptional(),
    keepWeekly: keepCount.exactOptional(),
    keepMonthly: keepCount.exactOptional(),
    keepYearly: keepCount.exactOptional(),
  })
  .refine(
    (value) => Object.keys(value).length > 0,
    'must have at least one rule; to keep none, delete the policy',
  );

/** Where nothing is taken, anything is a fault. */
export const Nothing = z.strictObject({});

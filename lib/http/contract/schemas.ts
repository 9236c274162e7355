// What requests say: parameters, headers and bodies. Nothing unknown is passed over, nothing absent is guessed in silence.

import * as z from 'zod/mini';
import { LIMITS } from '../../core/records/limits.ts';
import { once } from './once.ts';
import {
  backupStatus,
  backupType,
  byteCount,
  cursor,
  customFields,
  idempotencyKey,
  instant,
  jsonPointer,
  keepCount,
  limit,
  name,
  preferAsync,
  prefix,
  retentionDays,
  scope,
  sha256,
  tags,
  timeZone,
  tokenName,
  uploadId,
} from './values.ts';

export const IdPath = once(() => z.strictObject({ id: name() }));
export const ResourcePath = once(() => z.strictObject({ resourceId: name() }));

const page = () => ({ limit: limit(), cursor: z.exactOptional(cursor()) });

export const BackupListQuery = once(() =>
  z.strictObject({
    resourceId: z.exactOptional(name()),
    type: z.exactOptional(backupType()),
    status: z.exactOptional(backupStatus()),
    deleted: z.exactOptional(z.enum(['true', 'false'])),
    ...page(),
  }),
);
export const OperationListQuery = once(() =>
  z.strictObject({ targetResourceId: z.exactOptional(name()), ...page() }),
);
export const PlanQuery = once(() => z.strictObject({ resourceId: z.exactOptional(name()), ...page() }));

export const PageQuery = once(() => z.strictObject(page()));

export const CreateHeaders = once(() => z.object({ 'idempotency-key': z.exactOptional(idempotencyKey()) }));
export const RestoreHeaders = once(() => z.object({ prefer: z.exactOptional(preferAsync()) }));

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

/** The body of a create without its `data`, which is scanned as text and never meets a schema. */
export const CreateBackupFields = once(() =>
  z.strictObject({
    resourceId: name(),
    resourceType: z._default(name(), 'generic'),
    type: z._default(backupType(), 'full'),
    metadata: z.prefault(MetadataInput(), {}),
    uploadId: z.exactOptional(uploadId()),
    encrypt: z._default(z.boolean(), true),
  }),
);

export const UploadPath = once(() => z.strictObject({ uploadId: uploadId() }));

/** Of the bytes that will be PUT, as they are. */
export const UploadFields = once(() =>
  z.strictObject({ bytes: z.exactOptional(byteCount()), sha256: z.exactOptional(sha256()) }),
);

export const ProtectionFields = once(() =>
  z
    .strictObject({
      legalHold: z.exactOptional(z.boolean()),
      lockedUntil: z.exactOptional(instant('start')),
    })
    .check(z.refine((value) => Object.keys(value).length > 0, 'must have legalHold, lockedUntil or both')),
);

const restoreOptions = () => ({
  createdBy: z.exactOptional(name()),
  validate: z._default(z.boolean(), true),
  path: z.exactOptional(jsonPointer()),
});

export const RestoreFields = once(() =>
  z.strictObject({
    backupId: name(),
    targetResourceId: name(),
    ...restoreOptions(),
    includeDeleted: z.exactOptional(z.boolean()),
  }),
);

export const PointInTimeFields = once(() =>
  z.strictObject({
    resourceId: name(),
    // People name the second in which they backed up: all of it is meant.
    timestamp: instant('end'),
    targetResourceId: z.exactOptional(name()),
    ...restoreOptions(),
  }),
);

export const PolicyFields = once(() =>
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

export const PlanFields = once(() =>
  z.strictObject({ resourceId: name(), policy: z.exactOptional(PolicyFields()) }),
);

export const DecisionFields = once(() => z.strictObject({ decision: z.enum(['confirm', 'refuse']) }));

export const TokenFields = once(() =>
  z.strictObject({
    name: tokenName(),
    scopes: z.array(scope()).check(z.minLength(1, 'must have at least one scope')),
    resources: z.exactOptional(z.array(name()).check(z.maxLength(LIMITS.tokenResourcesMax))),
    prefixes: z.exactOptional(z.array(prefix()).check(z.maxLength(LIMITS.tokenResourcesMax))),
    expiresAt: z.exactOptional(instant('start')),
  }),
);

/** Where nothing is taken, anything is a fault. */
export const Nothing = once(() => z.strictObject({}));

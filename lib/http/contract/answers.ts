// What answers say: the wire shapes, in the order and words of the specification.

import * as z from 'zod/mini';
import { ERROR_CODES, type ErrorCode } from '../../core/records/errors.ts';
import { backupType, scope } from './values.ts';

/**
 * The schemas of all answers, by name. A function, because they are only needed to describe the API: made when the modules
 * are loaded, they were a good part of every cold start.
 */
export function createAnswers() {
  const about = (description: string) => z.meta({ description });
  const time = z.string().check(z.meta({ format: 'date-time' }));
  const percent = z.int().check(z.minimum(0), z.maximum(100));
  const count = z.int().check(z.minimum(0));
  const checksum = () => z.string().check(z.regex(/^sha256:[0-9a-f]{64}$/));

  const Metadata = z.object({
    version: z.string(),
    source: z.string(),
    tags: z.record(z.string(), z.string()),
    retentionDays: z.int(),
    customFields: z.exactOptional(z.record(z.string(), z.unknown())),
  });

  const Encryption = z.object({
    algorithm: z.literal('AES-256-CBC'),
    keyId: z.string(),
    keyVersion: z.string(),
  });
  const ChangeCounts = z.object({ additions: count, changes: count, deletions: count, moves: count });

  const Backup = z.object({
    id: z.string(),
    resourceId: z.string(),
    resourceType: z.string(),
    type: backupType(),
    requestedType: z
      .exactOptional(backupType())
      .check(about('What was asked for, where there was no sound base to build it on')),
    status: z.enum(['completed', 'deleted']),
    size: count.check(about('Bytes of the whole state as canonical text')),
    compressedSize: count.check(about('Bytes that this backup added, compressed')),
    compressionRatio: percent.check(about('Percent saved')),
    encrypted: z.boolean(),
    encryption: z.exactOptional(Encryption),
    checksum: checksum().check(about('Of the restored state as canonical text, whatever the type')),
    baseBackupId: z.exactOptional(z.string()),
    chainLength: z.int().check(z.minimum(1), about('Blobs that a restore reads')),
    changes: z.exactOptional(ChangeCounts),
    data: z.literal('[REDACTED]'),
    metadata: Metadata,
    legalHold: z.exactOptional(z.boolean()),
    lockedUntil: z.exactOptional(time),
    createdAt: time,
    completedAt: time,
    verifiedAt: z
      .exactOptional(time)
      .check(about('When its stored bytes were last proven; before the first time, completedAt counts')),
    damaged: z
      .exactOptional(z.literal(true))
      .check(about('The last proof failed: the health check says what to do')),
    expiresAt: z.exactOptional(time),
    keptUntil: z.exactOptional(time).check(about('Undeleted after its expiry: kept at least until then')),
    deletedAt: z.exactOptional(time),
    deletedReason: z.exactOptional(z.enum(['deleted', 'expired'])),
    restorableUntil: z
      .exactOptional(time)
      .check(about('Until then it can be restored with includeDeleted, and undeleted')),
    warnings: z
      .exactOptional(z.array(z.string()))
      .check(about('In the answer to a create: what its caller should know of, though the backup is made')),
  });

  const Receipt = z
    .object({
      receipt: z.literal(true).check(about('Tells it from a backup')),
      id: z.string(),
      resourceId: z.string(),
      resourceType: z.exactOptional(z.string()),
      type: z.exactOptional(backupType()).check(about('What was asked for, whatever was stored')),
      status: z.enum(['completed', 'deleted']),
      size: z.exactOptional(count),
      encrypted: z.exactOptional(z.boolean()),
      checksum: z.exactOptional(checksum()),
      data: z.literal('[REDACTED]'),
      metadata: z.exactOptional(Metadata),
      legalHold: z.exactOptional(z.boolean()),
      lockedUntil: z.exactOptional(time),
      createdAt: time,
      completedAt: z.exactOptional(time),
      expiresAt: z.exactOptional(time),
      keptUntil: z.exactOptional(time),
      warnings: z.exactOptional(z.array(z.string())),
    })
    .check(
      about('The backup, to a caller without the scope backup:list: nothing that tells of other states'),
    );
  const BackupOrReceipt = z.xor([Backup, Receipt]);

  const Reason = z.object({ code: z.string(), detail: z.string() });
  const PendingBackup = z.object({
    id: z.string().check(about('The id that the backup will have')),
    resourceId: z.string(),
    resourceType: z.string(),
    type: backupType(),
    status: z.enum(['pending', 'in_progress', 'failed']),
    progress: percent,
    failure: z.exactOptional(Reason),
    waiting: z
      .exactOptional(z.object({ code: z.string(), detail: z.string(), since: time }))
      .check(about('What it waits for; it goes on by itself once that has passed')),
    encrypted: z.boolean(),
    data: z.literal('[REDACTED]'),
    metadata: Metadata,
    createdAt: time,
  });
  const BackupOrPending = z
    .xor([Backup, PendingBackup])
    .check(
      oneByStatus({ Backup: ['completed', 'deleted'], PendingBackup: ['pending', 'in_progress', 'failed'] }),
    );

  const Upload = z.object({
    uploadId: z.string(),
    method: z.literal('PUT'),
    url: z.string(),
    headers: z
      .exactOptional(z.record(z.string(), z.string()))
      .check(about('What the PUT has to carry, besides its body')),
    expiresAt: time,
    bytesMax: count,
  });

  const Uploaded = z.object({ uploadId: z.string(), bytes: count, sha256: z.string() });

  const State = z.unknown().check(about('Any JSON'));

  const BackupList = z.object({
    backups: z.array(BackupOrPending),
    count,
    nextCursor: z.exactOptional(z.string()),
  });

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

  const keyed = { key: z.string() };
  const Delta = z.object({
    changes: z.array(z.object({ ...keyed, oldValue: z.unknown(), newValue: z.unknown() })),
    additions: z.array(
      z.object({
        ...keyed,
        value: z.unknown(),
        index: z
          .exactOptional(count)
          .check(about('The number of a member in its object; without one it comes behind the others')),
      }),
    ),
    deletions: z.array(z.object({ ...keyed, value: z.unknown() })),
    moves: z.exactOptional(
      z.array(
        z.object({
          from: z.string(),
          to: z.string(),
          index: z.exactOptional(count).check(about('Of a member: its number in the target')),
          count: z
            .exactOptional(z.int().check(z.minimum(2)))
            .check(about('Of elements: how many neighbours move together; one, if it is left out')),
        }),
      ),
    ),
    base: checksum().check(about('Of the state that the delta starts from')),
    target: checksum().check(about('Of the state that it leads to')),
  });

  const Validation = z.object({
    valid: z.boolean(),
    errors: z.array(z.string()),
    warnings: z.array(z.string()),
    checksumValid: z.boolean(),
    structureValid: z.boolean(),
    dataIntegrity: z.boolean(),
  });

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

  const deleted = { status: z.literal('deleted') };
  const Deleted = z.object({ id: z.string(), ...deleted });
  const PolicyDeleted = z.object({ resourceId: z.string(), ...deleted, ...changed });

  const ServiceInfo = z.object({
    name: z.string(),
    version: z.string(),
    features: z.array(z.string()),
    endpoints: z.record(z.string(), z.string()),
  });
  const Notice = z.object({
    id: z.exactOptional(z.string()),
    code: z.string().check(about('What it is about, for scripts')),
    severity: z.enum(['warning', 'critical']),
    detail: z.exactOptional(z.string()).check(about('What it is about, for people with the scope admin')),
    resourceId: z.exactOptional(z.string()),
    backupId: z.exactOptional(z.string()),
    since: time,
  });
  const Health = z.object({
    status: z.enum(['healthy', 'degraded']),
    notices: z
      .exactOptional(z.array(Notice))
      .check(about('Where degraded: all is served, and something needs a look')),
  });
  const Token = z.object({
    id: z.string(),
    name: z.string(),
    status: z.enum(['active', 'expired', 'revoked']),
    scopes: z.array(scope()),
    resources: z.exactOptional(z.array(z.string())).check(about('Ids; without these and prefixes, all')),
    prefixes: z.exactOptional(z.array(z.string())),
    createdAt: time,
    createdBy: z.string(),
    expiresAt: z.exactOptional(time),
    revokedAt: z.exactOptional(time),
    revokedBy: z.exactOptional(z.string()),
    lastUsedAt: z.exactOptional(time).check(about('To the minute')),
  });
  const TokenMade = z.extend(Token, {
    token: z.string().check(about('Told this once: only its SHA-256 is kept')),
  });
  const TokenList = z.object({ tokens: z.array(Token), count });
  const OpenApiDocument = z.looseObject({ openapi: z.string() });

  const Problem = z
    .looseObject({
      type: z.string(),
      title: z.string(),
      status: z.int(),
      detail: z.string(),
      instance: z.string(),
      code: z.enum(Object.keys(ERROR_CODES) as [ErrorCode, ...ErrorCode[]]),
      errors: z.exactOptional(
        z.array(
          z.object({
            pointer: z
              .string()
              .check(about('JSON Pointer into the body, or /query/..., /path/..., /headers/...')),
            detail: z.string(),
            offset: z.exactOptional(z.int()).check(about('Byte in the body')),
          }),
        ),
      ),
    })
    .check(about('RFC 9457 problem document; some problems have members of their own'));

  return {
    BackupType: backupType(),
    Scope: scope(),
    ChangeCounts,
    Encryption,
    Reason,
    BackupIds: backupIds,
    DatedBackup: dated,
    RetentionDecision,
    Metadata,
    Backup,
    PendingBackup,
    BackupOrPending,
    BackupOrReceipt,
    Receipt,
    Upload,
    Uploaded,
    State,
    BackupList,
    Operation,
    OperationList,
    Restored,
    RestoreAccepted,
    Delta,
    Validation,
    Policy,
    PolicyChanged,
    Wait,
    WaitList,
    RetentionPlan,
    Deleted,
    PolicyDeleted,
    ServiceInfo,
    Notice,
    Health,
    OpenApiDocument,
    Problem,
    Token,
    TokenMade,
    TokenList,
  };
}

/** Which of several schemas it is, as generators of clients understand it. */
function oneByStatus(names: Record<string, readonly string[]>) {
  const entries = Object.entries(names).flatMap(([name, values]) =>
    values.map((value) => [value, `#/components/schemas/${name}`]),
  );
  return z.meta({ discriminator: { propertyName: 'status', mapping: Object.fromEntries(entries) } });
}

type Answers = ReturnType<typeof createAnswers>;

/** What an answer by that name holds. */
export type Answer<Name extends keyof Answers> = z.output<Answers[Name]>;

// What answers say of backups, in the order and words of the specification.

import * as z from 'zod/mini';
import { once } from './once.ts';
import { oneByStatus, shapes } from './shapes.ts';
import { backupType } from './values.ts';

/** Made on demand: only who describes or checks answers needs them. */
export const backupAnswers = once(() => {
  const { about, time, percent, count, checksum } = shapes();
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
  const Unusual = z.object({
    code: z.enum(['rows_gone', 'size_gone']),
    detail: z.string(),
    table: z.exactOptional(z.string()).check(about('JSON Pointer of the table that lost the largest part')),
    rows: z.exactOptional(count).check(about('Rows that it had')),
    gone: z.exactOptional(count).check(about('Those of them that are not there any more')),
    sizeBefore: z.exactOptional(count).check(about('Bytes, where rows could not be counted')),
    size: z.exactOptional(count),
    accepted: z.exactOptional(z.literal(true)).check(about('It was made all the same, by acceptUnusual')),
  });
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
    changes: z
      .exactOptional(ChangeCounts)
      .check(about('What was changed since the base; a value that was replaced whole counts its children')),
    data: z.literal('[REDACTED]'),
    metadata: Metadata,
    legalHold: z.exactOptional(z.boolean()),
    lockedUntil: z.exactOptional(time),
    createdAt: time,
    completedAt: time,
    imported: z
      .exactOptional(z.literal(true))
      .check(about('Brought along from elsewhere: createdAt is when it was true, by who brought it')),
    importedAt: z.exactOptional(time).check(about('When it was brought along')),
    verifiedAt: z
      .exactOptional(time)
      .check(about('When its stored bytes were last proven; before the first time, completedAt counts')),
    damaged: z
      .exactOptional(z.literal(true))
      .check(about('The last proof failed: the health check says what to do')),
    unusual: z
      .exactOptional(Unusual)
      .check(about('More had gone than what is said of the resource takes for usual')),
    expiresAt: z.exactOptional(time),
    keptUntil: z
      .exactOptional(time)
      .check(about('Kept at least until then: undeleted after its expiry, or its state came again later')),
    checkedAt: z
      .exactOptional(time)
      .check(
        about('When its state last came again, in a create with ifChanged, and was found to be the same'),
      ),
    deletedAt: z.exactOptional(time),
    deletedReason: z.exactOptional(z.enum(['deleted', 'expired'])),
    restorableUntil: z
      .exactOptional(time)
      .check(about('Until then it can be restored with includeDeleted, and undeleted')),
    warnings: z
      .exactOptional(z.array(z.string()))
      .check(about('In the answer to a create: what its caller should know of, though the backup is made')),
    unchanged: z
      .exactOptional(z.literal(true))
      .check(about('It had the state already that came under the id that was asked for')),
  });
  const BackupUnchanged = z.extend(Backup, {
    unchanged: z.literal(true).check(about('It was there already, with the state that came')),
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
  const BackupRequest = z.object({
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
    asOf: z.exactOptional(time).check(about('When its state was true, of one that is imported')),
  });
  const BackupOrPending = z
    .xor([Backup, BackupRequest])
    .check(
      oneByStatus({ Backup: ['completed', 'deleted'], BackupRequest: ['pending', 'in_progress', 'failed'] }),
    );
  const BackupList = z.object({
    backups: z.array(BackupOrPending),
    count,
    nextCursor: z.exactOptional(z.string()),
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
          index: z.exactOptional(count).check(about('To an object: its number among the members there')),
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
  const Deleted = z.object({ id: z.string(), status: z.literal('deleted') });

  return {
    BackupType: backupType(),
    ChangeCounts,
    Encryption,
    Reason,
    Metadata,
    Backup,
    BackupRequest,
    BackupOrPending,
    BackupOrReceipt,
    BackupUnchanged,
    Receipt,
    BackupList,
    Delta,
    Validation,
    Deleted,
  };
});

// What answers say: the wire shapes, in the order and words of the specification.

import * as z from 'zod';
import { ERROR_CODES, type ErrorCode } from '../core/errors.ts';
import { backupType } from './values.ts';

/**
 * The schemas of all answers, by name. A function, because they are only needed to describe the API: made when the modules
 * are loaded, they were a good part of every cold start.
 */
export function createAnswers() {
  const time = z.string().meta({ format: 'date-time' });
  const count = z.int().min(0);

  const Metadata = z.object({
    version: z.string(),
    source: z.string(),
    tags: z.record(z.string(), z.string()),
    retentionDays: z.int(),
    customFields: z.record(z.string(), z.unknown()).exactOptional(),
  });

  const Backup = z.object({
    id: z.string(),
    resourceId: z.string(),
    resourceType: z.string(),
    type: backupType,
    requestedType: backupType
      .exactOptional()
      .meta({ description: 'What was asked for, where there was no base to build it on' }),
    status: z.literal('completed'),
    size: count.meta({ description: 'Bytes of the whole state as canonical text' }),
    compressedSize: count.meta({ description: 'Bytes that this backup added, compressed' }),
    compressionRatio: z.int().min(0).max(100).meta({ description: 'Percent saved' }),
    encrypted: z.boolean(),
    encryption: z
      .object({ algorithm: z.literal('AES-256-CBC'), keyId: z.string(), keyVersion: z.string() })
      .exactOptional(),
    checksum: z
      .string()
      .regex(/^sha256:[0-9a-f]{64}$/)
      .meta({ description: 'Of the restored state as canonical text, whatever the type' }),
    baseBackupId: z.string().exactOptional(),
    chainLength: z.int().min(1).meta({ description: 'Blobs that a restore reads' }),
    changes: z.object({ additions: count, changes: count, deletions: count, moves: count }).exactOptional(),
    data: z.literal('[REDACTED]'),
    metadata: Metadata,
    legalHold: z.boolean().exactOptional(),
    lockedUntil: time.exactOptional(),
    createdAt: time,
    completedAt: time,
    expiresAt: time.exactOptional(),
  });

  const PendingBackup = z.object({
    id: z.string().meta({ description: 'The id that the backup will have' }),
    resourceId: z.string(),
    resourceType: z.string(),
    type: backupType,
    status: z.enum(['pending', 'in_progress', 'completed', 'failed']),
    progress: z.int().min(0).max(100),
    failure: z.object({ code: z.string(), detail: z.string() }).exactOptional(),
    encrypted: z.boolean(),
    data: z.literal('[REDACTED]'),
    metadata: Metadata,
    createdAt: time,
  });
  const BackupOrPending = z.union([Backup, PendingBackup]);

  const Upload = z.object({
    uploadId: z.string(),
    method: z.literal('PUT'),
    url: z.string(),
    expiresAt: time,
    bytesMax: count,
  });

  const State = z.unknown().meta({ description: 'Any JSON' });

  const BackupList = z.object({
    backups: z.array(Backup),
    count,
    nextCursor: z.string().exactOptional(),
  });

  const Operation = z.object({
    id: z.string(),
    backupId: z.string(),
    targetResourceId: z.string(),
    type: z.enum(['full', 'point_in_time']),
    status: z.enum(['queued', 'in_progress', 'validating', 'completed', 'failed']),
    pointInTime: time.exactOptional(),
    path: z.string().exactOptional(),
    validated: z.boolean(),
    validationErrors: z.array(z.string()),
    progress: z.int().min(0).max(100),
    createdAt: time,
    completedAt: time.exactOptional(),
    createdBy: z.string(),
    resultUrl: z
      .string()
      .exactOptional()
      .meta({ description: 'Where the result is, while it can be fetched' }),
  });

  const OperationList = z.object({
    operations: z.array(Operation),
    count,
    nextCursor: z.string().exactOptional(),
  });

  const Restored = z.object({
    operation: Operation,
    data: z.unknown().meta({ description: 'The state, or the part of it that was asked for' }),
  });
  const RestoreAccepted = z.object({ operation: Operation });

  const keyed = { key: z.string() };
  const Delta = z.object({
    changes: z.array(z.object({ ...keyed, oldValue: z.unknown(), newValue: z.unknown() })),
    additions: z.array(z.object({ ...keyed, value: z.unknown() })),
    deletions: z.array(z.object({ ...keyed, value: z.unknown() })),
    moves: z.array(z.object({ from: z.string(), to: z.string() })).exactOptional(),
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
      keepLast: z.int().exactOptional(),
      keepDaily: z.int().exactOptional(),
      keepWeekly: z.int().exactOptional(),
      keepMonthly: z.int().exactOptional(),
      keepYearly: z.int().exactOptional(),
    }),
    updatedAt: time,
  });

  const RetentionPlan = z.object({
    decisions: z.array(
      z.object({
        backupId: z.string(),
        resourceId: z.string(),
        createdAt: time,
        expiresAt: time.exactOptional(),
        action: z.enum(['keep', 'drop']),
        reasons: z.array(z.string()),
      }),
    ),
    count,
    nextCursor: z.string().exactOptional(),
  });

  const deleted = { status: z.literal('deleted') };
  const Deleted = z.object({ id: z.string(), ...deleted });
  const PolicyDeleted = z.object({ resourceId: z.string(), ...deleted });

  const ServiceInfo = z.object({
    name: z.string(),
    version: z.string(),
    features: z.array(z.string()),
    endpoints: z.record(z.string(), z.string()),
  });
  const Health = z.object({ status: z.literal('healthy') });
  const OpenApiDocument = z.object({ openapi: z.string() }).loose();

  const Problem = z
    .object({
      type: z.string(),
      title: z.string(),
      status: z.int(),
      detail: z.string(),
      instance: z.string(),
      code: z.enum(Object.keys(ERROR_CODES) as [ErrorCode, ...ErrorCode[]]),
      errors: z
        .array(
          z.object({
            pointer: z.string().meta({
              description: 'JSON Pointer into the body, or /query/..., /path/..., /headers/...',
            }),
            detail: z.string(),
            offset: z.int().exactOptional().meta({ description: 'Byte in the body' }),
          }),
        )
        .exactOptional(),
    })
    .loose()
    .meta({ description: 'RFC 9457 problem document; some problems have members of their own' });

  return {
    Metadata,
    Backup,
    PendingBackup,
    BackupOrPending,
    Upload,
    State,
    BackupList,
    Operation,
    OperationList,
    Restored,
    RestoreAccepted,
    Delta,
    Validation,
    Policy,
    RetentionPlan,
    Deleted,
    PolicyDeleted,
    ServiceInfo,
    Health,
    OpenApiDocument,
    Problem,
  };
}

type Answers = ReturnType<typeof createAnswers>;

/** What an answer by that name holds. */
export type Answer<Name extends keyof Answers> = z.output<Answers[Name]>;

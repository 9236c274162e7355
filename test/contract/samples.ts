// Records for the suites: valid, small, each with what makes it different from the next.

import type { DocumentRecord } from '../../lib/core/records/document.ts';
import type {
  AuditEvent,
  BackupRecord,
  BackupRequest,
  GarbageEntry,
  IdempotencyRecord,
  Notice,
  OperationRecord,
  ResourceHead,
  SnapshotPointer,
} from '../../lib/core/records/model.ts';
import type { PolicyRecord } from '../../lib/core/records/retention-records.ts';
import type { BlobStore } from '../../lib/ports/blob-store.ts';
import type { Change } from '../../lib/ports/change.ts';
import type { PortErrorCode } from '../../lib/ports/errors.ts';
import type { Page, PageRequest } from '../../lib/ports/pages.ts';

export const T0 = Date.UTC(2025, 0, 1);
const HASH = 'ab'.repeat(32);

let counter = 0;
/** A number that no other record of this run has. */
export const unique = (): number => ++counter;

export const hexId = (): string => unique().toString(16).padStart(32, '0');

/** All that a record says, to the letter; in which order its own members stand is nobody's business. */
export function membersOf(record: object | undefined): string {
  return JSON.stringify(Object.entries(record ?? {}).sort(([a], [b]) => (a < b ? -1 : 1)));
}

export function backup(fields: Partial<BackupRecord> = {}): BackupRecord {
  const n = unique();
  const id = fields.id ?? `backup-${n}`;
  const sequence = fields.sequence ?? 1;
  return {
    id,
    resourceId: `resource-${n}`,
    resourceType: 'generic',
    type: 'full',
    sequence,
    status: 'completed',
    size: 10,
    checksum: HASH,
    compressedSize: 30,
    encrypted: true,
    chainId: id,
    chain: [
      {
        blobId: hexId(),
        kind: 'state',
        backupId: id,
        sequence,
        bytes: 200,
        sha256: HASH,
        encrypted: true,
        checksum: HASH,
        size: 10,
      },
    ],
    key: { keyId: 'k', keyVersion: '1', wrapped: 'AAAA' },
    metadata: { version: '1.0', source: 'api', tags: {}, retentionDays: 30 },
    createdAt: T0,
    completedAt: T0,
    version: 1,
    ...fields,
  };
}

export function head(fields: Partial<ResourceHead> = {}): ResourceHead {
  return { resourceId: `resource-${unique()}`, sequence: 1, createdAt: T0, version: 1, ...fields };
}

export function pointer(fields: Partial<SnapshotPointer> = {}): SnapshotPointer {
  return { resourceId: 'r', createdAt: T0, sequence: 1, backupId: `backup-${unique()}`, ...fields };
}

export function answer(fields: Partial<IdempotencyRecord> = {}): IdempotencyRecord {
  const n = unique();
  return {
    key: `key-${n}`,
    fingerprint: HASH,
    backupId: `backup-${n}`,
    response: '{"id":1}',
    expiresAt: T0 + 1000,
    ...fields,
  };
}

export function garbage(fields: Partial<GarbageEntry> = {}): GarbageEntry {
  return {
    blobId: hexId(),
    resourceId: 'r',
    chainId: 'backup-1',
    reason: 'deleted',
    sequence: 1,
    markedAt: T0,
    dueAt: T0,
    ...fields,
  };
}

export function operation(fields: Partial<OperationRecord> = {}): OperationRecord {
  return {
    id: `restore-${unique()}`,
    backupId: 'backup-1',
    resourceId: 'r',
    targetResourceId: 'target',
    type: 'full',
    status: 'queued',
    validate: true,
    validated: false,
    validationErrors: [],
    progress: 0,
    createdAt: T0,
    createdBy: 'tester',
    chainId: 'backup-1',
    leaseUntil: T0 + 1000,
    version: 1,
    ...fields,
  };
}

export function request(fields: Partial<BackupRequest> = {}): BackupRequest {
  const n = unique();
  return {
    id: `backup-${n}`,
    resourceId: 'r',
    resourceType: 'generic',
    requestedType: 'full',
    metadata: { version: '1.0', source: 'api', tags: {}, retentionDays: 30 },
    encrypt: true,
    uploadId: `upload-${n}`,
    status: 'pending',
    progress: 0,
    actor: 'tester',
    createdAt: T0,
    leaseUntil: T0 + 1000,
    version: 1,
    ...fields,
  };
}

export function policy(fields: Partial<PolicyRecord> = {}): PolicyRecord {
  return {
    resourceId: `resource-${unique()}`,
    policy: { keepLast: 3 },
    updatedAt: T0,
    version: 1,
    ...fields,
  };
}

export function notice(fields: Partial<Notice> = {}): Notice {
  return {
    id: `notice-${unique()}`,
    code: 'orphans',
    severity: 'warning',
    detail: 'Something needs a look.',
    since: T0,
    version: 1,
    ...fields,
  };
}

export function document(fields: Partial<DocumentRecord> = {}): DocumentRecord {
  return { collection: 'schedule', id: `schedule-${unique()}`, body: { every: 1 }, version: 1, ...fields };
}

export function event(fields: Partial<AuditEvent> = {}): AuditEvent {
  return {
    id: `event-${unique()}`,
    at: T0,
    action: 'backup.created',
    actor: 'tester',
    resourceId: 'r',
    ...fields,
  };
}

export const inserted = (record: BackupRecord): Change => ({ kind: 'backup.insert', record });
export const appended = (item: AuditEvent): Change => ({ kind: 'event.append', event: item });

/** Strings that have broken storage before: escapes, other planes, NUL, bidirectional marks, what JavaScript treats as special. */
export const ODD_STRINGS = [
  '__proto__',
  'constructor',
  'a/b?c=d&e#f%00',
  '"quoted" \\ back\nslash\t',
  "Robert'); DROP TABLE backup;--",
  'ünïcödé 漢字 🙂 e\u0301',
  '\u0000 nul \u0007 bell',
  '\u2028\u2029\u202e\ufeff',
  ' ',
  '1',
] as const;

/** Half of a surrogate pair: a JavaScript string and valid in JSON as an escape, but no Unicode text. */
export const LONE_SURROGATES = ['\ud800', '\ud801', 'a\udc00b', '\udc00\ud800'] as const;

/** An object with these own members, `__proto__` among them if named. */
export function ownMembers<T>(entries: Iterable<readonly [string, T]>): Record<string, T> {
  const object: Record<string, T> = {};
  for (const [name, value] of entries) {
    Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
  }
  return object;
}

/** All items of a list, in pages of `limit`; fails on a page that is too long, or on pages without end. */
export async function drain<T>(
  list: (request: PageRequest) => Promise<Page<T>>,
  limit: number,
  between: (pages: number) => Promise<void> = async () => {},
): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | undefined;
  for (let pages = 1; pages < 1000; pages += 1) {
    const page: Page<T> = await list(cursor === undefined ? { limit } : { limit, cursor });
    if (page.items.length > limit) {
      throw new Error(`a page of ${page.items.length} items where ${limit} were asked for`);
    }
    items.push(...page.items);
    if (page.cursor === undefined) {
      return items;
    }
    cursor = page.cursor;
    await between(pages);
  }
  throw new Error('the list does not end');
}

/** How each of the calls ended: `ok`, or the code of the PortError. */
export async function outcomes(calls: Promise<unknown>[]): Promise<(PortErrorCode | 'ok')[]> {
  const settled = await Promise.allSettled(calls);
  return settled.map((result) => {
    if (result.status === 'fulfilled') {
      return 'ok';
    }
    if (typeof result.reason?.code !== 'string') {
      throw result.reason;
    }
    return result.reason.code;
  });
}

export async function readBlob(store: BlobStore, blobId: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of await store.get(blobId)) {
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

export const UNREADABLE_CURSORS = [
  '',
  'x',
  '!!!',
  '\u0000',
  Buffer.from('{}').toString('base64url'),
  Buffer.from('[]').toString('base64url'),
  Buffer.from('null').toString('base64url'),
  Buffer.from('["backups",null,null]').toString('base64url'),
  Buffer.from('["backups",1e999,1]').toString('base64url'),
] as const;

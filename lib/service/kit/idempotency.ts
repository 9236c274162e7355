// The same key, from the same caller for the same resource, means the same backup: what was asked is remembered in one
// commit with what was made of it, and who asks again is shown what is so now.

import { createHash } from 'node:crypto';
import { ServiceError } from '../../core/records/errors.ts';
import { LIMITS } from '../../core/records/limits.ts';
import type { BackupRecord, BackupRequest, IdempotencyRecord } from '../../core/records/model.ts';
import type { Change } from '../../ports/change.ts';
import type { Caller } from '../contract/api.ts';
import type { Deps } from '../contract/deps.ts';

/** A key as it was used: for one caller and one resource, and for something that was asked. */
export interface KeyUse {
  /** As it came. */
  plain: string;
  scoped: string;
  asked: unknown;
}

export function useOf(
  key: string | undefined,
  { actor }: Caller,
  resourceId: string,
  asked: unknown,
): KeyUse | undefined {
  if (key === undefined) return undefined;
  return { plain: key, scoped: JSON.stringify([actor, resourceId, key]), asked };
}

export interface Earlier {
  /** What was made, or is being made, for the same question. */
  answer?: BackupRecord | BackupRequest;
  /** The answer was there before the question: its state came again. */
  isUnchanged?: boolean;
  /** What stands under the key and came to nothing: it makes room. */
  replaces?: IdempotencyRecord;
}

/**
 * What came of the key before. Throws ServiceError `idempotency_key_reused` if something else was asked, `backup_not_found`
 * if the backup has been deleted since: asking again must not bring back what somebody has removed.
 */
export async function findEarlier(
  deps: Pick<Deps, 'catalog' | 'clock'>,
  use: KeyUse | undefined,
): Promise<Earlier> {
  if (use === undefined) return {};
  const record = await findRecord(deps, use);
  if (record === undefined) return {};
  const { backupId } = record;
  const [own, request] = await Promise.all([
    deps.catalog.getBackup(backupId),
    deps.catalog.getRequest(backupId),
  ]);
  const { sameAs } = request ?? {};
  const backup = sameAs === undefined ? own : await deps.catalog.getBackup(sameAs);
  if (backup === undefined && request?.status === 'failed') {
    return record.key === use.scoped ? { replaces: record } : {};
  }
  if (record.key === use.scoped && record.fingerprint !== fingerprint(use.asked)) {
    throw new ServiceError('idempotency_key_reused', 'This key came before, with another request.');
  }
  if (backup !== undefined && backup.deletedAt === undefined) {
    return { answer: backup, ...(record.unchanged || sameAs !== undefined ? { isUnchanged: true } : {}) };
  }
  if (backup === undefined && request !== undefined && request.status !== 'completed') {
    return { answer: request };
  }
  throw new ServiceError(
    'backup_not_found',
    `Backup ${backupId}, which was made under this key, has been deleted since; use another key to make a new one.`,
  );
}

/** Under the key's own scope; or, for a day after an upgrade, one of the same request from when keys had none. */
async function findRecord(
  { catalog, clock }: Pick<Deps, 'catalog' | 'clock'>,
  { plain, scoped, asked }: KeyUse,
): Promise<IdempotencyRecord | undefined> {
  const now = clock.now();
  const [own, unscoped] = await Promise.all([
    catalog.getIdempotency(scoped, now),
    catalog.getIdempotency(plain, now),
  ]);
  return own ?? (unscoped?.fingerprint === unscopedFingerprint(asked) ? unscoped : undefined);
}

/** The change that remembers what was made. It conflicts if the key has been taken in the meantime. */
export function rememberAnswer(
  { scoped, asked }: KeyUse,
  { id, unchanged }: { id: string; unchanged?: true },
  now: number,
  replaces?: IdempotencyRecord,
): Change {
  const record = {
    key: scoped,
    fingerprint: fingerprint(asked),
    backupId: id,
    ...(unchanged === undefined ? {} : { unchanged }),
    expiresAt: now + LIMITS.idempotencyMs,
  };
  return { kind: 'idempotency.insert', record, now, ...(replaces === undefined ? {} : { replaces }) };
}

/** A hash of what was asked; the order of object members makes no difference, and nothing else is passed over. */
export function fingerprint(asked: unknown): string {
  return createHash('sha256').update(sortedText(asked)).digest('hex');
}

function sortedText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(sortedText).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => `${JSON.stringify(name)}:${sortedText(member)}`);
  return `{${members.join()}}`;
}

/** As the first release made it: it took an object for the list of its members. */
function unscopedFingerprint(asked: unknown): string {
  const sorted = (_key: string, value: unknown): unknown =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
      : value;
  return createHash('sha256').update(JSON.stringify(asked, sorted)).digest('hex');
}

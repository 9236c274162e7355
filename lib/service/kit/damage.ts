// Damage that was found, whoever found it: said once to whoever watches health, log and events, with what needs it and what
// to do. It is cleared by a scrub that finds the blob whole again.

import { hasCode, type ServiceError } from '../../core/records/errors.ts';
import type { BackupRecord, BlobRef } from '../../core/records/model.ts';
import type { Deps } from '../contract/deps.ts';
import { collect } from './collect.ts';
import { raiseNotice } from './notices.ts';

type DamageDeps = Pick<Deps, 'catalog' | 'clock' | 'log' | 'random'>;

const PREFIX = 'damaged:';
/** So many backups are named; of the others, how many there are. */
const NAMED_MAX = 5;

function damageNoticeId(blobId: string): string {
  return PREFIX + blobId;
}

/** The blob that a notice of damage is about, if it is one. */
export function damagedBlobOf(noticeId: string): string | undefined {
  return noticeId.startsWith(PREFIX) ? noticeId.slice(PREFIX.length) : undefined;
}

export function isDamage(error: unknown): error is ServiceError {
  return hasCode(error, 'integrity_error', 'broken_chain');
}

/**
 * Raises the notice of a damaged blob. Never throws: whoever found the damage answers for it all the same, and the scrub
 * finds it again.
 */
export async function reportDamage(
  deps: DamageDeps,
  error: ServiceError,
  found: { resourceId: string; backupId: string },
): Promise<void> {
  const { blobId } = error.extra;
  // Without a blob, it is a key or a record: the log line of whoever found it says which.
  if (typeof blobId !== 'string') return;
  try {
    const needing = await dependantsOf(deps, found.resourceId, blobId);
    await raiseNotice(deps, {
      id: damageNoticeId(blobId),
      code: 'damaged_backup',
      severity: 'warning',
      detail: describe(error.message, needing),
      resourceId: found.resourceId,
      backupId: typeof error.extra.backupId === 'string' ? error.extra.backupId : found.backupId,
    });
  } catch (failure) {
    deps.log.error('damage could not be written down', { blobId, ...found, error: failure });
  }
}

/** The live backups of a resource whose restore reads the blob, oldest first. */
export async function dependantsOf(
  { catalog }: Pick<Deps, 'catalog'>,
  resourceId: string,
  blobId: string,
): Promise<BackupRecord[]> {
  const live = await collect((page) => catalog.resourceHistory({ ...page, resourceId, fromSequence: 0 }));
  return live.filter(({ chain }) => chain.some((ref: BlobRef) => ref.blobId === blobId));
}

function describe(what: string, needing: BackupRecord[]): string {
  const ids = needing.map(({ id }) => id);
  const named = ids.slice(0, NAMED_MAX).join(', ');
  const others = ids.length > NAMED_MAX ? ` and ${ids.length - NAMED_MAX} more` : '';
  const who = ids.length === 0 ? 'No live backup needs it.' : `Needed by ${named}${others}.`;
  return `${what} ${who} Put the blob back from a copy, or make a new full backup of the resource.`;
}

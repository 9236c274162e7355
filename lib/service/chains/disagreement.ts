// What a record or an entry of the catalog says of a blob, against what that says itself: where they do not agree, nothing is
// hidden and nothing removed, and somebody is told.

import { ownBlob } from '../../core/records/chain.ts';
import { LIMITS } from '../../core/records/limits.ts';
import type { BackupRecord, GarbageEntry } from '../../core/records/model.ts';
import type { Deps } from '../contract/deps.ts';
import { clearNotice, raiseNotice } from '../kit/notices.ts';
import { disagreementOf } from './agreement.ts';
import { headerOf, isHeader } from './blob-header.ts';

const PREFIX = 'disagreement:';

interface About {
  /** The backup, or the blob, that is kept. */
  id: string;
  resourceId: string;
  backupId?: string;
}

/** Notices that stand, as they were a moment ago: what is not among them need not be taken back. */
export type Standing = ReadonlySet<string> | undefined;

/** For who is about to ask for many; undefined where there are so many that each has to be asked for. Throws PortError. */
export async function standingNotices({ catalog }: Pick<Deps, 'catalog'>): Promise<Standing> {
  const notices = await catalog.listNotices(LIMITS.listPageMax);
  return notices.length === LIMITS.listPageMax ? undefined : new Set(notices.map(({ id }) => id));
}

/**
 * Whether the backup's own blob says of it what the record says: a record alone hides nothing, nor does one whose blob is
 * missing or says nothing. Throws PortError.
 */
export async function mayExpire(deps: Deps, record: BackupRecord, standing?: Standing): Promise<boolean> {
  const { id, resourceId } = record;
  const header = await headerOf(deps, ownBlob(record).blobId);
  const member = isHeader(header) ? disagreementOf(record, header) : header;
  const about = { id, resourceId, backupId: id };
  if (member === undefined) return agreed(deps, about, standing);
  if (isHeader(header)) {
    const detail = `Backup ${id} is kept: its record says that it has expired, but not what its blob says (${member}).`;
    return disagreed(deps, { ...about, detail, member });
  }
  const what = header === 'missing' ? 'is missing' : 'cannot be read';
  const detail = `Backup ${id} has expired, but its blob ${what}: it is kept until somebody has looked, or deletes it.`;
  return disagreed(deps, { ...about, detail, member: 'blob' });
}

/**
 * Whether the bytes to be removed are those that the entry means, as they say themselves. What is gone already agrees. What
 * can be read as nothing agrees with nobody, and goes only with a backup that was deleted by name: that was its owner's own
 * word, and asked no blob. Throws PortError.
 */
export async function mayRemove(deps: Deps, entry: GarbageEntry, standing?: Standing): Promise<boolean> {
  const { blobId, backupId, resourceId, sequence, reason } = entry;
  const header = await headerOf(deps, blobId);
  const about = { id: blobId, resourceId };
  const to = `Blob ${blobId} was to be removed as one of number ${sequence} of its resource`;
  if (!isHeader(header)) {
    if (header === 'missing' || reason === 'deleted') return agreed(deps, about, standing);
    const detail = `${to}, but cannot be read: it is kept until somebody has looked, or moves it away.`;
    return disagreed(deps, { ...about, detail, member: 'blob' });
  }
  const isSame =
    header.blobId === blobId &&
    header.resourceId === resourceId &&
    header.sequence === sequence &&
    (backupId === undefined || header.backupId === backupId);
  if (isSame) return agreed(deps, about, standing);
  const detail = `${to}, but says that it is another: it is kept.`;
  return disagreed(deps, { ...about, detail, member: 'header' });
}

async function disagreed(
  deps: Deps,
  { id, member, detail, ...about }: About & { member: string; detail: string },
): Promise<false> {
  deps.log.error('record and blob do not agree', { id, ...about, member });
  const notice = { id: PREFIX + id, code: 'disagreement', severity: 'warning' } as const;
  await raiseNotice(deps, { ...notice, detail, ...about });
  return false;
}

/** It may have been mended since it was told of. */
async function agreed(deps: Deps, { id }: About, standing: Standing): Promise<true> {
  if (standing?.has(PREFIX + id) !== false) await clearNotice(deps, PREFIX + id);
  return true;
}

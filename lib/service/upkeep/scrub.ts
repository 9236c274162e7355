// Proves what is stored again, the longest unproven first, so that damage is found while it can still be mended: every blob of
// a chain by its hash, the record by the header of its own blob, the key by opening it.

import { ownBlob } from '../../core/records/chain.ts';
import { hasCode, type ServiceError } from '../../core/records/errors.ts';
import { LIMITS } from '../../core/records/limits.ts';
import type { BackupRecord, BlobRef, Notice } from '../../core/records/model.ts';
import { lookedAt } from '../../core/records/proof-time.ts';
import { PortError } from '../../ports/errors.ts';
import { demandAgreement, demandOwnTip } from '../chains/agreement.ts';
import { headerOf, isHeader } from '../chains/blob-header.ts';
import { brokenBlob, checkBlob, openKey } from '../chains/blobs.ts';
import { readBackup } from '../chains/read-backup.ts';
import type { Deps } from '../contract/deps.ts';
import { retryOnConflict } from '../kit/conflict.ts';
import { damagedBlobOf, dependantsOf, isDamage } from '../kit/damage.ts';
import { clearNotice } from '../kit/notices.ts';
import { healBlob } from './heal.ts';

export interface ScrubPlan {
  /** So many are proven each time, however young their last proof is. */
  backupsMin: number;
  /** Beyond those, only what has not been proven for so long. */
  ageMs: number;
  /** Epoch milliseconds; nothing more is begun then. */
  deadline?: number;
  /** Called after each backup with the time that it took, to let others have the disk. */
  pause?: (tookMs: number) => Promise<void>;
}

export interface ScrubSummary {
  proven: number;
  /** Backups that were found to be damaged, or still to be. */
  damaged: number;
  /** Blobs that were damaged and are whole again. */
  healed: number;
  /** Blobs that were taken from the second copy. */
  recovered?: number;
}

/**
 * One run. What it finds is written down with each backup and, if it is damage, said by a notice (see `reportDamage`).
 * Throws PortError if the stores do not answer.
 */
export async function scrub(deps: Deps, plan: ScrubPlan): Promise<ScrubSummary> {
  const { catalog, clock } = deps;
  const { backupsMin, ageMs, deadline = Number.POSITIVE_INFINITY } = plan;
  const began = clock.now();
  const summary: ScrubSummary = { proven: 0, damaged: 0, healed: 0 };
  const prove = createProver(deps, summary);
  const isOver = (): boolean => clock.now() >= deadline || deps.isStopping?.() === true;
  const seen = new Set<string>();
  const look = async (record: BackupRecord): Promise<void> => {
    const from = clock.monotonic();
    seen.add(record.id);
    await prove(record);
    await plan.pause?.(clock.monotonic() - from);
  };

  for (const notice of await catalog.listNotices(LIMITS.listPageMax)) {
    if (isOver()) return summary;
    for (const record of await needing(deps, notice)) if (!seen.has(record.id)) await look(record);
    if (await healed(deps, notice)) summary.healed++;
  }
  for (;;) {
    // Those that have been proven are no longer in the list.
    const page = await catalog.leastProven({ limit: backupsMin, before: began - 1 });
    const next = page.items.filter(({ id }) => !seen.has(id));
    if (next.length === 0) return summary;
    for (const record of next) {
      const isDue = began - lookedAt(record) >= ageMs;
      if (isOver() || (seen.size >= backupsMin && !isDue)) return summary;
      await look(record);
    }
  }
}

/** Live backups that need the blob that a notice is about. */
async function needing(deps: Deps, { id, resourceId }: Notice): Promise<BackupRecord[]> {
  const blobId = damagedBlobOf(id);
  return blobId === undefined || resourceId === undefined ? [] : dependantsOf(deps, resourceId, blobId);
}

/** Takes the notice back if the blob is whole again, or no live backup needs it any more. */
async function healed(deps: Deps, notice: Notice): Promise<boolean> {
  const blobId = damagedBlobOf(notice.id);
  if (blobId === undefined) return false;
  const [record] = await needing(deps, notice);
  const ref = record?.chain.find((blob) => blob.blobId === blobId);
  if (ref !== undefined && (await faultIn(() => readWhole(deps, ref))) !== undefined) return false;
  await clearNotice(deps, notice.id);
  return true;
}

/** Proves one backup after another, each blob once. */
export function createProver(
  deps: Deps,
  summary: Pick<ScrubSummary, 'proven' | 'damaged' | 'recovered'>,
): (record: BackupRecord) => Promise<void> {
  const blobs = new Map<string, ServiceError | undefined>();

  async function faultOf(ref: BlobRef, record: BackupRecord): Promise<ServiceError | undefined> {
    const fault = await faultIn(() => readWhole(deps, ref));
    if (fault === undefined || !(await healBlob(deps, ref, record))) return fault;
    summary.recovered = (summary.recovered ?? 0) + 1;
    return undefined;
  }

  async function demandWhole(record: BackupRecord): Promise<void> {
    for (const ref of record.chain) {
      if (!blobs.has(ref.blobId)) blobs.set(ref.blobId, await faultOf(ref, record));
      const fault = blobs.get(ref.blobId);
      if (fault !== undefined) throw fault;
    }
    demandOwnTip(record);
    const own = ownBlob(record);
    const header = await headerOf(deps, own.blobId);
    if (header === 'missing') throw brokenBlob('broken_chain', own, 'is missing');
    if (!isHeader(header)) throw brokenBlob('integrity_error', own, 'has no header that can be read');
    demandAgreement(record, header);
    if (record.key !== undefined) await openKey(deps, record.key, record);
  }

  return async (record) => {
    const { id: backupId, resourceId, damagedAt } = record;
    try {
      const fault = await faultIn(() => readBackup(deps, record, demandWhole));
      if (fault === undefined) summary.proven++;
      else summary.damaged++;
      await note(deps, backupId, fault === undefined);
      if (fault === undefined || damagedAt !== undefined) return;
      const { code, message: detail, extra } = fault;
      deps.log.error('a stored backup is damaged', { ...extra, backupId, resourceId, code, detail });
    } catch (error) {
      // Hidden since it was listed: then it is no longer ours to prove.
      if (!hasCode(error, 'backup_not_found')) throw error;
    }
  };
}

/** One blob that cannot be read, in a store that works: a bad sector, say. That is damage by another name. */
async function readWhole(deps: Deps, ref: BlobRef): Promise<void> {
  try {
    await checkBlob(deps, ref);
  } catch (error) {
    if (!(error instanceof PortError) || error.code !== 'unavailable') throw error;
    await deps.blobs.check();
    throw brokenBlob('broken_chain', ref, 'cannot be read', error);
  }
}

/** No event: nothing has changed but what is known. */
async function note({ catalog, clock }: Deps, id: string, isWhole: boolean): Promise<void> {
  await retryOnConflict(`Backup ${id}`, async () => {
    const record = await catalog.getBackup(id);
    if (record === undefined || record.deletedAt !== undefined) return;
    const { damagedAt: _past, ...rest } = record;
    const found = isWhole ? { ...rest, verifiedAt: clock.now() } : { ...record, damagedAt: clock.now() };
    const expect = record.version;
    await catalog.commit([{ kind: 'backup.update', record: { ...found, version: expect + 1 }, expect }]);
  });
}

async function faultIn(work: () => Promise<unknown>): Promise<ServiceError | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (!isDamage(error)) throw error;
    return error;
  }
}

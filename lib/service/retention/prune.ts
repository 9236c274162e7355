// Frees what a resource's hidden backups still hold: live backups that need it are rebased first, then it is removed.

import { forEachAtOnce } from '../../core/at-once.ts';
import { baseRefOf, isChainSpent, ownBlob } from '../../core/records/chain.ts';
import { hasCode } from '../../core/records/errors.ts';
import type {
  BackupRecord,
  BlobRef,
  GarbageEntry,
  ResourceHead,
  WrappedKey,
} from '../../core/records/model.ts';
import type { Change } from '../../ports/change.ts';
import { PortError } from '../../ports/errors.ts';
import { wayTo } from '../chains/blobs.ts';
import { mayRemove, type Standing } from '../chains/disagreement.ts';
import { loadState } from '../chains/state.ts';
import { type BlobContent, type Draft, discardBlob, writeBlob } from '../chains/write-blob.ts';
import type { Caller } from '../contract/api.ts';
import type { Deps } from '../contract/deps.ts';
import { collect } from '../kit/collect.ts';
import { retryOnConflict } from '../kit/conflict.ts';
import { event } from '../kit/events.ts';
import { demandTrust } from '../kit/trust.ts';

export interface Pruned {
  rebased: number;
  blobsRemoved: number;
}

const BY: Readonly<Caller> = { actor: 'retention' };

/** Reads of one resource at once. */
const READ_AT_ONCE = 16;
/** Removed in one commit: each takes up to eight items where a home keeps items. */
const REMOVED_TOGETHER = 11;

/** No resource's own gate: those are their ids, or lists. */
const REBASING = JSON.stringify({ rebasing: true });

/**
 * One pass over a resource. Blobs of expired backups are freed at once, those of deleted ones when they are due;
 * bytes go when due, needed by nothing live and under no lease. Every step is a commit of its own that leaves all
 * live backups restorable, so a pass may stop anywhere and be run again.
 */
export async function pruneResource(deps: Deps, resourceId: string, standing?: Standing): Promise<Pruned> {
  await demandTrust(deps);
  const { catalog, clock, options } = deps;
  const now = clock.now();
  const garbage = await collect((page) => catalog.resourceGarbage({ ...page, resourceId }));
  const unwanted = new Map(
    garbage.filter((e) => e.reason !== 'deleted' || e.dueAt <= now).map((e) => [e.blobId, e]),
  );
  const fromSequence = Math.min(...garbage.map((e) => e.sequence));
  const live = await collect((page) => catalog.resourceHistory({ ...page, resourceId, fromSequence }));
  const needed = new Set(live.flatMap((record) => record.chain.map((blob) => blob.blobId)));

  const rebased = await rebaseAll(deps, live, new Set(unwanted.keys()));

  for (const entry of garbage) {
    // A restore that began before the rebase may still be reading it.
    const dueAt = now + options.graceMs;
    if (needed.has(entry.blobId) && unwanted.has(entry.blobId) && entry.dueAt < dueAt) {
      await catalog.commit([{ kind: 'garbage.put', entry: { ...entry, dueAt } }]);
    }
  }
  const candidates = garbage.filter(({ blobId, dueAt }) => dueAt <= now && !needed.has(blobId));
  const going = await withoutUsers(deps, candidates, garbage, now);
  // Newest first: an older blob may be what a newer one, not yet gone, builds on.
  going.sort((a, b) => b.sequence - a.sequence);
  const pruned = { rebased, blobsRemoved: 0 };
  for (const some of chunked(going, REMOVED_TOGETHER)) {
    if (deps.isStopping?.()) break;
    pruned.blobsRemoved += await remove(deps, some, standing);
  }
  return pruned;
}

/** Without those that a restore may be reading, and those that hidden backups need that can still be undeleted. */
async function withoutUsers(
  deps: Deps,
  candidates: readonly GarbageEntry[],
  garbage: readonly GarbageEntry[],
  now: number,
): Promise<GarbageEntry[]> {
  if (candidates.length === 0) return [];
  const chains = new Set(candidates.map(({ chainId }) => chainId));
  const leased = new Set<string>();
  const promised = new Set<string>();
  await Promise.all([
    forEachAtOnce(chains, READ_AT_ONCE, async (chainId) => {
      const isLeased =
        deps.late?.hasLease(chainId, now) === true || (await deps.catalog.hasLease(chainId, now));
      if (isLeased) leased.add(chainId);
    }),
    // Their way back stays whole until their own time is over. All blobs of a chain say so.
    forEachAtOnce(
      garbage.filter(({ chainId, dueAt }) => dueAt > now && chains.has(chainId)),
      READ_AT_ONCE,
      async ({ backupId }) => {
        // It may have been undeleted since.
        const hidden = backupId === undefined ? undefined : await deps.catalog.getBackup(backupId);
        for (const { blobId } of hidden?.chain ?? []) promised.add(blobId);
      },
    ),
  ]);
  return candidates.filter(({ blobId, chainId }) => !promised.has(blobId) && !leased.has(chainId));
}

function chunked<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) =>
    items.slice(i * size, (i + 1) * size),
  );
}

/** Gives every live backup that goes through an unwanted blob a chain without it, oldest first. */
async function rebaseAll(deps: Deps, live: BackupRecord[], unwanted: ReadonlySet<string>): Promise<number> {
  const rebuilt: Rebuilt[] = [];
  for (const record of live) {
    if (deps.isStopping?.()) break;
    if (!record.chain.some((blob) => unwanted.has(blob.blobId))) continue;
    try {
      // Two states may stand in memory for it, so that no two resources do that at once.
      const after = await deps.gate.run(REBASING, () => rebase(deps, record, rebuilt, unwanted));
      const { chain: before, chainId, key } = record;
      if (after !== undefined) rebuilt.push({ before, after, chainId, key });
    } catch (error) {
      // One backup that cannot be rebuilt must not hold up the others; what it needs simply stays.
      // Nor must a disk that has no room for it: the blobs that nothing needs are what makes some.
      const isFull = error instanceof PortError && error.reason === 'disk_full';
      if (!isFull && !hasCode(error, 'integrity_error', 'broken_chain', 'write_conflict')) throw error;
      deps.log.error('rebase failed', { backupId: record.id, code: error.code, detail: error.message });
    }
  }
  return rebuilt.length;
}

interface Rebuilt {
  before: BlobRef[];
  after: BlobRef[];
  chainId: string;
  key: WrappedKey | undefined;
}

async function rebase(
  deps: Deps,
  record: BackupRecord,
  rebuilt: Rebuilt[],
  unwanted: ReadonlySet<string>,
): Promise<BlobRef[] | undefined> {
  const chain = followed(record.chain, rebuilt);
  const gap = chain.findIndex((blob) => unwanted.has(blob.blobId));
  if (gap < 0) return adopt(deps, record, { chain });
  // Where encryption set in later than the chain did, its branches have keys of their own.
  const sibling = rebuilt.find(
    ({ chainId, after, key }) =>
      chainId === record.chainId &&
      after.length === 1 &&
      (!after[0]!.encrypted || key?.wrapped === record.key?.wrapped),
  );
  return adopt(
    deps,
    record,
    await rewrite(deps, record, gap > 0 ? chain.slice(0, gap) : (sibling?.after ?? [])),
  );
}

/** The chain with its longest rebuilt beginning exchanged for what that became. */
function followed(chain: BlobRef[], rebuilt: Rebuilt[]): BlobRef[] {
  const fits = rebuilt
    .filter(({ before }) => before.every((blob, i) => chain[i]?.blobId === blob.blobId))
    .sort((a, b) => b.before.length - a.before.length)[0];
  return fits === undefined ? chain : [...fits.after, ...chain.slice(fits.before.length)];
}

type Rewritten = Pick<BackupRecord, 'chain'> & Partial<Pick<BackupRecord, 'compressedSize'>>;

/** Stores the backup's state anew: as a delta on the blobs given if that pays, else whole. */
async function rewrite(deps: Deps, record: BackupRecord, onto: BlobRef[]): Promise<Rewritten> {
  const { key } = record;
  const { state, dataKey } = await loadState(deps, record);
  const content: BlobContent = {
    state,
    prefix: [],
    encryption: record.encrypted ? { key: key!, dataKey: dataKey! } : 'none',
  };
  if (onto.length > 0 && !isChainSpent(onto)) {
    const base = await loadState(deps, wayTo(record, onto));
    const { chunks } = await deps.texts.makeDelta(base.state, state, true);
    if (chunks !== undefined) {
      content.delta = { chunks, base: base.state };
      content.prefix = onto;
    }
  }
  const { ref, compressedBytes } = await writeBlob(deps, draftOf(record), content);
  return { chain: [...content.prefix, ref], compressedSize: compressedBytes };
}

function draftOf(record: BackupRecord): Draft {
  const { id, encrypted, resourceId, resourceType, sequence, type, requestedType, baseBackupId } = record;
  const { chainId, checksum, size, metadata, createdAt, importedAt, expiresAt, changes } = record;
  return {
    ...{
      id,
      encrypted,
      resourceId,
      resourceType,
      sequence,
      type,
      chainId,
      checksum,
      size,
      metadata,
      createdAt,
    },
    ...(requestedType === undefined ? {} : { requestedType }),
    ...(baseBackupId === undefined ? {} : { baseBackupId }),
    ...(importedAt === undefined ? {} : { importedAt }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(changes === undefined ? {} : { changes }),
  };
}

/**
 * Commits the new chain. Resolves with it, or undefined if the backup has been hidden, or given another chain by another
 * sweep, in the meantime: blobs that only that chain names must not drop out of sight.
 */
async function adopt(deps: Deps, seen: BackupRecord, rewritten: Rewritten): Promise<BlobRef[] | undefined> {
  const { catalog, clock, options, gate } = deps;
  const { id, resourceId, chainId, sequence } = seen;
  const replaced = ownBlob(seen);
  const fresh = rewritten.chain.at(-1)!;
  /** Whether a commit may stand though nobody has heard of it. */
  let mayStand = false;
  const attempt = async (): Promise<boolean> => {
    const [record, head] = await Promise.all([catalog.getBackup(id), catalog.getHead(resourceId)]);
    if (record === undefined || record.deletedAt !== undefined || head === undefined) return false;
    if (!sameChain(record.chain, seen.chain)) return false;
    const now = clock.now();
    const next = { ...record, ...rewritten, version: record.version + 1 };
    const changes: Change[] = [
      { kind: 'backup.update', record: next, expect: record.version },
      { kind: 'head.put', head: headWith(head, next), expect: head.version },
      event(deps, 'backup.rebased', now, BY, {
        resourceId,
        backupId: id,
        detail: { chainLength: next.chain.length },
      }),
    ];
    if (fresh.blobId !== replaced.blobId) {
      const { blobId } = replaced;
      const dueAt = now + options.graceMs;
      const entry = {
        blobId,
        resourceId,
        chainId,
        reason: 'replaced',
        sequence,
        markedAt: now,
        dueAt,
      } as const;
      changes.push({ kind: 'garbage.put', entry });
    }
    mayStand = true;
    try {
      await catalog.commit(changes);
    } catch (error) {
      mayStand = !(error instanceof PortError && error.code === 'conflict');
      throw error;
    }
    return true;
  };
  try {
    // Only here does the head move: a create at work on it goes first, or it would have to begin again.
    const adopted = await gate.run(resourceId, () => retryOnConflict(`Backup ${id}`, attempt));
    return adopted ? rewritten.chain : undefined;
  } finally {
    // Whoever prunes may delete, in every home.
    if (!mayStand && fresh.blobId !== replaced.blobId) await discardBlob(deps, fresh.blobId);
  }
}

function sameChain(a: BlobRef[], b: BlobRef[]): boolean {
  return a.length === b.length && a.every(({ blobId }, i) => blobId === b[i]!.blobId);
}

/** The head moves with every live chain that changes, so that nobody builds on what is about to go. */
function headWith(head: ResourceHead, record: BackupRecord): ResourceHead {
  const base = baseRefOf(record);
  return {
    ...head,
    ...(head.latest?.id === record.id ? { latest: base } : {}),
    ...(head.latestFull?.id === record.id ? { latestFull: base } : {}),
    version: head.version + 1,
  };
}

/** Bytes first, then the entries that name them: a crash in between is mended by the next pass. Resolves with how many have gone. */
async function remove(deps: Deps, entries: readonly GarbageEntry[], standing: Standing): Promise<number> {
  const { blobs, catalog } = deps;
  const going: Removal[] = [];
  await forEachAtOnce(entries, READ_AT_ONCE, async (entry) => {
    const { backupId, blobId } = entry;
    const [mayGo, tombstone] = await Promise.all([
      mayRemove(deps, entry, standing),
      backupId === undefined ? undefined : catalog.getBackup(backupId),
    ]);
    if (!mayGo) return;
    await blobs.delete(blobId);
    going.push({ entry, tombstone });
  });
  if (going.length === 0) return 0;
  try {
    await catalog.commit(going.flatMap((one) => removalChanges(deps, one)));
  } catch (error) {
    if (!(error instanceof PortError && error.code === 'conflict')) throw error;
    for (const one of going) await removeAlone(deps, one);
  }
  return going.length;
}

interface Removal {
  entry: GarbageEntry;
  tombstone: BackupRecord | undefined;
}

async function removeAlone(deps: Deps, removal: Removal): Promise<void> {
  try {
    await deps.catalog.commit(removalChanges(deps, removal));
  } catch (error) {
    // Another sweep has removed the tombstone since, and with it the entry.
    if (!(error instanceof PortError && error.code === 'conflict')) throw error;
  }
}

function removalChanges(deps: Deps, { entry, tombstone }: Removal): Change[] {
  const { blobId, backupId, resourceId, reason } = entry;
  const changes: Change[] = [{ kind: 'garbage.remove', blobId }];
  if (tombstone !== undefined) {
    changes.push({ kind: 'backup.remove', id: tombstone.id, expect: tombstone.version });
  }
  const action = tombstone === undefined ? 'blob.removed' : 'backup.removed';
  const about = { resourceId, ...(backupId === undefined ? {} : { backupId }), detail: { reason, blobId } };
  return [...changes, event(deps, action, deps.clock.now(), BY, about)];
}

// The one commit that makes a backup of a stored blob. Losing a race is no reason to build anew while the place in the order
// of states is still free and the base is what it was: then only the head is written again.

import { ownBlob, withBackup } from '../../core/records/chain.ts';
import { isOpenTo } from '../../core/records/lock.ts';
import type {
  BackupRecord,
  BackupRequest,
  BaseRef,
  IdempotencyRecord,
  ResourceHead,
} from '../../core/records/model.ts';
import { withNextState } from '../../core/records/timeline.ts';
import type { Change } from '../../ports/change.ts';
import { PortError } from '../../ports/errors.ts';
import type { Caller } from '../contract/api.ts';
import type { Deps } from '../contract/deps.ts';
import { event } from '../kit/events.ts';
import { type KeyUse, rememberAnswer } from '../kit/idempotency.ts';
import { discardBlob } from './write-blob.ts';

export interface BackupToCommit {
  record: BackupRecord;
  /** What the record builds on. */
  base: BaseRef | undefined;
  /** As it was read before the record was built. */
  head: ResourceHead | undefined;
  use?: KeyUse;
  /** What makes room under the key. */
  replaces: IdempotencyRecord | undefined;
  caller: Caller;
  /** Of the lock that its writer holds. */
  lockId: string | undefined;
  request?: BackupRequest;
  /** Why it is a full though something else was asked for, if its base is damaged. */
  damage?: DamagedBase;
  now: number;
}

export interface DamagedBase {
  backupId: string;
  code: string;
  /** The blob at fault, where it is one. */
  blobId?: string;
}

/** Only writing the head again costs next to nothing, so it may lose more often than a build. */
const COMMITS_MAX = 20;

/**
 * Resolves with the head as it is then, or with undefined if the record has to be built anew. Throws PortError from the
 * catalog; `conflict` if the request has been moved on by somebody else. Where the commit has definitely not taken place, the
 * blob goes, if writers may delete.
 */
export async function commitBackup(deps: Deps, backup: BackupToCommit): Promise<ResourceHead | undefined> {
  const outcome: Outcome = { mayStand: false };
  try {
    return await tryToCommit(deps, backup, outcome);
  } finally {
    if (!outcome.mayStand && deps.options.writersDelete) {
      await discardBlob(deps, ownBlob(backup.record).blobId);
    }
  }
}

interface Outcome {
  /** It stands, or nobody knows. */
  mayStand: boolean;
}

async function tryToCommit(
  deps: Deps,
  backup: BackupToCommit,
  outcome: Outcome,
): Promise<ResourceHead | undefined> {
  const { catalog } = deps;
  let { head } = backup;
  for (let n = 0; n < COMMITS_MAX; n++) {
    const next = headOf(backup, head);
    try {
      outcome.mayStand = true;
      await catalog.commit(changesOf(deps, backup, next));
      return next;
    } catch (error) {
      if (!(error instanceof PortError && error.code === 'conflict')) throw error;
      outcome.mayStand = false;
      if (error.change === 'request.update') throw error;
      if (error.change === 'idempotency.insert') return undefined;
    }
    head = await catalog.getHead(backup.record.resourceId);
    if (!(await stands(deps, backup, head))) return undefined;
  }
  return undefined;
}

/** Whether what was built is still right on this head. It was read first: what changes from now on moves it once more. */
async function stands(
  { catalog }: Deps,
  { record, base, request, lockId }: BackupToCommit,
  head: ResourceHead | undefined,
): Promise<boolean> {
  if (!isOpenTo(head, lockId)) return false;
  const isFree = request?.sequence !== undefined || (head?.sequence ?? 0) === record.sequence - 1;
  if (!isFree || base === undefined) return isFree;
  const found = await catalog.getBackup(base.id);
  if (found === undefined || found.deletedAt !== undefined) return false;
  return JSON.stringify(found.chain) === JSON.stringify(base.chain);
}

function headOf({ record, request }: BackupToCommit, head: ResourceHead | undefined): ResourceHead {
  const { resourceId, createdAt } = record;
  // What was accepted as a request has been given its sequence and time then.
  const moved =
    head === undefined || request?.sequence === undefined
      ? withNextState(head, resourceId, createdAt)
      : { ...head, version: head.version + 1 };
  return withBackup(moved, record);
}

/** The record, its snapshot, the head if nobody has moved it, the idempotency key if nobody has taken it, the request, the event. */
function changesOf(deps: Deps, backup: BackupToCommit, head: ResourceHead): Change[] {
  const { record, use, replaces, caller, request, damage, now } = backup;
  const { id, resourceId, sequence, createdAt, importedAt, type, size, compressedSize } = record;
  const changes: Change[] = [
    { kind: 'head.put', head, expect: head.version - 1 },
    { kind: 'backup.insert', record },
    { kind: 'snapshot.add', pointer: { resourceId, createdAt, sequence, backupId: id } },
    event(deps, 'backup.created', now, caller, {
      resourceId,
      backupId: id,
      detail: {
        type,
        sequence,
        size,
        compressedSize,
        ...(importedAt === undefined ? {} : { asOf: createdAt }),
      },
    }),
  ];
  if (record.unusual !== undefined) {
    const { detail: _sentence, ...about } = record.unusual;
    changes.push(
      event(deps, 'backup.unusual', now, caller, { resourceId, backupId: id, detail: { ...about } }),
    );
  }
  if (damage !== undefined) {
    const { backupId: baseBackupId, ...how } = damage;
    const detail = { baseBackupId, ...how };
    changes.push(event(deps, 'backup.base_damaged', now, caller, { resourceId, backupId: id, detail }));
  }
  if (use !== undefined) changes.push(rememberAnswer(use, record, now, replaces));
  if (request !== undefined) {
    const { version } = request;
    const { waiting: _past, ...rest } = request;
    const completed = { ...rest, status: 'completed', progress: 100, version: version + 1 } as const;
    changes.push({ kind: 'request.update', record: completed, expect: version });
  }
  return changes;
}

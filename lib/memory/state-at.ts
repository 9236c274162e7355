// What a history says of an instant, by looking at all of it: the reference for the homes that have indexes for it.

import { wayOf } from '../core/records/chain.ts';
import type { BackupRecord, BackupRequest, SnapshotPointer } from '../core/records/model.ts';
import type { MissingState, StateAt } from '../core/records/timeline.ts';
import type { CatalogState } from './catalog-state.ts';

/** `Catalog.stateAt` in memory. */
export function stateAt(state: CatalogState, resourceId: string, at: number): StateAt {
  const ofResource = <T extends { resourceId: string }>(records: Iterable<T>): T[] =>
    [...records].filter((record) => record.resourceId === resourceId);
  const backups = ofResource([...state.backups.values()].map(({ record }) => record));
  const live = backups.filter(({ deletedAt }) => deletedAt === undefined).sort(bySequence);
  const found = live.findLast(({ createdAt }) => createdAt <= at);
  const from = found?.sequence ?? 0;
  const next = live.find(({ sequence }) => sequence > from);
  const earliest = [...live].sort((a, b) => a.createdAt - b.createdAt)[0];
  const others: Other[] = [
    ...backups.filter(({ deletedAt }) => deletedAt !== undefined).map(tombstone),
    ...ofResource([...state.requests.values()].map(({ record }) => record)).flatMap(asked),
    ...ofResource(state.gaps.values()).map(({ sequence, createdAt }) => ({
      sequence,
      state: { reason: 'gone' as const, createdAt },
    })),
  ];
  const missing = others
    .filter(({ sequence, state: { createdAt } }) => sequence > from && createdAt <= at)
    .sort(bySequence)
    .at(-1)?.state;
  const last = state.heads.get(resourceId)?.sequence ?? 0;
  const way = found && wayOf(found);
  const isKnown = [...live, ...others].some(({ sequence }) => sequence === from + 1);
  const isGone = found !== undefined && found.createdAt < at && from < last && !isKnown;
  return {
    ...(found && { found: pointerTo(found) }),
    ...(way && { way }),
    ...(next && { next: pointerTo(next) }),
    ...(earliest && { earliest: pointerTo(earliest) }),
    ...(missing ? { missing } : isGone ? { missing: { reason: 'gone' } } : {}),
  };
}

interface Other {
  sequence: number;
  state: MissingState & { createdAt: number };
}

function tombstone({ sequence, id, createdAt, deletedReason = 'deleted' }: BackupRecord): Other {
  return { sequence, state: { reason: deletedReason, backupId: id, createdAt } };
}

function asked({ sequence, id, createdAt, status }: BackupRequest): Other[] {
  if (sequence === undefined || status === 'completed') return [];
  const reason = status === 'failed' ? 'failed' : 'pending';
  return [{ sequence, state: { reason, backupId: id, createdAt } }];
}

function bySequence(a: { sequence: number }, b: { sequence: number }): number {
  return a.sequence - b.sequence;
}

function pointerTo({ resourceId, createdAt, sequence, id }: BackupRecord): SnapshotPointer {
  return { resourceId, createdAt, sequence, backupId: id };
}

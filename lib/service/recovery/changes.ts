// What a rebuilt catalog is filled with, as changes of an empty one.

import { LIMITS } from '../../core/records/limits.ts';
import type { BackupRecord, NoticeCode } from '../../core/records/model.ts';
import type { Change } from '../../ports/change.ts';
import type { RebuiltCatalog } from './catalog.ts';
import { type Gap, placeKey, type Replayed } from './replay.ts';

/** What a rebuild has mended, or what looks for it finds again. */
const MENDED: readonly NoticeCode[] = ['rollback', 'catalog_damaged', 'orphans'];

/** In an order in which none needs a later one. Each is the first of its record. Gaps and counters are none of them. */
export function* changesOf({ backups, heads }: RebuiltCatalog, trail: Replayed): Generator<Change> {
  const first = <T extends { version: number }>(record: T): T => ({ ...record, version: 1 });
  for (const head of heads) yield { kind: 'head.put', head, expect: 0 };
  for (const record of backups) yield { kind: 'backup.insert', record };
  yield* pointersOf(backups);
  for (const entry of trail.garbage.values()) yield { kind: 'garbage.put', entry };
  for (const record of trail.policies.values()) {
    yield { kind: 'policy.put', record: first(record), expect: 0 };
  }
  for (const record of trail.expiry.values()) {
    yield { kind: 'expiry.put', record: first(record), expect: 0 };
  }
  for (const record of trail.notices.values()) {
    if (!MENDED.includes(record.code)) yield { kind: 'notice.put', record: first(record), expect: 0 };
  }
  for (const record of trail.documents.values()) {
    yield { kind: 'document.put', record: first(record), expect: 0 };
  }
  for (const record of trail.requests.values()) yield { kind: 'request.insert', record };
  for (const record of trail.operations.values()) yield { kind: 'operation.insert', record };
  for (const record of trail.answers.values()) yield { kind: 'idempotency.insert', record, now: 0 };
  for (const event of trail.events.values()) yield { kind: 'event.append', event };
}

/** Of each resource the newest; older ones are not shown. */
function* pointersOf(backups: readonly BackupRecord[]): Generator<Change> {
  const live = backups.filter(({ deletedAt }) => deletedAt === undefined);
  for (const [resourceId, records] of Map.groupBy(live, (record) => record.resourceId)) {
    for (const { createdAt, sequence, id } of records
      .sort((a, b) => a.sequence - b.sequence)
      .slice(-LIMITS.snapshotsMax)) {
      yield { kind: 'snapshot.add', pointer: { resourceId, createdAt, sequence, backupId: id } };
    }
  }
}

/**
 * The times of sequences whose backups are gone for good. Where the catalog was put back to an earlier day in between, their places may
 * have been given again: those are none.
 */
export function* gapsOf({ backups }: RebuiltCatalog, trail: Replayed): Generator<Gap> {
  const taken = new Set(backups.map(placeKey));
  const removed = [...trail.removed.values()].filter((record) => record !== undefined);
  for (const { resourceId, sequence, createdAt } of [...removed, ...trail.gaps.values()]) {
    const gap = { resourceId, sequence, createdAt };
    if (!taken.has(placeKey(gap))) yield gap;
  }
}

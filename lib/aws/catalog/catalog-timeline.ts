// What a resource's history says of an instant. All of it stands in the resource's partition, sorted by time: a few ranges
// are read at their ends; more is read only among the times that the clock has seen twice.

import type {
  BackupRecord,
  BackupType,
  ResourceHead,
  SnapshotPointer,
  TimeRange,
} from '../../core/records/model.ts';
import { isInOrder, type MissingState, type StateAt } from '../../core/records/timeline.ts';
import type { Catalog } from '../../ports/catalog.ts';
import { wayIn } from './catalog-items.ts';
import {
  ASKED_PREFIX,
  FIRST,
  GAP_PREFIX,
  HIDDEN_PREFIX,
  headKey,
  LAST,
  LIVE_PREFIX,
  padded,
  placeOf,
  requestKey,
  resourcePartition,
  sequenceKey,
  upTo,
} from './catalog-keys.ts';
import { type Item, recordOf, textOf } from './item.ts';
import { inSequence, type Walk } from './sequence-walk.ts';
import type { TableClient } from './table-client.ts';

type GetBackup = Catalog['getBackup'];

interface Place {
  sequence: number;
  createdAt: number;
  item: Item;
}

/** Read at once where most of a range is wanted. */
const WALK_ITEMS = 500;
/** Between live ones stand few that are not. */
const LOOK_ITEMS = 20;

/** `Catalog.newestBefore` on a table. */
export async function newestBefore(
  table: TableClient,
  getBackup: GetBackup,
  resourceId: string,
  sequence: number,
  type?: BackupType,
): Promise<BackupRecord | undefined> {
  const steps = inSequence(table, {
    ...{ resourceId, isLive: true, direction: 'falling', pageItems: LOOK_ITEMS },
    // Mostly it is asked for the newest: then the few before are passed over sooner than a place is searched.
    after: { sequence, createdAt: Number.MAX_SAFE_INTEGER },
  });
  for await (const { item: entry } of steps) {
    if (type !== undefined && ![type, ''].includes(textOf(entry, 'type'))) continue;
    const record = await getBackup(textOf(entry, 'id'));
    if (record === undefined || record.deletedAt !== undefined) continue;
    if (type === undefined || record.type === type) return record;
  }
  return undefined;
}

/** `Catalog.stateAt` on a table. */
export async function stateAt(
  table: TableClient,
  getBackup: GetBackup,
  resourceId: string,
  at: number,
): Promise<StateAt> {
  const pk = resourcePartition(resourceId);
  const [head, earliest, following, ...ends] = await Promise.all([
    table.get(headKey(resourceId)),
    firstOf(table, pk, LIVE_PREFIX, FIRST),
    firstOf(table, pk, LIVE_PREFIX, upTo(at)),
    ...[LIVE_PREFIX, HIDDEN_PREFIX, ASKED_PREFIX, GAP_PREFIX].map((prefix) => lastOf(table, pk, prefix, at)),
  ]);
  const { disorder, sequence: lastSequence = 0 } = (head && recordOf<ResourceHead>(head)) ?? {};
  const [found, hidden, asked, gap] = await Promise.all(
    ends.map((end) => newestOf(table, pk, end, at, disorder)),
  );
  const from = found?.sequence ?? 0;
  const isNext = following === undefined || (from > 0 && isInOrder(disorder, following.createdAt));
  const newest = [hidden, asked, gap]
    .filter((place) => place !== undefined && place.sequence > from)
    .sort((a, b) => b!.sequence - a!.sequence)[0];
  // The very next one is known, and known to be later, where it is the next by time as well.
  const isNextKnown = following?.sequence === from + 1;
  const mayBeGone =
    newest === undefined &&
    found !== undefined &&
    found.createdAt < at &&
    from < lastSequence &&
    !isNextKnown;
  const [next, missing] = await Promise.all([
    isNext
      ? following
      : nextAfter(table, getBackup, resourceId, { sequence: from, createdAt: found?.createdAt ?? 0 }),
    mayBeGone
      ? whatFollows(table, getBackup, resourceId, from + 1, at, disorder)
      : newest && missingOf(table, newest, newest === hidden ? 'hidden' : newest === asked ? 'asked' : 'gap'),
  ]);
  const pointer = ({ sequence, createdAt, item }: Place): SnapshotPointer => ({
    resourceId,
    createdAt,
    sequence,
    backupId: textOf(item, 'id'),
  });
  const way = found && wayIn(found.item);
  return {
    ...(found && { found: pointer(found) }),
    ...(way && { way }),
    ...(next && { next: pointer(next) }),
    ...(earliest && { earliest: pointer(earliest) }),
    ...(missing && { missing }),
  };
}

/** A place, and the prefix of the keys that it was found by. */
interface End extends Place {
  prefix: string;
}

async function firstOf(
  table: TableClient,
  pk: string,
  prefix: string,
  from: string,
): Promise<End | undefined> {
  const range = {
    pk,
    from: `${prefix}${from}`,
    to: `${prefix}${LAST}`,
    direction: 'rising',
    pageItems: 1,
  } as const;
  for await (const item of table.query(range)) return endOf(prefix, item);
  return undefined;
}

async function lastOf(table: TableClient, pk: string, prefix: string, at: number): Promise<End | undefined> {
  const range = {
    ...{ pk, from: `${prefix}${FIRST}`, to: `${prefix}${upTo(at)}` },
    ...({ direction: 'falling', pageItems: 1 } as const),
  };
  for await (const item of table.query(range)) return endOf(prefix, item);
  return undefined;
}

/** The highest sequence up to `at`: the last by time, or, where times are not in order, the highest of those. */
async function newestOf(
  table: TableClient,
  pk: string,
  end: End | undefined,
  at: number,
  disorder: TimeRange | undefined,
): Promise<Place | undefined> {
  if (end === undefined || isInOrder(disorder, end.createdAt)) return end;
  const { prefix } = end;
  let newest: Place = end;
  const walk = table.query({
    ...{ pk, from: `${prefix}${padded(disorder!.from)}`, to: `${prefix}${upTo(at)}` },
    ...({ direction: 'falling', pageItems: WALK_ITEMS } as const),
  });
  for await (const item of walk) {
    const place = endOf(prefix, item);
    if (place.sequence > newest.sequence) newest = place;
  }
  return newest;
}

async function nextAfter(
  table: TableClient,
  getBackup: GetBackup,
  resourceId: string,
  after: NonNullable<Walk['after']>,
): Promise<Place | undefined> {
  const steps = inSequence(table, {
    ...{ resourceId, isLive: true, direction: 'rising', pageItems: LOOK_ITEMS },
    after,
  });
  for await (const { item } of steps) {
    const record = await getBackup(textOf(item, 'id'));
    if (record !== undefined && record.deletedAt === undefined) return { ...record, item };
  }
  return undefined;
}

/** What nothing by time tells of: a tombstone of the first release, a state that is known to be later, or nothing at all. */
async function whatFollows(
  table: TableClient,
  getBackup: GetBackup,
  resourceId: string,
  sequence: number,
  at: number,
  disorder: TimeRange | undefined,
): Promise<MissingState | undefined> {
  const entry = await table.get(sequenceKey(resourceId, sequence));
  const record = entry && (await getBackup(textOf(entry, 'id')));
  if (record !== undefined) {
    if (record.deletedAt === undefined || record.createdAt > at) return undefined;
    return { reason: record.deletedReason ?? 'deleted', backupId: record.id, createdAt: record.createdAt };
  }
  const pk = resourcePartition(resourceId);
  // One that stands by time alone is later than what was found, and so later than the instant.
  for (const prefix of [ASKED_PREFIX, GAP_PREFIX, LIVE_PREFIX, HIDDEN_PREFIX]) {
    const later = table.query({
      ...{ pk, from: `${prefix}${upTo(at)}`, to: `${prefix}${LAST}` },
      ...({ direction: 'rising', pageItems: LOOK_ITEMS } as const),
    });
    for await (const item of later) {
      const place = endOf(prefix, item);
      if (place.sequence === sequence) return undefined;
      // In order, the first that is later by time is the first by sequence.
      if (isInOrder(disorder, place.createdAt)) break;
    }
  }
  return { reason: 'gone' };
}

async function missingOf(
  table: TableClient,
  { item, createdAt }: Place,
  kind: 'hidden' | 'asked' | 'gap',
): Promise<MissingState> {
  if (kind === 'gap') return { reason: 'gone', createdAt };
  const backupId = textOf(item, 'id');
  if (kind === 'hidden') {
    return { reason: textOf(item, 'reason') === 'expired' ? 'expired' : 'deleted', backupId, createdAt };
  }
  // The note of its time outlives a request that is purged.
  if ((await table.get(requestKey(backupId))) === undefined) return { reason: 'gone', createdAt };
  return { reason: textOf(item, 'status') === 'failed' ? 'failed' : 'pending', backupId, createdAt };
}

function endOf(prefix: string, item: Item): End {
  return { ...placeOf(prefix, textOf(item, 'sk')), item, prefix };
}

// What an event tells of its commit, without what the record that the commit wrote says anyway: that is read again when the event goes
// into the trail.

import type { AuditEvent, BackupRecord } from '../../core/records/model.ts';
import type { Change } from '../../ports/change.ts';
import { type TrailBackup, type TrailChange, trailBackup } from '../../ports/trail-lines.ts';
import { backupKey } from './catalog-keys.ts';
import { type ChainLinks, type Links, type Shown, shownIn } from './chain-links.ts';
import type { Item } from './item.ts';
import type { Told } from './stored-chain.ts';
import { addressOf, type TableClient } from './table-client.ts';

/** In the place of a record that stands in the table. */
interface RecordAt {
  kind: 'backup.at';
  id: string;
  version: number;
  /** Its own blob, then. */
  blobId: string;
}

/** The event as it is kept, if it is committed with these changes. */
export function keptEvent(event: AuditEvent, changes: readonly Change[]): AuditEvent {
  if (event.after === undefined) return event;
  const records = changes.flatMap((change) =>
    change.kind === 'backup.insert' || change.kind === 'backup.update' ? [change.record] : [],
  );
  const after = (event.after as TrailChange[]).map((change) => {
    const record = change.kind === 'backup.put' ? recordIn(records, change.record) : undefined;
    return record === undefined ? change : placeOf(record);
  });
  return { ...event, after };
}

function recordIn(records: readonly BackupRecord[], told: TrailBackup): BackupRecord | undefined {
  const found = records.find(({ id }) => id === told.id);
  return found !== undefined && JSON.stringify(trailBackup(found)) === JSON.stringify(told)
    ? found
    : undefined;
}

function placeOf({ id, version, chain }: BackupRecord): RecordAt {
  return { kind: 'backup.at', id, version, blobId: chain.at(-1)!.blobId };
}

/** For whoever does not write the trail. */
export function withoutAfter({ after: _after, ...event }: AuditEvent): AuditEvent {
  return event;
}

/**
 * These events as they were committed. A record that has changed since is told as it is now, with the blob that was its own then: what
 * has changed it left an event too, so that the trail ends with the same; so it does without one that has been removed since. Throws
 * PortError.
 */
export async function wholeEvents(
  table: TableClient,
  chains: ChainLinks,
  events: readonly AuditEvent[],
): Promise<AuditEvent[]> {
  const places = events.flatMap(({ after = [] }) => after.filter(isPlace));
  if (places.length === 0) return [...events];
  const items = await table.getMany(places.map(({ id }) => backupKey(id)));
  const links = await chains.loadOf(
    places.flatMap((place) => {
      const item = items.get(addressOf(backupKey(place.id)));
      return item === undefined ? [] : toldBeside(place, shownIn(item));
    }),
  );
  const tell = (place: RecordAt) => toldAt(place, items.get(addressOf(backupKey(place.id))), links);
  return events.map((event) =>
    event.after === undefined
      ? event
      : { ...event, after: event.after.flatMap((change) => (isPlace(change) ? tell(change) : [change])) },
  );
}

function isPlace(change: unknown): change is RecordAt {
  return (change as { kind: string }).kind === 'backup.at';
}

/** Whether the record has another blob of its own by now. */
function isRebased({ version, blobId }: RecordAt, { record, blobIds }: Shown): boolean {
  return record.version !== version && blobIds.at(-1) !== blobId;
}

function toldBeside(place: RecordAt, shown: Shown): Told[] {
  const { toldOfOwn, toldOfKey } = shown;
  // One that is nobody's own any more has a link.
  const former: Told[] = isRebased(place, shown) ? [{ blobId: place.blobId, teller: 'link' }] : [];
  return [toldOfOwn, toldOfKey, ...former].filter((told) => told !== undefined);
}

function toldAt(place: RecordAt, item: Item | undefined, links: Links): TrailChange[] {
  if (item === undefined) return [];
  const shown = shownIn(item);
  const { record, blobIds, own, toldOfOwn, toldOfKey } = shown;
  const former = isRebased(place, shown) ? links.take(place.blobId)?.ref : undefined;
  const ref = former ?? own ?? (toldOfOwn && links.take(toldOfOwn.blobId)?.ref);
  const found = toldOfKey && links.take(toldOfKey.blobId)?.key;
  if (ref === undefined || (toldOfKey !== undefined && found === undefined)) return [];
  const key = found === undefined ? {} : { key: found };
  return [{ kind: 'backup.put', record: { ...record, ...key, own: ref, before: blobIds.slice(0, -1) } }];
}

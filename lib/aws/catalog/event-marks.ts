// What has become of events: which were published, which stand in the trail, and how far that has been written.

import { forEachAtOnce } from '../../core/at-once.ts';
import type { EventRef, SegmentMark } from '../../core/records/model.ts';
import type { Catalog } from '../../ports/catalog.ts';
import type { TrailSource } from '../../ports/trail.ts';
import { INDEXED } from './catalog-items.ts';
import { type Key, SEGMENT_KEY, shardedPartition } from './catalog-keys.ts';
import type { EventPlaces } from './event-places.ts';
import { item, textOf, whole } from './item.ts';
import type { Condition, TableClient } from './table-client.ts';

/** A segment of 500 is marked in 8 turns; the client has 96 sockets. */
const MARKED_AT_ONCE = 64;

type EventMarks = Pick<Catalog, 'markPublished'> &
  Pick<TrailSource, 'markTrailed' | 'markRelayed' | 'lastSegment' | 'hasEvent'>;

export function createEventMarks(table: TableClient, places: EventPlaces): EventMarks {
  const forEach = (events: readonly EventRef[], mark: (key: Key, id: string) => Promise<unknown>) =>
    forEachAtOnce(events, MARKED_AT_ONCE, async (event) => {
      const key = await places.keyOf(event);
      if (key !== undefined) await mark(key, event.id);
    });

  const markSegment = ({ segment, sha256 }: SegmentMark) =>
    table.put(item(SEGMENT_KEY, { trailSegment: whole(segment), trailHash: { S: sha256 } }), {
      expression: 'attribute_not_exists(pk) OR trailSegment < :segment',
      values: { ':segment': whole(segment) },
    });

  return {
    async markPublished(events) {
      // Nothing is published before it stands in the trail: so it waits for the sink alone.
      await forEach(events, async (key, id) => {
        if (await waitsNoMore(table, key, INDEXED.pending)) return;
        await waitsForOther(table, key, id, INDEXED.untrailed);
      });
    },

    async markTrailed(events, mark) {
      await forEach(events, async (key, id) => {
        if (await waitsForOther(table, key, id, INDEXED.pending)) return;
        await waitsNoMore(table, key, INDEXED.untrailed);
      });
      await markSegment(mark);
    },

    async markRelayed(events, mark) {
      const waits = { expression: 'attribute_exists(gsi3pk)' };
      await forEach(events, (key) => table.removeAttributes(key, PLACE, waits));
      await markSegment(mark);
    },

    async lastSegment() {
      const found = await table.get(SEGMENT_KEY);
      return found && { segment: Number(found.trailSegment?.N), sha256: textOf(found, 'trailHash') };
    },

    hasEvent: async (event) => (await places.keyOf(event)) !== undefined,
  };
}

/** Where an event waits. */
const PLACE = ['gsi3pk', 'gsi3sk'];

const waitsFor = (word: string): Condition => ({
  expression: 'begins_with(gsi3pk, :word)',
  values: { ':word': { S: `${word}#` } },
});

/** Takes an event out of where it waits for `word` alone. False if it does not. */
function waitsNoMore(table: TableClient, key: Key, word: string): Promise<boolean> {
  return table.removeAttributes(key, PLACE, waitsFor(word));
}

/** One that waits for both waits for `other` alone from now on. False if it does not. */
function waitsForOther(table: TableClient, key: Key, id: string, other: string): Promise<boolean> {
  return table.setTexts(key, { gsi3pk: shardedPartition(other, id) }, waitsFor(INDEXED.fresh));
}

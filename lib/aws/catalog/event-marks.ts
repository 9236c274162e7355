// What has become of events: which were published, which stand in the trail, and how far that has been written.

import { forEachAtOnce } from '../../core/at-once.ts';
import type { SegmentMark } from '../../core/records/model.ts';
import type { Catalog } from '../../ports/catalog.ts';
import type { TrailSource } from '../../ports/trail.ts';
import { INDEXED } from './catalog-items.ts';
import { eventKey, SEGMENT_KEY, shardedPartition } from './catalog-keys.ts';
import { item, textOf, whole } from './item.ts';
import type { Condition, TableClient } from './table-client.ts';

/** A segment of 500 is marked in 8 turns; the client has 96 sockets. */
const MARKED_AT_ONCE = 64;

type EventMarks = Pick<Catalog, 'markPublished'> &
  Pick<TrailSource, 'markTrailed' | 'markRelayed' | 'lastSegment' | 'hasEvent'>;

export function createEventMarks(table: TableClient): EventMarks {
  const markSegment = ({ segment, sha256 }: SegmentMark) =>
    table.put(item(SEGMENT_KEY, { trailSegment: whole(segment), trailHash: { S: sha256 } }), {
      expression: 'attribute_not_exists(pk) OR trailSegment < :segment',
      values: { ':segment': whole(segment) },
    });

  return {
    async markPublished(eventIds) {
      // Nothing is published before it stands in the trail: so it waits for the sink alone.
      await forEachAtOnce(eventIds, MARKED_AT_ONCE, async (id) => {
        if (await waitsNoMore(table, id, INDEXED.pending)) return;
        await waitsForOther(table, id, INDEXED.untrailed);
      });
    },

    async markTrailed(eventIds, mark) {
      await forEachAtOnce(eventIds, MARKED_AT_ONCE, async (id) => {
        if (await waitsForOther(table, id, INDEXED.pending)) return;
        await waitsNoMore(table, id, INDEXED.untrailed);
      });
      await markSegment(mark);
    },

    async markRelayed(eventIds, mark) {
      const gone = { expression: 'attribute_exists(gsi3pk)' };
      await forEachAtOnce(eventIds, MARKED_AT_ONCE, async (id) => {
        await table.removeAttributes(eventKey(id), PLACE, gone);
      });
      await markSegment(mark);
    },

    async lastSegment() {
      const found = await table.get(SEGMENT_KEY);
      return found && { segment: Number(found.trailSegment?.N), sha256: textOf(found, 'trailHash') };
    },

    hasEvent: async (id) => (await table.get(eventKey(id))) !== undefined,
  };
}

/** Where an event waits. */
const PLACE = ['gsi3pk', 'gsi3sk'];

const waitsFor = (word: string): Condition => ({
  expression: 'begins_with(gsi3pk, :word)',
  values: { ':word': { S: `${word}#` } },
});

/** Takes an event out of where it waits for `word` alone. False if it does not. */
function waitsNoMore(table: TableClient, id: string, word: string): Promise<boolean> {
  return table.removeAttributes(eventKey(id), PLACE, waitsFor(word));
}

/** One that waits for both waits for `other` alone from now on. False if it does not. */
function waitsForOther(table: TableClient, id: string, other: string): Promise<boolean> {
  return table.setTexts(eventKey(id), { gsi3pk: shardedPartition(other, id) }, waitsFor(INDEXED.fresh));
}

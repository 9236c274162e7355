// What has become of events: which were published, which stand in the trail, and how far that has been written.

import { forEachAtOnce } from '../../core/at-once.ts';
import type { Catalog } from '../../ports/catalog.ts';
import type { TrailSource } from '../../ports/trail.ts';
import { INDEXED } from './catalog-items.ts';
import { eventKey, SEGMENT_KEY, shardedPartition } from './catalog-keys.ts';
import { item, textOf, whole } from './item.ts';
import type { TableClient } from './table-client.ts';

const MARKED_AT_ONCE = 16;

type EventMarks = Pick<Catalog, 'markPublished'> &
  Pick<TrailSource, 'markTrailed' | 'lastSegment' | 'hasEvent'>;

export function createEventMarks(table: TableClient): EventMarks {
  return {
    async markPublished(eventIds) {
      await forEachAtOnce(eventIds, MARKED_AT_ONCE, (id) =>
        noLongerWaits(table, id, INDEXED.pending, INDEXED.untrailed),
      );
    },

    async markTrailed(eventIds, { segment, sha256 }) {
      await forEachAtOnce(eventIds, MARKED_AT_ONCE, (id) =>
        noLongerWaits(table, id, INDEXED.untrailed, INDEXED.pending),
      );
      await table.put(item(SEGMENT_KEY, { trailSegment: whole(segment), trailHash: { S: sha256 } }), {
        expression: 'attribute_not_exists(pk) OR trailSegment < :segment',
        values: { ':segment': whole(segment) },
      });
    },

    async lastSegment() {
      const found = await table.get(SEGMENT_KEY);
      return found && { segment: Number(found.trailSegment?.N), sha256: textOf(found, 'trailHash') };
    },

    hasEvent: async (id) => (await table.get(eventKey(id))) !== undefined,
  };
}

/** Takes an event out of where it waits for `word` alone; one that waits for both then waits for `other` alone. */
async function noLongerWaits(table: TableClient, id: string, word: string, other: string): Promise<void> {
  const waitsFor = (waiting: string) => ({
    expression: 'begins_with(gsi3pk, :word)',
    values: { ':word': { S: `${waiting}#` } },
  });
  const place = { gsi3pk: shardedPartition(other, id) };
  if (await table.setTexts(eventKey(id), place, waitsFor(INDEXED.fresh))) return;
  await table.removeAttributes(eventKey(id), ['gsi3pk', 'gsi3sk'], waitsFor(word));
}

// The catalog in SQLite. Reads are single indexed statements on the one connection, between group commits: they see
// every commit that has resolved and none that has not.

import type { BlobHeader } from '../../core/blob/header.ts';
import type { Catalog } from '../../ports/catalog.ts';
import { checkChanges, checkLimit } from '../../ports/checks.ts';
import { trailLine } from '../../ports/trail-lines.ts';
import type { Room } from '../disk/room.ts';
import { createCatalogWriter } from './catalog-commit.ts';
import { createCatalogLists } from './catalog-lists.ts';
import { createPurge } from './catalog-purge.ts';
import { createCatalogReads } from './catalog-reads.ts';
import type { Database } from './database.ts';
import { EVENT_COLUMNS, type EventRow, eventOf } from './event-row.ts';
import { createIdAllocator } from './id-allocator.ts';
import { roomUseOf } from './room-use.ts';
import { keyText, sumOf } from './schema.ts';

/**
 * The catalog of an open database; it has no state but the database's and the ids it has given. None that stands in one of
 * these blobs is given again.
 */
export function createCatalog(
  database: Database,
  room?: Room,
  unnamed: readonly Pick<BlobHeader, 'backupId'>[] = [],
): Catalog {
  const ids = createIdAllocator(database);
  for (const { backupId } of unnamed) ids.avoid(backupId);
  const writer = createCatalogWriter(database, ids.highest);

  const pending = database.statement<EventRow>(
    `SELECT ${EVENT_COLUMNS} FROM event WHERE published = 0 ORDER BY row LIMIT ?`,
  );
  const publish = database.statement('UPDATE event SET published = 1 WHERE id = ?');
  const toTrail = database.statement('INSERT INTO outbox (line, sum) VALUES (?, ?)');
  const touch = database.statement(
    `INSERT INTO counter (kind, value) VALUES ('check', 1) ON CONFLICT (kind) DO UPDATE SET value = value + 1`,
  );

  return {
    capabilities: { countedIds: true },

    ...createCatalogReads(database),
    ...createCatalogLists(database),
    purge: createPurge(database),

    async allocateId(kind) {
      return ids.allocate(kind);
    },

    async commit(changes) {
      checkChanges(changes);
      // Serialised now, because the caller may go on with its records before the group is written.
      const steps = changes.map(writer.prepare);
      const line = trailLine(changes);
      const use = roomUseOf(changes);
      if (use === 'takes') room?.demandRoom();
      await database.write(() => {
        for (const step of steps) {
          step();
        }
        if (line !== undefined) toTrail.run(line, sumOf(line));
      }, use === 'makes');
    },

    async pendingEvents(limit) {
      checkLimit(limit);
      return pending.all(limit).map(eventOf);
    },

    async markPublished(events) {
      if (events.length > 0) {
        const keys = events.map(({ id }) => keyText(id));
        await database.write(() => {
          for (const key of keys) {
            publish.run(key);
          }
        });
      }
    },

    async check() {
      const fault = database.fault();
      if (fault !== undefined) throw fault;
      // A write and not only a read: a full or read-only disk shows itself nowhere else.
      await database.write(() => touch.run());
    },
  };
}

// Writes a rebuilt catalog, and puts it into the place of the old one, which is kept. Until the very last step the old one
// stands; a crash before it leaves a folder that a rebuild, begun anew, empties first.

import { existsSync, linkSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Change } from '../../ports/change.ts';
import type { Random } from '../../ports/random.ts';
import type { RebuiltCatalog } from '../../service/recovery/catalog.ts';
import { changesOf, gapsOf } from '../../service/recovery/changes.ts';
import type { Replayed } from '../../service/recovery/replay.ts';
import { createCatalogWriter } from '../catalog/catalog-commit.ts';
import { type Database, openDatabase } from '../catalog/database.ts';
import { createIdAllocator, UNCERTAIN_AHEAD_MAX } from '../catalog/id-allocator.ts';
import { createQueue } from '../catalog/queue.ts';
import { keyText } from '../catalog/schema.ts';
import { createSystemClock } from '../clock.ts';
import { makePrivateDirectory, syncDirectorySync } from '../disk/data-dir.ts';
import { readGeneration, segmentNumbers, trailDirectory, writeStoreId } from '../disk/store-mark.ts';

const REBUILT = 'rebuilt';
const CATALOG = 'catalog.sqlite';
const CHANGES_AT_ONCE = 500;
/**
 * Ids that are passed over. Of the last minute before a loss the trail may not tell: what was acknowledged in it and has lost its
 * blob as well is known to nobody, but to whoever was given its id. A minute has fewer than so many.
 */
const IDS_PASSED_OVER = 100_000;

export interface CatalogContents {
  rebuilt: RebuiltCatalog;
  trail: Replayed;
  /** Ids that were given, whether or not a record has them. */
  ids: string[];
  /** Ids as damaged or misplaced blobs have them. */
  uncertainIds: string[];
  /** Events of which it is not known whether they were published: they are, once more. */
  recent: readonly string[];
  storeId: string;
  random: Random;
}

/** Makes the catalog in a folder of its own. Gives what puts it into its place. */
export async function writeCatalog(dataDir: string, contents: CatalogContents): Promise<{ place(): void }> {
  const folder = join(dataDir, REBUILT);
  rmSync(folder, { recursive: true, force: true });
  const database = openDatabase(folder, undefined, false, contents.random);
  try {
    await fill(database, contents);
    const segment = segmentNumbers(dataDir).at(-1) ?? 0;
    // The next commit's number is beyond all that were acknowledged. What was put together here the trail does not say yet.
    const generation = readGeneration(dataDir) + 1;
    const mark = database.statement(
      'UPDATE store SET id = ?, generation = MAX(generation, ?), segment = ?, based = 0',
    );
    await database.write(() => mark.run(contents.storeId, generation, segment));
  } finally {
    database.close();
  }
  return {
    place() {
      exchange(dataDir, folder);
      makePrivateDirectory(trailDirectory(dataDir));
      writeStoreId(dataDir, contents.storeId);
    },
  };
}

async function fill(database: Database, contents: CatalogContents): Promise<void> {
  const { rebuilt, trail, recent, random } = contents;
  const writer = createCatalogWriter(database, createIdAllocator(database).highest);
  const queue = createQueue(database, createSystemClock(), random);
  let group: Change[] = [];
  const flush = async (): Promise<void> => {
    const steps = group.map(writer.prepare);
    group = [];
    await database.write(() => {
      for (const step of steps) step();
    });
  };
  for (const change of changesOf(rebuilt, trail)) {
    group.push(change);
    if (group.length === CHANGES_AT_ONCE) await flush();
  }
  await flush();
  await leaveGaps(database, contents);
  await raiseCounters(database, contents);
  const publish = database.statement('UPDATE event SET published = 1 WHERE published = 0');
  const again = database.statement('UPDATE event SET published = 0 WHERE id = ?');
  await database.write(() => {
    publish.run();
    for (const id of recent) again.run(keyText(id));
  });
  for (const { id, status } of trail.requests.values()) {
    if (status === 'pending' || status === 'in_progress') await queue.send({ kind: 'backup', id });
  }
  for (const { id, status } of trail.operations.values()) {
    if (status === 'queued') await queue.send({ kind: 'restore', id });
  }
}

/** The times of sequences whose backups are gone for good. */
async function leaveGaps(database: Database, { rebuilt, trail }: CatalogContents): Promise<void> {
  const leave = database.statement(
    'INSERT INTO gap (resource_id, sequence, created_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
  );
  await database.write(() => {
    for (const { resourceId, sequence, createdAt } of gapsOf(rebuilt, trail)) {
      leave.run(keyText(resourceId), sequence, createdAt);
    }
  });
}

/** No id that was ever given is given again. */
async function raiseCounters(
  database: Database,
  { trail, ids, uncertainIds }: CatalogContents,
): Promise<void> {
  const given = [
    ...ids,
    ...trail.removed.keys(),
    ...[...trail.events.values()].flatMap(({ backupId = '', operationId = '' }) => [backupId, operationId]),
  ];
  const raise = database.statement(
    `INSERT INTO counter (kind, value) VALUES (?, ?)
     ON CONFLICT (kind) DO UPDATE SET value = excluded.value WHERE excluded.value > counter.value`,
  );
  await database.write(() => {
    for (const kind of ['backup', 'restore'] as const) {
      const form = new RegExp(`^${kind}-([1-9]\\d*)$`);
      let last = trail.counters.get(kind) ?? 0;
      for (const id of given) {
        const number = Number(form.exec(id)?.[1] ?? 0);
        if (Number.isSafeInteger(number)) last = Math.max(last, number);
      }
      // A bit that has flipped in an id may have made it any number: what is far off is none that was given.
      const credible = last + UNCERTAIN_AHEAD_MAX;
      for (const id of uncertainIds) {
        const number = Number(form.exec(id)?.[1] ?? 0);
        if (number <= credible) last = Math.max(last, number);
      }
      raise.run(kind, last + IDS_PASSED_OVER);
    }
  });
}

/**
 * The old files get names beside their own, the new one replaces the old. A log of the old one must not be there any more
 * then: SQLite would take it into the new one.
 */
function exchange(dataDir: string, folder: string): void {
  const stamp = new Date().toISOString().replaceAll(/[:.]/g, '');
  const pathOf = (end: string): string => join(dataDir, `${CATALOG}${end}`);
  for (const end of ['', '-wal']) {
    if (existsSync(pathOf(end))) linkSync(pathOf(end), join(dataDir, `catalog.lost-${stamp}.sqlite${end}`));
  }
  syncDirectorySync(dataDir);
  for (const end of ['-wal', '-shm']) rmSync(pathOf(end), { force: true });
  syncDirectorySync(dataDir);
  renameSync(join(folder, CATALOG), pathOf(''));
  syncDirectorySync(dataDir);
  rmSync(folder, { recursive: true, force: true });
}

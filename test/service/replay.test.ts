// A run follows from its seed: what time and chance give to the service comes in by its ports, so two runs of one seed are the
// same run, to the last byte that is stored.

import { expect, test } from '@jest/globals';
import { createSeededRandom } from '../../lib/memory/random.ts';
import { workQueue } from '../../lib/service/jobs/worker.ts';
import { relayEvents } from '../../lib/service/kit/events.ts';
import { sweep } from '../../lib/service/retention/sweep.ts';
import { scrub } from '../../lib/service/upkeep/scrub.ts';
import { createWorld, DAY, inputOf, START, type World } from './world.ts';

const CALLER = { actor: 'tester' };

/** Rows of which some change from one version to the next, and one is new at the front. */
function table(version: number): string {
  const rows = Array.from({ length: 400 }, (_, id) => ({
    id,
    name: `row ${id}`,
    seen: id % 7 ? 0 : version,
  }));
  return JSON.stringify({ rows: [{ id: 1000 + version, name: 'new', seen: version }, ...rows], version });
}

/** A life of a service: every way in which it makes, moves and removes something. */
async function live(world: World): Promise<void> {
  const { service, deps, clock, uploads } = world;
  for (let n = 0; n < 4; n++) {
    const backups = [
      await world.make('db', table(n), n === 0 ? 'full' : 'incremental'),
      await world.make('tree', JSON.stringify({ n, deep: [[n], { n }] }), n < 2 ? 'full' : 'differential'),
      await world.backup('clear', `[${n}]`, { encrypt: false }),
    ];
    expect(await world.text(backups[0]!.id)).toBe(table(n));
    clock.advance(DAY);
  }
  await world.textAt('tree', START + DAY);

  const { uploadId, url } = await service.createUpload();
  uploads.put(url, Buffer.from(table(9)));
  const { state: _state, ...asked } = inputOf('db', 'null');
  await service.requestBackup({ ...asked, type: 'incremental', uploadId }, CALLER);
  await workQueue(deps);
  const later = { backupId: 'backup-1', targetResourceId: 't', createdBy: 'x', validate: true, async: true };
  await service.restore(later, CALLER);
  await workQueue(deps);

  await service.putPolicy('tree', { keepLast: 2 }, CALLER);
  await service.protectBackup('backup-4', { legalHold: true }, CALLER);
  await world.remove('backup-1');
  await world.remove('backup-2');
  await service.undeleteBackup('backup-2', CALLER);
  await scrub(deps, { backupsMin: 100, ageMs: 0 });
  clock.advance(3 * DAY);
  await sweep(deps);
  await relayEvents(deps);
}

/** Everything that a run of this seed has left behind. */
async function runOf(seed: string) {
  const world = createWorld(undefined, createSeededRandom(seed));
  await live(world);
  const { catalog, blobs } = world.plain;
  const stored = await blobs.list({ limit: 1000, writtenBefore: Number.MAX_SAFE_INTEGER });
  const ids = stored.items.map(({ blobId }) => blobId);
  const hex = async (id: string) => Buffer.concat(await Array.fromAsync(await blobs.get(id))).toString('hex');
  const bytes = await Promise.all(ids.map(hex));
  const { items: events } = await catalog.listEvents({ limit: 1000 });
  const { items: backups } = await catalog.listBackups({ limit: 1000 });
  const { items: hidden } = await catalog.listHidden({ limit: 1000 });
  const { items: operations } = await catalog.listOperations({ limit: 1000 });
  return { ids, bytes, events, records: { backups, hidden, operations } };
}

test('two runs of one seed are the same run, and that of another seed is another one', async () => {
  const [run, again, other] = [await runOf('a'), await runOf('a'), await runOf('b')];
  expect(run.ids.length).toBeGreaterThan(10);
  expect(run.events.length).toBeGreaterThan(30);
  expect(again).toEqual(run);

  // The same happened to the same states; nothing that chance has given is the same.
  const states = ({ records }: typeof run) =>
    records.backups.map(({ id, checksum, type }) => ({ id, checksum, type }));
  expect(states(other)).toEqual(states(run));
  expect(other.events.map(({ action, at }) => ({ action, at }))).toEqual(
    run.events.map(({ action, at }) => ({ action, at })),
  );
  for (const drawn of [
    (one: typeof run) => one.ids,
    (one: typeof run) => one.bytes,
    (one: typeof run) => one.events.map(({ id }) => id),
  ]) {
    const known = new Set(drawn(run));
    expect(drawn(other).filter((value) => known.has(value))).toEqual([]);
  }
});

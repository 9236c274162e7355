// A restore to an instant begins to fetch what the catalog says leads to the state, before the record of the backup is there.

import { beforeEach, expect, test } from '@jest/globals';
import { type CallCounts, counting, createCallCounts } from '../../../lib/decorators/counting.ts';
import { faulty } from '../../../lib/decorators/faulty.ts';
import type { BlobStore } from '../../../lib/ports/blob-store.ts';
import type { Catalog } from '../../../lib/ports/catalog.ts';
import { PortError } from '../../../lib/ports/errors.ts';
import type { Keyring } from '../../../lib/ports/keyring.ts';
import { createWorld, textOf, type World } from '../world.ts';

const CALLER = { actor: 'tester' };

/** Long enough, and random enough, that a delta pays. */
const VALUES = Array.from({ length: 300 }, (_, i) => ((i + 1) * 2654435761) % 1_000_003);

let world: World;
let catalog: CallCounts<Catalog>;
let blobs: CallCounts<BlobStore>;
let keys: CallCounts<Keyring>;
/** What had been asked for by the time the record was. */
let early: number[];
let beforeRecord: () => Promise<void> | void;
let isLost: boolean;

beforeEach(() => {
  [catalog, blobs, keys] = [createCallCounts(), createCallCounts(), createCallCounts()];
  early = [];
  isLost = false;
  beforeRecord = () => {};
  world = createWorld((plain) => ({
    catalog: faulty(counting(plain.catalog, catalog), {
      async before({ method }) {
        if (method !== 'getBackup') return;
        early.push(blobs.of('get'));
        await beforeRecord();
      },
    }),
    blobs: counting(
      faulty(plain.blobs, {
        before({ method }) {
          if (method === 'get' && isLost) throw new PortError('unavailable', 'no answer');
        },
      }),
      blobs,
    ),
    keyring: counting(plain.keyring, keys),
  }));
});

const restoreAt = (at: number, async = false) =>
  world.service.restorePointInTime(
    { resourceId: 'db', at, createdBy: 'tester', validate: true, async },
    CALLER,
  );

async function history(): Promise<number[]> {
  const times: number[] = [];
  for (let n = 0; n < 4; n++) {
    world.clock.advance(1000);
    times.push(world.clock.now());
    await world.make('db', JSON.stringify({ n, values: VALUES }), n === 0 ? 'full' : 'incremental');
  }
  [catalog, blobs, keys].forEach((counts) => void counts.reset());
  return times;
}

test('at any instant: each blob and the key are asked for once, beside the record', async () => {
  const times = await history();
  for (const [n, at] of times.entries()) {
    blobs.reset();
    keys.reset();
    expect(textOf(await restoreAt(at))).toContain(`"n":${n}`);
    expect([early.at(-1), blobs.of('get'), keys.of('open')]).toEqual([n + 1, n + 1, 1]);
  }
});

test('where the catalog tells no way, all is read once the record is there', async () => {
  const times = await history();
  const { stateAt } = world.deps.catalog;
  world.deps.catalog.stateAt = async (...asked) => {
    const { way: _way, ...state } = await stateAt(...asked);
    return state;
  };
  expect(textOf(await restoreAt(times[1]!))).toContain('"n":1');
  expect([early.at(-1), blobs.of('get')]).toEqual([0, 2]);
});

test('in the background nothing is begun in the call', async () => {
  const times = await history();
  await restoreAt(times[3]!, true);
  expect([early.at(-1), blobs.of('get')]).toEqual([0, 0]);
});

test('a backup that is deleted in between is not given, though its blobs were asked for', async () => {
  const times = await history();
  const [newest] = (await world.plain.catalog.listBackups({ resourceId: 'db', limit: 1 })).items;
  beforeRecord = async () => {
    beforeRecord = () => {};
    await world.remove(newest!.id);
  };
  const { operation, data } = await restoreAt(times[3]!);
  expect(textOf({ data: data! })).toContain('"n":2');
  expect(operation).toMatchObject({ exact: false, inexact: { reason: 'deleted', backupId: newest!.id } });
});

test('a store that does not answer fails the restore and nothing else', async () => {
  const times = await history();
  isLost = true;
  await expect(restoreAt(times[3]!)).rejects.toMatchObject({ code: 'unavailable' });
  isLost = false;
  expect(textOf(await restoreAt(times[3]!))).toContain('"n":3');
});

// A blob is named after its backup where the id has the bits for it, in the first attempt of a call and in nothing else: what lies there
// already is never written over.

import { expect, test } from '@jest/globals';
import { newId } from '../../../lib/aws/catalog/ids.ts';
import { blobNamedAfter } from '../../../lib/core/records/ids.ts';
import { PortError } from '../../../lib/ports/errors.ts';
import { systemRandom } from '../../../lib/random.ts';
import { createWorld } from '../world.ts';

/** A world that gives wide ids, and loses so many commits of a backup. */
function worldThatLoses(count: number, writersDelete = true) {
  let lost = 0;
  return createWorld((deps) => ({
    options: { ...deps.options, writersDelete },
    catalog: {
      ...deps.catalog,
      allocateId: async (kind) => newId(kind, deps.clock.now(), systemRandom),
      async commit(changes) {
        if (changes.some(({ kind }) => kind === 'backup.insert') && lost++ < count)
          throw new PortError('conflict', 'lost', { change: 'idempotency.insert' });
        await deps.catalog.commit(changes);
      },
    },
  }));
}

const isNamed = (record: { id: string; chain: { blobId: string }[] }) =>
  record.chain.at(-1)!.blobId === blobNamedAfter(record.id);

test('in the first attempt, whatever its type', async () => {
  const world = worldThatLoses(0);
  expect(isNamed(await world.backup('r', '{"a":1}'))).toBe(true);
  expect(isNamed(await world.make('r', '{"a":2}', 'incremental'))).toBe(true);
});

test.each([true, false])('not in a second one (writers may delete: %s)', async (writersDelete) => {
  const world = worldThatLoses(1, writersDelete);
  const record = await world.backup('r', '{"a":1}');
  expect(isNamed(record)).toBe(false);
  const { items } = await world.plain.blobs.list({ limit: 10, writtenBefore: Number.POSITIVE_INFINITY });
  expect(items.map(({ blobId }) => blobId === blobNamedAfter(record.id)).filter(Boolean)).toHaveLength(
    writersDelete ? 0 : 1,
  );
});

test('not of an id that is counted', async () => {
  const world = createWorld();
  expect(isNamed(await world.backup('r', '{"a":1}'))).toBe(false);
});

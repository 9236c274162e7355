import { expect, test } from '@jest/globals';
import { readOnlyBlobStore, readOnlyCatalog, readOnlyKeyring } from '../../lib/decorators/read-only.ts';
import { createMemoryBlobStore } from '../../lib/memory/blob-store.ts';
import { createMemoryCatalog } from '../../lib/memory/catalog.ts';
import { createMemoryKeyring } from '../../lib/memory/keyring.ts';
import { backup, hexId, inserted, readBlob } from '../contract/samples.ts';
import { createWorld } from '../service/world.ts';

/** The methods of a port that are refused, called with nothing. */
async function refusedOf(port: object): Promise<string[]> {
  const refused: string[] = [];
  for (const [name, method] of Object.entries(port)) {
    const error = await (async () => method())().catch((reason: unknown) => reason);
    if ((error as { reason?: unknown } | undefined)?.reason === 'read_only') refused.push(name);
  }
  return refused.sort();
}

test.each([
  [
    'blobs',
    readOnlyBlobStore(createMemoryBlobStore()),
    ['delete', 'deleteAside', 'put', 'putBack', 'setAside'],
  ],
  ['catalog', readOnlyCatalog(createMemoryCatalog()), ['allocateId', 'commit', 'markPublished', 'purge']],
  ['keyring', readOnlyKeyring(createMemoryKeyring()), ['generate']],
])('of the %s, what changes something is refused and nothing else', async (_name, port, refused) => {
  expect(await refusedOf(port)).toEqual(refused);
});

test('what is refused has not happened, and what is read is what is there', async () => {
  const [blobs, catalog] = [createMemoryBlobStore(), createMemoryCatalog()];
  const [blobId, record] = [hexId(), backup()];
  const denied = { name: 'PortError', code: 'denied', reason: 'read_only' };
  await expect(readOnlyBlobStore(blobs).put(blobId, [Buffer.from('x')])).rejects.toMatchObject(denied);
  await expect(readOnlyCatalog(catalog).commit([inserted(record)])).rejects.toMatchObject(denied);
  await expect(blobs.get(blobId)).rejects.toMatchObject({ code: 'not_found' });
  expect(await readOnlyCatalog(catalog).getBackup(record.id)).toBeUndefined();
  await blobs.put(blobId, [Buffer.from('x')]);
  await catalog.commit([inserted(record)]);
  expect(String(await readBlob(readOnlyBlobStore(blobs), blobId))).toBe('x');
  expect(await readOnlyCatalog(catalog).getBackup(record.id)).toEqual(record);
});

test('the dry runs of retention need to write nothing', async () => {
  const world = createWorld();
  await world.backup('db', '1');
  world.clock.advance(40 * 86_400_000);
  const plan = await world.service.planRetention({ limit: 10 });
  expect(plan.items).toHaveLength(1);
  await world.service.planPolicy({ limit: 10, resourceId: 'db', policy: { keepLast: 1 } });
});

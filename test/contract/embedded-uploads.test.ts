// Uploads on the disk: what was answered with 200 is there after a loss of power, sealed, and is read as it came or not at all.

import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { openKeyring } from '../../lib/embedded/keys/keyring.ts';
import { createTransferStore } from '../../lib/embedded/transfers/transfers.ts';
import { createManualClock } from '../../lib/memory/clock.ts';
import { createMemoryKeyring } from '../../lib/memory/keyring.ts';
import { systemRandom } from '../../lib/random.ts';
import { createDataDirs } from './data-dirs.ts';
import { T0 } from './samples.ts';

const dataDirs = createDataDirs();
afterAll(dataDirs.removeAll);

const HOUR = 3_600_000;
const newId = () => randomBytes(16).toString('hex');

async function openStore(dataDir = dataDirs.make(), clock = createManualClock(Date.now())) {
  const keyring = openKeyring({ dataDir, mayCreate: true, random: systemRandom });
  const store = createTransferStore(dataDir, clock, await keyring, systemRandom);
  const folder = join(dataDir, 'uploads');
  const put = (uploadId: string, ...chunks: Uint8Array[]) =>
    store.receive(
      uploadId,
      (async function* () {
        yield* chunks;
      })(),
    );
  return {
    ...store,
    dataDir,
    clock,
    folder,
    put,
    async announce(
      announced: { bytes?: number; sha256?: string } = {},
      bytesMax = 10_000_000,
    ): Promise<string> {
      const uploadId = newId();
      await store.createUpload(uploadId, { expiresAt: clock.now() + HOUR, bytesMax, ...announced });
      return uploadId;
    },
    async read(uploadId: string): Promise<Buffer> {
      return Buffer.concat(await Array.fromAsync((await store.readUpload(uploadId)).body));
    },
    files: () => readdirSync(folder).sort(),
  };
}

type Store = Awaited<ReturnType<typeof openStore>>;

describe('an upload', () => {
  test('is read as it came by whoever opens the folder after a restart, and leaves nothing once it is discarded', async () => {
    const store = await openStore();
    const uploadId = await store.announce();
    const body = randomBytes(300_000);
    const digest = await store.put(uploadId, body);
    const { readUpload, read } = await openStore(store.dataDir);
    expect(await readUpload(uploadId)).toMatchObject({ ...digest, mark: digest.sha256 });
    expect((await read(uploadId)).equals(body)).toBe(true);
    await store.discardUpload(uploadId);
    expect(store.files()).toEqual([]);
  });

  test('whose key is not there is not one that was never PUT', async () => {
    const store = await openStore();
    const uploadId = await store.announce();
    await store.put(uploadId, Buffer.from('1'));
    const { dataDir, clock } = store;
    const keyring = createMemoryKeyring();
    const other = createTransferStore(dataDir, clock, keyring, systemRandom);
    const put = other.receive(await store.announce(), (async function* () {})());
    for (const call of [other.readUpload(uploadId), put]) {
      await expect(call).rejects.toMatchObject({ name: 'PortError', code: 'unavailable' });
    }
  });

  test('does not lie on the disk in clear', async () => {
    const store = await openStore();
    const uploadId = await store.announce();
    const secret = 'correct horse battery staple';
    await store.put(uploadId, Buffer.from(JSON.stringify({ secret })));
    for (const name of store.files()) {
      expect(readFileSync(join(store.folder, name)).includes(secret)).toBe(false);
    }
  });

  test('with any bit changed, cut anywhere, longer, or in the place of another is damage, not data', async () => {
    const store = await openStore();
    const [one, other] = [await store.announce(), await store.announce()];
    const body = randomBytes(800_000);
    await store.put(one, body);
    await store.put(other, body);
    const path = join(store.folder, `${one}.sealed`);
    const sealed = readFileSync(path);
    const refused = async (bytes: Uint8Array): Promise<void> => {
      writeFileSync(path, bytes);
      await expect(store.read(one)).rejects.toMatchObject({ code: 'integrity' });
    };
    await fc.assert(
      fc.asyncProperty(fc.nat(sealed.length * 8 - 1), async (bit) => {
        const changed = Buffer.from(sealed);
        changed[bit >> 3]! ^= 1 << (bit & 7);
        await refused(changed);
      }),
      { numRuns: 60 },
    );
    const recordBytes = 256 * 1024 + 16;
    const cuts = [
      0,
      1,
      45,
      46,
      94,
      46 + recordBytes,
      46 + recordBytes + 48,
      sealed.length - 48,
      sealed.length - 1,
    ];
    for (const cut of cuts) await refused(sealed.subarray(0, cut));
    await refused(Buffer.concat([sealed, Buffer.from([0])]));
    const swapped = Buffer.from(sealed);
    sealed.copy(swapped, 46, 46 + recordBytes, 46 + 2 * recordBytes);
    sealed.copy(swapped, 46 + recordBytes, 46, 46 + recordBytes);
    await refused(swapped);
    await refused(readFileSync(join(store.folder, `${other}.sealed`)));
    writeFileSync(path, sealed);
    expect((await store.read(one)).equals(body)).toBe(true);
  });

  test('with a damaged ticket is no upload, and never a fault of ours', async () => {
    const store = await openStore();
    const uploadId = await store.announce();
    await store.put(uploadId, Buffer.from('1'));
    const path = join(store.folder, `${uploadId}.ticket`);
    const ticket = readFileSync(path, 'utf8');
    for (const damaged of [
      '',
      '{',
      'null',
      '[]',
      '{}',
      '{"expiresAt":"x","bytesMax":1}',
      ticket.slice(0, -3),
    ]) {
      writeFileSync(path, damaged);
      await expect(store.readUpload(uploadId)).rejects.toMatchObject({ code: 'not_found' });
      await expect(store.put(uploadId, Buffer.from('1'))).rejects.toMatchObject({ code: 'not_found' });
    }
  });

  test('that is refused leaves its ticket and nothing else', async () => {
    const store = await openStore();
    const uploadId = await store.announce({ bytes: 4 });
    const put = store.put(uploadId, Buffer.from('123'), Buffer.from('45'));
    await expect(put).rejects.toMatchObject({ code: 'integrity', reason: 'mismatch' });
    expect(store.files()).toEqual([`${uploadId}.ticket`]);
  });

  test('of the first release, in clear, is still read; its URL still takes one', async () => {
    const store = await openStore();
    const [done, awaited] = [newId(), newId()];
    const ticket = JSON.stringify({ expiresAt: store.clock.now() + HOUR, bytesMax: 100 });
    for (const id of [done, awaited]) writeFileSync(join(store.folder, `${id}.ticket`), ticket);
    writeFileSync(join(store.folder, `${done}.json`), '{"old":1}');
    expect((await store.read(done)).toString()).toBe('{"old":1}');
    await expect(store.put(done, Buffer.from('2'))).rejects.toMatchObject({ code: 'exists' });
    await store.put(awaited, Buffer.from('{"new":1}'));
    expect((await store.read(awaited)).toString()).toBe('{"new":1}');
  });
});

describe('ageing', () => {
  const age = (store: Store, name: string) =>
    utimesSync(join(store.folder, name), new Date(T0), new Date(T0));

  test('removes what is a day old, unless it is wanted', async () => {
    const store = await openStore();
    const [old, wanted, fresh] = [await store.announce(), await store.announce(), await store.announce()];
    for (const id of [old, wanted, fresh]) await store.put(id, Buffer.from('1'));
    for (const name of store.files()) if (!name.startsWith(fresh)) age(store, name);
    await store.removeStale(async (id) => id === wanted);
    expect(store.files()).toEqual([fresh, wanted].flatMap((id) => [`${id}.sealed`, `${id}.ticket`]).sort());
  });

  test('is not stopped by what vanishes meanwhile', async () => {
    const store = await openStore();
    const ids = [await store.announce(), await store.announce(), await store.announce()];
    for (const name of store.files()) age(store, name);
    await store.removeStale(async () => {
      for (const id of ids) rmSync(join(store.folder, `${id}.ticket`), { force: true });
      return false;
    });
    expect(store.files()).toEqual([]);
  });
});

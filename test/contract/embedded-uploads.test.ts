// Uploads on the disk: what was answered with 200 is there after a loss of power, sealed, and is read as it came or not at all.

import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { openKeyring } from '../../lib/embedded/keys/keyring.ts';
import { createTransferStore } from '../../lib/embedded/transfers/transfers.ts';
import { createManualClock } from '../../lib/memory/clock.ts';
import { systemRandom } from '../../lib/random.ts';
import { createDataDirs } from './data-dirs.ts';
import { T0 } from './samples.ts';

const dataDirs = createDataDirs();
afterAll(dataDirs.removeAll);

const HOUR = 3_600_000;
const newId = () => randomBytes(16).toString('hex');
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

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
  test.each([1, 262_143, 262_144, 262_145, 524_288, 3_000_001])(
    'of %i bytes is read as it came',
    async (size) => {
      const store = await openStore();
      const uploadId = await store.announce();
      const body = randomBytes(size);
      const cuts = [0, size >> 3, size >> 1, size];
      const chunks = cuts.slice(1).map((to, i) => body.subarray(cuts[i], to));
      const digest = { bytes: size, sha256: sha256(body) };
      expect(await store.put(uploadId, ...chunks)).toEqual(digest);
      // Also by whoever opens the folder after a restart.
      const { readUpload, read } = await openStore(store.dataDir);
      expect(await readUpload(uploadId)).toMatchObject({ ...digest, mark: digest.sha256 });
      expect((await read(uploadId)).equals(body)).toBe(true);
      await store.discardUpload(uploadId);
      expect(store.files()).toEqual([]);
    },
  );

  test('may come in one buffer that is used again and again', async () => {
    const store = await openStore();
    const uploadId = await store.announce();
    const body = randomBytes(2_000_000);
    const buffer = Buffer.alloc(300_000);
    const reusing = async function* () {
      for (let at = 0, bytes = 1; at < body.length; bytes = (bytes * 7) % 299_993) {
        const copied = body.copy(buffer, 0, at, at + bytes);
        at += copied;
        yield buffer.subarray(0, copied);
        buffer.fill(0);
      }
    };
    expect((await store.receive(uploadId, reusing())).sha256).toBe(sha256(body));
    expect((await store.read(uploadId)).equals(body)).toBe(true);
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
      await expect(store.put(uploadId, Buffer.from('1'))).rejects.toMatchObject({ code: 'upload_not_found' });
    }
  });

  test('is taken once, of two at once the first', async () => {
    const store = await openStore();
    const uploadId = await store.announce();
    const both = await Promise.allSettled([
      store.put(uploadId, Buffer.from('"one"')),
      store.put(uploadId, Buffer.from('"two"')),
    ]);
    const taken = both.filter(({ status }) => status === 'fulfilled');
    expect(taken).toHaveLength(1);
    expect(sha256(await store.read(uploadId))).toBe((taken[0] as { value: { sha256: string } }).value.sha256);
    await expect(store.put(uploadId, Buffer.from('3'))).rejects.toMatchObject({ code: 'write_conflict' });
    expect(store.files()).toHaveLength(2);
  });

  test.each<[string, { bytes?: number; sha256?: string }, string | undefined]>([
    ['its size', { bytes: 5 }, undefined],
    ['its hash', { sha256: sha256(Buffer.from('12345')) }, undefined],
    ['less', { bytes: 4 }, 'upload_mismatch'],
    ['more', { bytes: 6 }, 'upload_mismatch'],
    ['another hash', { bytes: 5, sha256: sha256(Buffer.from('12346')) }, 'upload_mismatch'],
  ])('that announced %s', async (_what, announced, code) => {
    const store = await openStore();
    const uploadId = await store.announce(announced);
    const put = store.put(uploadId, Buffer.from('123'), Buffer.from('45'));
    if (code === undefined) {
      expect((await put).bytes).toBe(5);
      return;
    }
    await expect(put).rejects.toMatchObject({ code });
    await expect(store.readUpload(uploadId)).rejects.toMatchObject({ code: 'not_found' });
    expect(store.files()).toEqual([`${uploadId}.ticket`]);
  });

  test('of the first release, in clear, is still read; its URL still takes one', async () => {
    const store = await openStore();
    const [done, awaited] = [newId(), newId()];
    const ticket = JSON.stringify({ expiresAt: store.clock.now() + HOUR, bytesMax: 100 });
    for (const id of [done, awaited]) writeFileSync(join(store.folder, `${id}.ticket`), ticket);
    writeFileSync(join(store.folder, `${done}.json`), '{"old":1}');
    expect((await store.read(done)).toString()).toBe('{"old":1}');
    await expect(store.put(done, Buffer.from('2'))).rejects.toMatchObject({ code: 'write_conflict' });
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

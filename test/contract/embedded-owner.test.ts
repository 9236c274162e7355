// One process owns a data folder; another takes over only when it has gone, in whatever way.

import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import { openBlobStore } from '../../lib/embedded/blobs/blob-store.ts';
import { createCatalog } from '../../lib/embedded/catalog/catalog.ts';
import { openDatabase } from '../../lib/embedded/catalog/database.ts';
import { createDataDirs } from './data-dirs.ts';
import { backup, inserted, readBlob } from './samples.ts';

const dataDirs = createDataDirs();
afterAll(dataDirs.removeAll);

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) {
    child.kill('SIGKILL');
  }
});

/** Starts an owner; resolves once it has acknowledged so many writes. */
async function startOwner(dataDir: string, writes: number) {
  const child = spawn(process.execPath, [join(__dirname, 'owner-process.ts'), dataDir]);
  children.push(child);
  let output = '';
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  await new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (chunk) => {
      output += chunk;
      if (output.split('\n').length > writes) {
        resolve();
      }
    });
    child.on('exit', () => reject(new Error(`the owner has gone: ${errors}`)));
  });
  return {
    child,
    /** Every complete line so far: id, blob id, hash. */
    acknowledged: () =>
      output
        .split('\n')
        .slice(0, -1)
        .map((line) => line.split(' ')),
  };
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = once(child, 'close');
  child.kill('SIGKILL');
  await gone;
}

describe('the owner of a data folder', () => {
  test('is alone: another process is refused, and harms nothing by trying', async () => {
    const dataDir = dataDirs.make();
    const owner = await startOwner(dataDir, 1);
    const before = owner.acknowledged().length;
    for (let i = 0; i < 3; i += 1) {
      expect(() => openDatabase(dataDir)).toThrow(expect.objectContaining({ code: 'unavailable' }));
    }
    // It has gone on writing all the while, and does so still.
    const deadline = Date.now() + 10_000;
    while (owner.acknowledged().length < before + 50 && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(owner.acknowledged().length).toBeGreaterThanOrEqual(before + 50);
    await kill(owner.child);
  });

  test('is alone within its process too', async () => {
    const dataDir = dataDirs.make();
    const first = openDatabase(dataDir);
    expect(() => openDatabase(dataDir)).toThrow(expect.objectContaining({ code: 'unavailable' }));
    await createCatalog(first).commit([inserted(backup({ id: 'backup-1' }))]);
    first.close();
    const second = openDatabase(dataDir);
    expect(await createCatalog(second).getBackup('backup-1')).toBeDefined();
    second.close();
  });

  test('killed in the middle of its work, it leaves all that it has acknowledged, and no lock', async () => {
    const dataDir = dataDirs.make();
    const given = new Set<string>();
    for (let round = 0; round < 2; round += 1) {
      const owner = await startOwner(dataDir, 100);
      await kill(owner.child);
      const database = openDatabase(dataDir);
      const catalog = createCatalog(database);
      const store = openBlobStore(dataDir);
      for (const [id, blobId, sha256] of owner.acknowledged()) {
        expect(given.has(id!)).toBe(false);
        given.add(id!);
        expect((await catalog.getBackup(id!))?.id).toBe(id);
        expect(
          createHash('sha256')
            .update(await readBlob(store, blobId!))
            .digest('hex'),
        ).toBe(sha256);
      }
      for (let i = 0; i < 20; i += 1) {
        const next = await catalog.allocateId('backup');
        expect(await catalog.getBackup(next)).toBeUndefined();
      }
      database.close();
    }
    expect(given.size).toBeGreaterThanOrEqual(200);
  });
});

describe('what is no catalog of ours', () => {
  test('a newer format is refused and left alone', () => {
    const dataDir = dataDirs.make();
    openDatabase(dataDir).close();
    const raw = new DatabaseSync(join(dataDir, 'catalog.sqlite'));
    raw.exec('PRAGMA user_version = 999');
    raw.close();
    expect(() => openDatabase(dataDir)).toThrow(expect.objectContaining({ code: 'denied' }));
    const again = new DatabaseSync(join(dataDir, 'catalog.sqlite'));
    expect(again.prepare('PRAGMA user_version').get()).toEqual({ user_version: 999 });
    again.close();
  });
});

// A start over what does not belong together is refused, with what is there and the command that mends it; and it leaves
// the folder as it was. Nothing is begun anew where something was.

import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { rebuild } from '../../lib/embedded/rebuild/rebuild.ts';
import { createRandom } from '../e2e/random.ts';
import { contentsOf } from './contents.ts';
import { alter, createFolders } from './filled-folders.ts';
import { ACCIDENTS, blobFiles } from './torture/folder.ts';
import { type Clocks, crashImage, openStore } from './torture/store.ts';

const { clocks, create, fill, filled, filledTwice, newFolder, refusal, remove, root } = createFolders();
afterAll(remove);

const random = createRandom(1);

describe('a start that finds blobs, and', () => {
  const wayOut =
    /blobs\/ has 6 blobs of 2 resources, 2026-11-01 to 2026-11-01\. Nothing was removed\..*npm run rebuild -- /;

  test.each([
    [
      'no catalog',
      /^catalog.sqlite is missing; /,
      (folder: string) => void ACCIDENTS['catalog removed']!(folder, random, {}),
    ],
    [
      'an empty catalog',
      /^catalog.sqlite is empty; /,
      (folder: string) => void ACCIDENTS['catalog emptied']!(folder, random, {}),
    ],
    [
      'neither catalog nor key',
      /^catalog.sqlite is missing; /,
      (folder: string) => {
        ACCIDENTS['catalog removed']!(folder, random, {});
        rmSync(join(folder, 'master.key'));
      },
    ],
    [
      'a catalog that is none',
      /^catalog.sqlite is not a SQLite database; /,
      (folder: string) => writeFileSync(join(folder, 'catalog.sqlite'), 'x'.repeat(8192)),
    ],
  ])('%s is refused, and nothing is changed', async (_, words, harm) => {
    const folder = await filled(6);
    harm(folder);
    const before = contentsOf(folder);
    const message = await refusal(folder);
    expect(message).toMatch(words);
    expect(message).toMatch(wayOut);
    expect(contentsOf(folder)).toEqual(before);
    expect(existsSync(join(folder, 'catalog.sqlite'))).toBe('catalog.sqlite' in before);
  });

  test('the catalog of another store is refused', async () => {
    const [folder, foreign] = [await filled(6), await filled(4)];
    ACCIDENTS['catalog of another store']!(folder, random, { foreign });
    expect(await refusal(folder)).toMatch(/^catalog.sqlite and blobs\/ are of two different stores/);
  });

  test('the catalog of an earlier day is refused, by how many commits it lacks', async () => {
    const { folder, earlier } = await filledTwice();
    ACCIDENTS['catalog rolled back']!(folder, random, { earlier });
    const message = await refusal(folder);
    expect(message).toMatch(/older than the blobs: the last \d+ commits are missing/);
    expect(message).toMatch(wayOut);
  });

  test('catalog and trail of an earlier day, put back together, are refused, whatever they say of each other', async () => {
    const { folder, earlier } = await filledTwice();
    ACCIDENTS['catalog and trail rolled back']!(folder, random, { earlier });
    const message = await refusal(folder);
    expect(message).toMatch(/older than the blobs: it does not know backup-\d, whose blob is there/);
    expect(message).toMatch(wayOut);
  });

  test('a blob that no backup names, whose number a flipped bit has made a later one, is no reason to refuse', async () => {
    const folder = await filled(3);
    const stranger = join(await filled(3), 'blobs');
    for (const shard of readdirSync(stranger)) {
      for (const name of readdirSync(join(stranger, shard))) {
        const text = readFileSync(join(stranger, shard, name)).toString('latin1');
        mkdirSync(join(folder, 'blobs', shard), { recursive: true });
        writeFileSync(
          join(folder, 'blobs', shard, name),
          Buffer.from(text.replace(/"sequence":\d/, '"sequence":9'), 'latin1'),
        );
      }
    }
    expect(await refusal(folder)).toBe('opened');
  });

  test('a catalog of the first release, put back under blobs that have been marked since, is refused', async () => {
    const folder = await filled(6);
    await alter(folder, 'DELETE FROM store');
    expect(await refusal(folder)).toMatch(/^catalog.sqlite and blobs\/ are of two different stores/);
  });

  test.each([
    ['is gone', (path: string) => rmSync(path)],
    ['is cut', (path: string) => truncateSync(path, Math.floor(statSync(path).size / 2))],
    [
      'has a flipped bit',
      (path: string) => {
        const bytes = readFileSync(path);
        bytes[Math.floor(bytes.length / 3)]! ^= 16;
        writeFileSync(path, bytes);
      },
    ],
  ])('after a kill a -wal that %s is refused', async (_, harm) => {
    const folder = newFolder();
    const store = await openStore(folder, clocks);
    await fill(store, 0, 6);
    const image = crashImage(folder, root);
    await store.close();
    expect(await refusal(crashImage(image, root))).toBe('opened');
    harm(join(image, 'catalog.sqlite-wal'));
    expect(await refusal(image)).toMatch(/older than the blobs|damaged|two different times/);
  });

  test('a catalog whose blobs are all gone is refused, too', async () => {
    const folder = await filled(6);
    for (const path of blobFiles(folder)) rmSync(path);
    expect(await refusal(folder)).toMatch(
      /^blobs\/ is empty: it has none of the blobs of the 6 newest backups that the catalog names: put the folder back/,
    );
  });
});

describe('a start that finds nothing to rebuild from', () => {
  test.each([
    ['neither catalog nor blobs', true, /^catalog.sqlite is missing; blobs\/ is missing too/],
    ['no catalog and empty blobs', false, /^catalog.sqlite is missing; blobs\/ is empty too/],
  ])('%s: names the folder to put back, and so does a rebuild', async (_, isGone, words) => {
    const folder = await filled(4);
    ACCIDENTS['catalog removed']!(folder, random, {});
    for (const path of blobFiles(folder)) rmSync(path);
    if (isGone) rmSync(join(folder, 'blobs'), { recursive: true });
    const before = contentsOf(folder);
    const message = await refusal(folder);
    expect(message).toMatch(words);
    expect(message).toContain(`put the whole folder ${folder} back from a copy`);
    expect(message).toContain('If none had been made yet');
    await expect(rebuild(folder, { isDryRun: false })).rejects.toMatchObject({
      code: 'not_found',
      message: expect.stringContaining('Put the whole folder back from a copy'),
    });
    expect(contentsOf(folder)).toEqual(before);
  });
});

describe('a start on what has lost its newest blobs', () => {
  test('gives back what is left, after a rebuild as well, and says that blobs are missing', async () => {
    const folder = await filled(1);
    const kept = blobFiles(folder);
    const store = await openStore(folder, clocks);
    await fill(store, 1, 24);
    await store.close();
    for (const path of blobFiles(folder)) if (!kept.includes(path)) rmSync(path);
    for (const isLost of [false, true]) {
      if (isLost) {
        ACCIDENTS['catalog removed']!(folder, random, {});
        expect((await rebuild(folder, { isDryRun: false })).missing).toHaveLength(24);
      }
      const again = await openStore(folder, clocks);
      const body = '{"backupId":"backup-1","targetResourceId":"t"}';
      expect(await again.call('POST', '/restore', body)).toMatchObject({ status: 200 });
      expect(again.lines.some((line) => line.includes('blobs are missing'))).toBe(true);
      await again.close();
    }
  });
});

describe('a start on a folder that nobody has used for long', () => {
  test('says how old its newest backup is: it may be a copy that was put back whole', async () => {
    const later: Clocks = { wall: clocks.wall, monotonic: 0 };
    const folder = await filled(2);
    later.wall = clocks.wall + 9.5 * 86_400_000;
    const store = await openStore(folder, later, { isDriven: true });
    await store.run('clock');
    const lines = store.lines.map((line) => JSON.parse(line) as { message: string; days?: number });
    expect(lines.find(({ message }) => message.startsWith('the newest backup is old'))).toMatchObject({
      days: 9,
    });
    const { text } = await store.call('GET', '/health');
    expect(text).toContain('put back whole from a copy');
    await store.close();
    const soon = await openStore(await filled(1), { wall: clocks.wall, monotonic: 0 });
    expect(soon.lines.some((line) => line.includes('is old'))).toBe(false);
    await soon.close();
  });
});

describe('a start', () => {
  test.each([
    ['no folder', () => {}],
    ['an empty folder', (folder: string) => mkdirSync(folder, { mode: 0o700 })],
    [
      'what a crash in the very first moment leaves',
      (folder: string) => {
        mkdirSync(folder, { mode: 0o700 });
        writeFileSync(join(folder, 'catalog.sqlite'), '', { mode: 0o600 });
      },
    ],
  ])('over %s begins anew', async (_, prepare) => {
    const folder = newFolder();
    prepare(folder);
    const store = await openStore(folder, clocks);
    expect((await create(store, 'a', 1)).id).toBe('backup-1');
    await store.close();
  });

  test('over an image of any moment goes on: a kill is never taken for a rollback', async () => {
    const folder = newFolder();
    const store = await openStore(folder, clocks);
    const images: string[] = [];
    let isWriting = true;
    const writers = Array.from({ length: 4 }, async (_, writer) => {
      for (let n = 0; isWriting; n++) await create(store, `r-${writer}`, { n });
    });
    for (let n = 0; n < 12; n++) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      images.push(crashImage(folder, root));
    }
    isWriting = false;
    await Promise.all(writers);
    await store.close();
    for (const image of images) expect(await refusal(image)).toBe('opened');
  });

  test('with the wrong key is refused, whichever digit is wrong', async () => {
    const folder = await filled(2);
    const path = join(folder, 'master.key');
    const text = readFileSync(path, 'utf8');
    const { key } = (JSON.parse(text) as { keys: { key: string }[] }).keys[0]!;
    for (const at of [0, 7, 20, 42]) {
      // Both with zeros where the last digit of a key has bits that nobody reads.
      const other = key[at] === 'Q' ? 'g' : 'Q';
      writeFileSync(path, text.replace(key, key.slice(0, at) + other + key.slice(at + 1)));
      expect(await refusal(folder)).toMatch(
        /^master.key is damaged \(version 1 is not the key that its keyId names/,
      );
    }
    const strange = await filled(1);
    cpSync(join(strange, 'master.key'), path);
    expect(await refusal(folder)).toMatch(
      /^master.key is not the key that has sealed the backups here \(backup-2/,
    );
    writeFileSync(path, text);
    expect(await refusal(folder)).toBe('opened');
  });

  test('over blobs of a catalog that names nothing is refused if they are no first ones', async () => {
    const folder = await filled(6);
    for (const table of ['backup', 'head', 'snapshot']) await alter(folder, `DELETE FROM ${table}`);
    expect(await refusal(folder)).toMatch(/^catalog.sqlite names no backups; blobs\/ has 6 blobs/);
  });
});

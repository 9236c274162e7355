// A catalog that is exchanged or damaged is noticed, under the running service too: nothing false is given out, and what is
// whole is still restored.

import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { createRandom } from '../e2e/random.ts';
import { alter, createFolders } from './filled-folders.ts';
import { ACCIDENTS, blobFiles } from './torture/folder.ts';
import { crashImage, type Opened, openStore } from './torture/store.ts';

const { clocks, fill, filled, newFolder, remove, root } = createFolders();
afterAll(remove);

describe('under the running service', () => {
  test.each([
    ['moved away', (path: string) => cpSync(path, `${path}.moved`), true],
    ['replaced by a copy of itself', (path: string) => cpSync(path, `${path}.copy`), true],
  ])('a catalog that is %s stops all writing, and health says so', async (_, copy, isGone) => {
    const folder = newFolder();
    const store = await openStore(folder, clocks);
    await fill(store, 0, 3);
    const path = join(folder, 'catalog.sqlite');
    copy(path);
    if (isGone) rmSync(path);
    if (existsSync(`${path}.copy`)) cpSync(`${path}.copy`, path);
    const { status, text } = await store.call('POST', '/backups', '{"resourceId":"a","data":1}');
    expect([status, JSON.parse(text).code]).toEqual([503, 'store_untrusted']);
    const health = await store.call('GET', '/health');
    expect(health.status).toBe(503);
    expect(JSON.parse(health.text).problems).toMatchObject([{ part: 'catalog', code: 'catalog_replaced' }]);
    // What is open still answers.
    expect((await store.call('GET', '/backups')).status).toBe(200);
    await store.close();
  });

  test('an older catalog copied over the one in use is noticed', async () => {
    const folder = newFolder();
    const store = await openStore(folder, clocks);
    await fill(store, 0, 2);
    const path = join(folder, 'catalog.sqlite');
    const older = readFileSync(path);
    await fill(store, 2, 2);
    writeFileSync(path, older);
    expect((await store.call('POST', '/backups', '{"resourceId":"a","data":1}')).status).toBe(503);
    await store.close();
  });

  test('a -wal that is removed is noticed', async () => {
    const folder = newFolder();
    const store = await openStore(folder, clocks);
    await fill(store, 0, 2);
    rmSync(join(folder, 'catalog.sqlite-wal'));
    expect((await store.call('POST', '/backups', '{"resourceId":"a","data":1}')).status).toBe(503);
    await store.close();
  });
});

describe('a row of the catalog that is not what was written', () => {
  const damage: readonly [string, string][] = [
    [
      'a digit of a record',
      `UPDATE backup SET doc = json_set(doc, '$[1]', json_extract(doc, '$[1]') + 1) WHERE id = 'backup-2'`,
    ],
    ['a sequence', `UPDATE backup SET sequence = sequence + 100 WHERE id = 'backup-2'`],
    ['a link of a chain', `UPDATE link SET ref = replace(ref, '"backup-2"', '"backup-1"')`],
    ['a backup out of sight', `UPDATE backup SET live = 0 WHERE id = 'backup-2'`],
    ['an expiry', `UPDATE backup SET expires_at = 1 WHERE id = 'backup-2'`],
    ['a blob', `UPDATE backup SET own_blob = '0123' || substr(own_blob, 5) WHERE id = 'backup-2'`],
    [
      'a record under the name of another',
      `UPDATE backup SET (doc, sum) = (SELECT doc, sum FROM backup WHERE id = 'backup-1') WHERE id = 'backup-2'`,
    ],
    ['a snapshot that leads elsewhere', `UPDATE snapshot SET doc = replace(doc, 'backup-2', 'backup-1')`],
    ['a head', `UPDATE head SET version = version + 1`],
    ['an event', `UPDATE event SET doc = replace(doc, 'backup-2', 'backup-1')`],
  ];

  test.each(damage)(
    '%s: is noticed without anybody asking, and nothing is written any more',
    async (_, sql) => {
      const folder = await filled(3);
      await alter(folder, sql);
      const store = await openStore(folder, clocks);
      await expect(store.sweep()).rejects.toMatchObject({
        code: expect.stringMatching(/integrity|store_untrusted/),
      });
      const health = await store.call('GET', '/health');
      expect(health.status).toBe(503);
      expect(JSON.parse(health.text).problems).toMatchObject([{ part: 'catalog', code: 'catalog_damaged' }]);
      expect((await store.call('POST', '/backups', '{"resourceId":"a","data":1}')).status).toBe(503);
      expect(store.lines.some((line) => JSON.parse(line).level === 'error')).toBe(true);
      expect(blobFiles(folder)).toHaveLength(3);
      await store.close();
    },
  );

  test('withholds no other backup: what is whole is restored as before', async () => {
    const folder = await filled(3);
    await alter(folder, damage[0]![1]);
    const store = await openStore(folder, clocks);
    await expect(store.sweep()).rejects.toMatchObject({ code: 'integrity' });
    for (const backupId of ['backup-1', 'backup-3']) {
      const body = JSON.stringify({ backupId, targetResourceId: 't' });
      expect(await store.call('POST', '/restore', body)).toMatchObject({ status: 200 });
    }
    await store.close();
  });

  test('is never given out: the answer is 503, by a code of its own', async () => {
    const folder = await filled(3);
    await alter(folder, damage[0]![1]);
    const store = await openStore(folder, clocks);
    for (const [method, path, body] of [
      ['GET', '/backups/backup-2'],
      ['GET', '/backups'],
      ['POST', '/restore', '{"backupId":"backup-2","targetResourceId":"t"}'],
    ] as const) {
      const { status, text } = await store.call(method, path, body);
      expect([status, JSON.parse(text).code]).toEqual([503, 'catalog_damaged']);
    }
    await store.close();
  });
});

test('a bit flipped anywhere in the catalog or its -wal is refused, noticed, or does not matter', async () => {
  const folder = newFolder();
  const store = await openStore(folder, clocks);
  await fill(store, 0, 8);
  const stopped = newFolder();
  const image = crashImage(folder, root);
  await store.close();
  cpSync(folder, stopped, { recursive: true });
  const answersOf = async (opened: Opened): Promise<string[]> => {
    const paths = ['/backups?limit=100', ...Array.from({ length: 8 }, (_, n) => `/backups/backup-${n + 1}`)];
    const answers = await Promise.all(paths.map((path) => opened.call('GET', path)));
    return answers.map(({ status, text }) => `${status} ${text}`);
  };
  const whole = await openStore(crashImage(stopped, root), clocks);
  const expected = await answersOf(whole);
  await whole.close();
  const seeded = createRandom(7);
  const outcomes = { refused: 0, noticed: 0, harmless: 0 };
  for (let n = 0; n < 60; n++) {
    const victim = crashImage(n % 2 === 0 ? stopped : image, root);
    const name = n % 2 === 0 ? 'bit of the catalog flipped' : 'bit of the wal flipped';
    ACCIDENTS[name]!(victim, seeded, {});
    let opened: Opened;
    try {
      opened = await openStore(victim, clocks);
    } catch {
      outcomes.refused++;
      continue;
    }
    const proven = await opened.sweep().then(
      () => true,
      () => false,
    );
    const health = await opened.call('GET', '/health');
    const answers = await answersOf(opened);
    await opened.close();
    if (!proven || health.status === 503) outcomes.noticed++;
    else {
      expect(answers).toEqual(expected);
      outcomes.harmless++;
    }
    rmSync(victim, { recursive: true });
  }
  expect(outcomes.refused + outcomes.noticed).toBeGreaterThan(10);
});

// Rot and loss on the disk, found by the running service though nobody restores, and forgotten once the bytes are back.

import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import type { BackupView } from '../../../lib/http/contract/backups-view.ts';
import { createClient } from '../client.ts';
import { cleanUp, eventually, newDataDir, startServer, waitForLog } from '../server.ts';

afterEach(cleanUp);

/** By rising size. */
function blobFiles(dataDir: string): string[] {
  const root = join(dataDir, 'blobs');
  const paths = readdirSync(root).flatMap((shard) =>
    readdirSync(join(root, shard)).map((name) => join(root, shard, name)),
  );
  return paths.sort((a, b) => statSync(a).size - statSync(b).size);
}

interface HealthView {
  status: string;
  notices?: { code: string; detail: string; backupId?: string }[];
}

test('rot, loss and a pipe in the place of a blob', async () => {
  const dataDir = newDataDir();
  const server = await startServer({ dataDir, env: { BACKUP_SCRUB_INTERVAL_SECONDS: '1' } });
  const client = createClient(server.url);
  const health = async () => (await client.send('GET', '/health')).json<HealthView>();
  const find = async (id: string) => (await client.send('GET', `/backups/${id}`)).json<BackupView>();
  const text = randomBytes(3000).toString('hex');
  const { id } = await client.backup({ resourceId: 'db', state: JSON.stringify({ n: 1, text }) });
  const next = JSON.stringify({ n: 2, text });
  const delta = await client.backup({ resourceId: 'db', type: 'incremental', state: next });
  expect(delta.chainLength).toBe(2);
  await eventually(10_000, 'the first proof', async () => (await find(delta.id)).verifiedAt !== undefined);
  expect(await health()).toEqual({ status: 'healthy' });

  // The larger one is the full's.
  const path = blobFiles(dataDir).at(-1)!;
  const good = readFileSync(path);
  const aside = join(dataDir, 'aside');
  const damages: [string, () => void][] = [
    ['rot', () => writeFileSync(path, good.with(good.length >> 1, good[good.length >> 1]! ^ 1))],
    ['loss', () => rmSync(path)],
    [
      'a pipe',
      () => {
        renameSync(path, aside);
        spawnSync('mkfifo', [path]);
      },
    ],
  ];
  for (const [what, damage] of damages) {
    damage();
    const told = await eventually(10_000, what, async () => {
      const found = await health();
      return found.status === 'degraded' && found;
    });
    expect(told.notices).toMatchObject([{ code: 'damaged_backup', backupId: id }]);
    expect(told.notices![0]!.detail).toContain(`${id}, ${delta.id}`);
    await eventually(10_000, 'the mark', async () => (await find(delta.id)).damaged === true);
    rmSync(path, { force: true });
    writeFileSync(path, good, { mode: 0o600 });
    await eventually(10_000, 'the end of it', async () => (await health()).status === 'healthy');
    await eventually(10_000, 'no mark', async () => (await find(delta.id)).damaged === undefined);
  }
  expect(
    await waitForLog(server.logs, ({ message }) => message === 'a stored backup is damaged', 1000),
  ).toMatchObject({
    level: 'error',
    resourceId: 'db',
  });
}, 120_000);

test('an interval of 0 turns it off', async () => {
  const server = await startServer({ dataDir: newDataDir(), env: { BACKUP_SCRUB_INTERVAL_SECONDS: '0' } });
  await createClient(server.url).backup({ resourceId: 'db', state: '1' });
  expect(server.logs.some(({ message }) => message === 'backups proven')).toBe(false);
});

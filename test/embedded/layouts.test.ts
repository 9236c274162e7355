// In a data folder layouts are made by themselves, hold over a restart, and are not missed.

import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, expect, test } from '@jest/globals';
import { readConfig } from '../../lib/embedded/config.ts';
import { type Home, openHome } from '../../lib/embedded/home.ts';
import { silentLogger } from '../../lib/log.ts';
import { createDataDirs } from '../contract/data-dirs.ts';
import { inputOf } from '../service/world.ts';

const CALLER = { actor: 'ann' };
const dataDirs = createDataDirs();
afterAll(dataDirs.removeAll);

const stateOf = (v: number) =>
  JSON.stringify({
    rows: Array.from({ length: 20_000 }, (_, id) => ({ id, text: `${id === 9000 ? v : id}`.padEnd(60) })),
  });
const layoutsIn = (dataDir: string): string[] =>
  existsSync(join(dataDir, 'layouts'))
    ? readdirSync(join(dataDir, 'layouts'), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.includes('.'))
        .map((name) => name.slice(3))
        .sort()
    : [];

const look = async ({ service }: Home) =>
  (
    await service.readTree(
      {
        ...{ resourceId: 'db', at: { back: 0 }, steps: ['rows', 'id=9000', 'text'], path: '' },
        options: { limit: 10, after: 0, textBytesMax: 3 },
      },
      CALLER,
    )
  ).tree.text;

test('made at rest, used after a restart, and not missed', async () => {
  const dataDir = dataDirs.make();
  const open = () => openHome(readConfig({ BACKUP_DATA_DIR: dataDir }), silentLogger);
  let home = await open();
  const ids: string[] = [];
  for (const [v, type] of [
    [1, 'full'],
    [2, 'incremental'],
  ] as const) {
    const { backup } = await home.service.createBackup({ ...inputOf('db', stateOf(v)), type }, CALLER);
    ids.push(backup.chain.at(-1)!.blobId);
  }
  const [full, delta] = ids as [string, string];
  const all = [`${full}.sources`, `${delta}.places`, `${delta}.sources`].sort();
  for (let n = 0; n < 100 && layoutsIn(dataDir).length < all.length; n++) await wait(100);
  expect(layoutsIn(dataDir)).toEqual(all);
  await home.close();

  home = await open();
  expect(await look(home)).toBe('"2 ');
  await home.close();

  // By the layout alone: with another one the whole is opened, and with none.
  for (const name of all) {
    const path = join(dataDir, 'layouts', name.slice(0, 2), name);
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.subarray(1));
    home = await open();
    expect(await look(home)).toBe('"2 ');
    await home.close();
    writeFileSync(path, bytes);
  }
  rmSync(join(dataDir, 'layouts'), { recursive: true });
  home = await open();
  expect(await look(home)).toBe('"2 ');
  await home.close();
}, 60_000);

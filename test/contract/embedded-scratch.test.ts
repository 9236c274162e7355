// Scratch files of the embedded home: nothing of them can be found or read from outside the process.

import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { createScratch } from '../../lib/embedded/transfers/scratch.ts';
import { systemRandom } from '../../lib/random.ts';
import { createDataDirs } from './data-dirs.ts';

const dataDirs = createDataDirs();
afterAll(dataDirs.removeAll);

test('a scratch file has no name, so no crash leaves one behind', async () => {
  const dataDir = dataDirs.make();
  const file = await createScratch(dataDir, systemRandom).open();
  await file.append(Buffer.from('something'));
  expect(readdirSync(join(dataDir, 'tmp'))).toEqual([]);
  expect(statSync(join(dataDir, 'tmp')).mode & 0o777).toBe(0o700);
  await file.close();
});

test('what lies on the disk is not what was written', async () => {
  const text = Buffer.from('the balance of account 4711 is 12.50 '.repeat(100));
  const dataDir = dataDirs.make();
  const file = await createScratch(dataDir, systemRandom).open();
  await file.append(text);
  const raw = readFileSync(openFileBelow(dataDir));
  expect(raw).toHaveLength(text.length);
  expect(raw.includes('4711')).toBe(false);
  await file.close();
});

/** The one file below the folder that this process has open, by the way that leads to files without a name too. */
function openFileBelow(folder: string): string {
  const found = readdirSync('/proc/self/fd')
    .map((fd) => `/proc/self/fd/${fd}`)
    .filter((fd) => targetOf(fd)?.startsWith(`${folder}/`));
  expect(found).toHaveLength(1);
  return found[0]!;
}

/** What it leads to; undefined if it was closed meanwhile, as the one that lists the folder is. */
function targetOf(link: string): string | undefined {
  try {
    return readlinkSync(link);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

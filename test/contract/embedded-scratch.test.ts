// Scratch files of the embedded home: nothing of them can be found or read from outside the process.

import { openSync, readdirSync, readFileSync, statSync } from 'node:fs';
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
  const file = await createScratch(dataDirs.make(), systemRandom).open();
  await file.append(text);
  // The file was the last to be opened: its number is just below the next one's.
  const next = openSync('/dev/null', 'r');
  const raw = readFileSync(`/proc/self/fd/${next - 1}`);
  expect(raw).toHaveLength(text.length);
  expect(raw.includes('4711')).toBe(false);
  await file.close();
});

// The embedded home draws all that it stores from the chance that it is given: two folders of one seed are the same folder.

import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { createSeededRandom } from '../../lib/memory/random.ts';
import { newRoot, openStore } from '../faults/torture/store.ts';

const { root, remove } = newRoot();
afterAll(remove);

const DAY_MS = 86_400_000;
/** SQLite salts its log by itself; what it holds is asked for. The rest of the disk is kept free by bytes that nobody reads. */
const NOT_COMPARED = /^catalog\.sqlite|^reserve|^tmp\//;

const rows = (n: number): string =>
  JSON.stringify(Array.from({ length: 300 }, (_, id) => ({ id, v: id % 9 === n ? `new ${n}` : 'old' })));
const backup = (type: string, n: number, more = ''): string =>
  `{"resourceId":"db","type":"${type}",${more}"data":${rows(n)}}`;

/** What callers were told, and the files that were left. */
async function runOf(seed: string) {
  const folder = mkdtempSync(join(root, 'data-'));
  const clocks = { wall: Date.UTC(2027, 0, 1), monotonic: 0 };
  const store = await openStore(folder, clocks, { isDriven: true, random: createSeededRandom(seed) });
  const told: string[] = [];
  const call = async (method: string, path: string, body?: string): Promise<string> => {
    const { status, text } = await store.call(method, path, body);
    told.push(`${method} ${path}: ${status} ${text}`);
    return text;
  };
  for (let n = 0; n < 3; n++) {
    await call('POST', '/backups', backup(n === 0 ? 'full' : 'incremental', n));
    await store.run('trail', 'relay');
    clocks.wall += DAY_MS;
    clocks.monotonic += DAY_MS;
  }
  await call('POST', '/backups', backup('differential', 5, '"encrypt":false,'));
  const upload = JSON.parse(await call('POST', '/uploads', '{}')) as { uploadId: string; url: string };
  await call('PUT', new URL(upload.url, 'http://localhost').pathname, rows(7));
  await call('POST', '/backups', `{"resourceId":"db","uploadId":"${upload.uploadId}"}`);
  await store.run('jobs');
  await call('POST', '/restore', '{"backupId":"backup-3","targetResourceId":"t"}');
  await call('DELETE', '/backups/backup-1');
  await store.run('sweep', 'trail');
  await call('GET', '/backups?resourceId=db');
  await store.close();
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .filter((name) => !NOT_COMPARED.test(name))
    .sort();
  return { told, files: files.map((name) => [name, readFileSync(join(folder, name)).toString('hex')]) };
}

test('two folders of one seed are the same, and that of another seed shares no blob and no key with them', async () => {
  const [run, again, other] = [await runOf('a'), await runOf('a'), await runOf('b')];
  expect(run.told.filter((line) => !/: 20[0-2] /.test(line))).toEqual([]);
  expect(run.files.map(([name]) => name)).toEqual(
    expect.arrayContaining([
      'master.key',
      expect.stringMatching(/^blobs\//),
      expect.stringMatching(/^trail\//),
    ]),
  );
  expect(again).toEqual(run);
  const named = (one: typeof run, pattern: RegExp) =>
    one.files.filter(([name]) => pattern.test(name!)).map(([, hex]) => hex!);
  for (const pattern of [/^blobs\//, /^master\.key/, /^trail\/\d/]) {
    expect(named(run, pattern).length).toBeGreaterThan(0);
    expect(named(other, pattern).filter((hex) => named(run, pattern).includes(hex))).toEqual([]);
  }
});

// A folder is put back to an earlier day and written on, and the later blobs are found and copied in again: then ids and
// places were given twice. Whoever rebuilds gets one of each, and is told of the other.

import { execFileSync } from 'node:child_process';
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { rebuild } from '../../lib/embedded/rebuild/rebuild.ts';
import { createRandom } from '../e2e/random.ts';
import { ACCIDENTS } from './torture/folder.ts';
import { type Clocks, newRoot, type Opened, openStore } from './torture/store.ts';

const { root, remove } = newRoot();
afterAll(remove);

const clocks: Clocks = { wall: Date.UTC(2026, 10, 1), monotonic: 0 };

async function create(store: Opened, resourceId: string, data: string): Promise<string> {
  clocks.wall += 60_000;
  const { text } = await store.call('POST', '/backups', JSON.stringify({ resourceId, data }));
  return (JSON.parse(text) as { id: string }).id;
}

async function writeOn(folder: string, names: readonly string[]): Promise<void> {
  const store = await openStore(folder, clocks);
  for (const name of names) await create(store, name[0]!, name);
  await store.close();
}

function putBack(folder: string, from: string): void {
  rmSync(folder, { recursive: true });
  cpSync(from, folder, { recursive: true });
}

test.each([
  ['whose trail was put back as well', false],
  ['whose trail has segments of both times', true],
])(
  'a catalog that was put back and written on, %s, is rebuilt, and the others are named',
  async (_, both) => {
    const folder = join(root, `data-${both}`);
    await writeOn(folder, ['a1', 'b1', 'a2']);
    const earlier = `${folder}-earlier`;
    cpSync(folder, earlier, { recursive: true });
    await writeOn(folder, ['a3', 'b2']);
    await writeOn(folder, ['a4']);
    const later = `${folder}-later`;
    cpSync(folder, later, { recursive: true });
    putBack(folder, earlier);
    await writeOn(folder, ['b2 again', 'a3 again']);
    cpSync(join(later, 'blobs'), join(folder, 'blobs'), { recursive: true });
    if (both) cpSync(join(later, 'trail'), join(folder, 'trail'), { recursive: true, force: false });
    ACCIDENTS['catalog removed']!(folder, createRandom(1), {});
    const report = await rebuild(folder, { isDryRun: false });

    const store = await openStore(folder, clocks);
    const given: string[] = [];
    for (let n = 1; n <= 6; n++) {
      const body = JSON.stringify({ backupId: `backup-${n}`, targetResourceId: 't' });
      const { status, text } = await store.call('POST', '/restore', body);
      if (status === 200) given.push((JSON.parse(text) as { data: string }).data);
    }
    const next = await create(store, 'a', 'next');
    await store.close();
    expect(given).toEqual(expect.arrayContaining(['a1', 'b1', 'a2', 'b2 again', 'a3 again']));
    const named = report.notTaken.map(({ backupId, blobId }) => [backupId, blobId] as const);
    // Whatever is not given is named, and its state can be read.
    const read = named.map(([, blobId]) =>
      JSON.parse(execFileSync('python3', ['docs/restore.py', folder, blobId], { encoding: 'utf8' })),
    );
    expect([...given, ...read].sort()).toEqual(
      ['a1', 'a2', 'a3', 'a3 again', 'a4', 'b1', 'b2', 'b2 again'].sort(),
    );
    expect(Number(next.split('-')[1])).toBeGreaterThan(6);
  },
);

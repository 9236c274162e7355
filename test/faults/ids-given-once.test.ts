// An id that was given is never given again: whoever holds it would get another state under it.

import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { rebuild } from '../../lib/embedded/rebuild/rebuild.ts';
import { createRandom } from '../e2e/random.ts';
import { ACCIDENTS, blobFiles } from './torture/folder.ts';
import { type Clocks, newRoot, type Opened, openStore } from './torture/store.ts';

const { root, remove } = newRoot();
afterAll(remove);

const clocks: Clocks = { wall: Date.UTC(2026, 10, 1), monotonic: 0 };
const DRIVEN = { isDriven: true };
const random = createRandom(1);

async function create(store: Opened, resourceId = 'a'): Promise<string> {
  const { text } = await store.call('POST', '/backups', JSON.stringify({ resourceId, data: clocks.wall }));
  clocks.wall += 1000;
  return (JSON.parse(text) as { id: string }).id;
}

async function operate(store: Opened, backupId: string): Promise<string> {
  const body = JSON.stringify({ backupId, targetResourceId: 't' });
  const { text } = await store.call('POST', '/restore', body);
  return (JSON.parse(text) as { operation: { id: string } }).operation.id;
}

describe('an id is not given again', () => {
  test('whose backup was lost with its blob, catalog and all in the minute before the trail had it', async () => {
    const folder = join(root, 'minute');
    const store = await openStore(folder, clocks, DRIVEN);
    const kept = await create(store);
    await store.run('trail');
    const before = new Set(blobFiles(folder));
    const given = [await create(store), await create(store), await operate(store, kept)];
    const trail = `${folder}-trail`;
    cpSync(join(folder, 'trail'), trail, { recursive: true });
    await store.close();
    rmSync(join(folder, 'trail'), { recursive: true });
    cpSync(trail, join(folder, 'trail'), { recursive: true });
    ACCIDENTS['catalog removed']!(folder, random, {});
    for (const path of blobFiles(folder)) if (!before.has(path)) rmSync(path);
    await rebuild(folder, { isDryRun: false });
    const again = await openStore(folder, clocks, DRIVEN);
    const next = [await create(again), await create(again), await operate(again, kept)];
    await again.close();
    for (const id of next) expect(given).not.toContain(id);
  });

  test('whose blob is all that is left of it, and the start says whose it is', async () => {
    const folder = join(root, 'rolled-back');
    const store = await openStore(folder, clocks, DRIVEN);
    await create(store);
    await store.close();
    const earlier = `${folder}-earlier`;
    cpSync(folder, earlier, { recursive: true });
    const later = await openStore(folder, clocks, DRIVEN);
    const given = [await create(later, 'a'), await create(later, 'b')];
    await later.close();
    // One for each resource: as a crash may leave them, so that the start cannot know better.
    ACCIDENTS['catalog and trail rolled back']!(folder, random, { earlier });
    const again = await openStore(folder, clocks, DRIVEN);
    const told = again.lines.map((line) => JSON.parse(line) as { message: string; backupId?: string });
    const unnamed = told.filter(({ message }) => message === 'no backup names this blob');
    expect(unnamed.map(({ backupId }) => backupId).sort()).toEqual(given);
    expect(given).not.toContain(await create(again));
    await again.close();
  });
});

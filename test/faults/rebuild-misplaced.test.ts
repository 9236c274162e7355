// Blobs that lie in each other's places: a rebuild knows them by their own headers, and puts each into its own place.

import {
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { rebuild } from '../../lib/embedded/rebuild/rebuild.ts';
import { createRandom } from '../e2e/random.ts';
import { ACCIDENTS, blobFiles } from './torture/folder.ts';
import { type Clocks, newRoot, type Opened, openStore } from './torture/store.ts';

const { root, remove } = newRoot();
afterAll(remove);

const clocks: Clocks = { wall: Date.UTC(2026, 10, 1), monotonic: 0 };
let made = 0;
const newFolder = (): string => join(root, `data-${++made}`);

const restore = (store: Opened, backupId: string) =>
  store.call('POST', '/restore', JSON.stringify({ backupId, targetResourceId: 't' }));

/** A folder with so many backups, and what each of them gives. */
async function filled(count: number): Promise<{ folder: string; answers: Map<string, string> }> {
  const folder = newFolder();
  const store = await openStore(folder, clocks);
  const answers = new Map<string, string>();
  for (let n = 0; n < count; n++) {
    clocks.wall += 1000;
    const type = n % 3 === 0 ? 'full' : 'incremental';
    const rows = Array.from({ length: 30 }, (_, id) => ({ id, at: n }));
    const body = JSON.stringify({ resourceId: n % 2 === 0 ? 'a' : 'b', type, data: { n, rows } });
    const { id } = JSON.parse((await store.call('POST', '/backups', body)).text) as { id: string };
    answers.set(id, JSON.stringify({ n, rows }));
  }
  await store.close();
  return { folder, answers };
}

function copyOf(folder: string): string {
  const copy = newFolder();
  cpSync(folder, copy, { recursive: true });
  return copy;
}

/** Puts what lies at each place into another. */
function permute(folder: string, order: readonly number[]): void {
  const files = blobFiles(folder).sort();
  for (const path of files) renameSync(path, `${path}.moving`);
  for (const [i, path] of files.entries()) renameSync(`${files[order[i]!]!}.moving`, path);
}

function loseCatalog(folder: string, withTrail: boolean): void {
  ACCIDENTS['catalog removed']!(folder, createRandom(1), {});
  if (withTrail) rmSync(join(folder, 'trail'), { recursive: true });
}

async function expectAll(folder: string, answers: ReadonlyMap<string, string>): Promise<void> {
  const store = await openStore(folder, clocks);
  for (const [id, state] of answers) {
    const { status, text } = await restore(store, id);
    expect([id, status, text]).toEqual([id, 200, expect.stringContaining(`"data":${state}`)]);
  }
  await store.close();
}

const BACKUPS = 7;

describe('blobs that lie in each other’s places', () => {
  test('whatever the permutation: all are put into their own, and every backup is given back', async () => {
    const { folder, answers } = await filled(BACKUPS);
    const places = blobFiles(folder).length;
    const orders = fc.shuffledSubarray([...Array(places).keys()], { minLength: places });
    await fc.assert(
      fc.asyncProperty(orders, fc.boolean(), async (order, withTrail) => {
        const copy = copyOf(folder);
        permute(copy, order);
        loseCatalog(copy, withTrail);
        const moved = order.filter((from, to) => from !== to).length;
        const dry = await rebuild(copy, { isDryRun: true });
        expect(dry.misplaced).toHaveLength(moved);
        expect(await rebuild(copy, { isDryRun: false })).toEqual(dry);
        expect(dry).toMatchObject({ live: BACKUPS, damaged: [], unreadable: [], missing: [] });
        expect(existsSync(join(copy, 'misplaced'))).toBe(false);
        await expectAll(copy, answers);
        expect((await rebuild(copy, { isDryRun: true })).misplaced).toEqual([]);
        rmSync(copy, { recursive: true });
      }),
      { numRuns: 10 },
    );
  });

  test('are put into their own after a crash in the midst of it as well', async () => {
    const { folder, answers } = await filled(BACKUPS);
    permute(folder, [1, 2, 3, 4, 5, 6, 0]);
    loseCatalog(folder, true);
    const files = blobFiles(folder).sort();
    const idOf = (path: string): string =>
      /"blobId":"([0-9a-f]{32})"/.exec(readFileSync(path).toString('latin1'))![1]!;
    const passing = join(folder, 'misplaced');
    // Three have been taken out, and the first of them is in its place already, under both names.
    mkdirSync(passing);
    for (const path of files.slice(0, 3)) renameSync(path, join(passing, idOf(path)));
    const first = readdirSync(passing).find((id) => files.slice(0, 3).some((path) => basename(path) === id))!;
    linkSync(join(passing, first), join(folder, 'blobs', first.slice(0, 2), first));
    expect(await rebuild(folder, { isDryRun: false })).toMatchObject({ live: BACKUPS, missing: [] });
    expect(existsSync(passing)).toBe(false);
    await expectAll(folder, answers);
  });

  test('take the place of a damaged one, which is kept', async () => {
    const { folder, answers } = await filled(BACKUPS);
    const [a, b] = blobFiles(folder).sort() as [string, string];
    cpSync(a, `${b}.copy`);
    writeFileSync(a, 'no blob');
    rmSync(b);
    renameSync(`${b}.copy`, b);
    loseCatalog(folder, false);
    const report = await rebuild(folder, { isDryRun: false });
    expect(report).toMatchObject({ replaced: [basename(a)], missing: [{ blobId: basename(b) }] });
    const kept = readdirSync(join(folder, 'quarantine'));
    expect(kept).toEqual([expect.stringMatching(new RegExp(`^${basename(a)}\\.\\d+\\.damaged$`))]);
    expect(readFileSync(join(folder, 'quarantine', kept[0]!), 'utf8')).toBe('no blob');
    const lost = new Set(report.missing.flatMap(({ neededBy }) => neededBy));
    expect(lost.size).toBeGreaterThan(0);
    await expectAll(folder, new Map([...answers].filter(([id]) => !lost.has(id))));
  });

  test('and are damaged too, are named as theirs', async () => {
    const { folder } = await filled(BACKUPS);
    const [a, b] = blobFiles(folder).sort() as [string, string];
    const bytes = readFileSync(a);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(b, bytes);
    rmSync(a);
    loseCatalog(folder, true);
    const { unreadable } = await rebuild(folder, { isDryRun: false });
    expect(unreadable).toMatchObject([{ blobId: basename(b), backupId: expect.stringMatching(/^backup-/) }]);
  });
});

// A long history over HTTP: exact at every id and every instant, also while its backups are deleted and swept away.

import { afterAll, expect, test } from '@jest/globals';
import type { BackupType } from '../../../lib/core/records/model.ts';
import type { BackupView } from '../../../lib/http/contract/backups-view.ts';
import { type Client, checksumOf, createClient, forEach, type Problem, stateOf } from '../client.ts';
import { seedOf, withSeed } from '../random.ts';
import { cleanUp, eventually, filesIn, mishaps, newDataDir, type Server, startServer } from '../server.ts';
import { createStates } from '../states.ts';

const BACKUPS = 60;
const BATCHES = 4;
const TYPES: BackupType[] = [
  'full',
  'incremental',
  'incremental',
  'incremental',
  'incremental',
  'differential',
];

interface Kept {
  backup: BackupView;
  state: string;
  live: boolean;
}

async function expectExact(client: Client, kept: readonly Kept[]): Promise<void> {
  await forEach(kept, async ({ backup, state, live }, i) => {
    const byId = await client.restore(backup.id);
    const atInstant = await client.restoreAt('db', backup.createdAt);
    const newest = kept.slice(0, i + 1).findLast((k) => k.live);
    if (live) expect(stateOf(byId).toString()).toBe(state);
    else expect(byId.json<Problem>()).toMatchObject({ status: 404, code: 'backup_not_found' });
    if (newest === undefined) expect(atInstant.status).toBe(404);
    else expect(stateOf(atInstant).toString()).toBe(newest.state);
  });
  const listed = await client.list();
  expect(listed.map(({ id }) => id)).toEqual(
    kept
      .filter(({ live }) => live)
      .map(({ backup }) => backup.id)
      .reverse(),
  );
}

/** The delta is always there, or said to be gone with the backup that it was compared with. */
async function expectDeltas(client: Client, kept: readonly Kept[]): Promise<void> {
  const live = kept.filter((k) => k.live);
  await forEach(live, async ({ backup }) => {
    const answer = await client.send('GET', `/backups/${backup.id}/delta`);
    if (answer.status === 200) {
      const base = kept.find((k) => k.backup.id === backup.baseBackupId)!;
      expect(answer.json()).toMatchObject({ base: checksumOf(base.state), target: backup.checksum });
    } else {
      expect(answer.json<Problem>()).toMatchObject({ status: 404, code: 'delta_not_found' });
    }
  });
}

/** Two sweeps that began after now have ended: whatever was due is done. */
async function sweeps({ logs }: Server): Promise<void> {
  const swept = (): number => logs.filter(({ message }) => message === 'retention swept').length;
  const before = swept();
  await eventually(15_000, 'two sweeps', () => swept() >= before + 2);
}

afterAll(cleanUp);

test('sixty backups restore exactly while others go', async () => {
  await withSeed(seedOf(60), async (random) => {
    const env = { BACKUP_GRACE_SECONDS: '0', BACKUP_RETENTION_INTERVAL_SECONDS: '1' };
    const server = await startServer({ dataDir: newDataDir(), env });
    const client = createClient(server.url);
    const next = createStates(random);
    const kept: Kept[] = [];
    for (let n = 0; n < BACKUPS; n++) {
      const state = next();
      const backup = await client.backup({
        resourceId: 'db',
        state,
        type: random.pick(TYPES),
        more: { encrypt: random.chance(0.8) },
      });
      kept.push({ backup, state, live: true });
    }
    expect(Math.max(...kept.map(({ backup }) => backup.chainLength))).toBeGreaterThan(5);
    await expectExact(client, kept);
    await expectDeltas(client, kept);

    const order = random.shuffle(kept);
    for (let batch = 0; batch < BATCHES; batch++) {
      const going = order.slice((batch * BACKUPS) / BATCHES, ((batch + 1) * BACKUPS) / BATCHES);
      for (const gone of going) {
        expect((await client.remove(gone.backup.id)).status).toBe(200);
        gone.live = false;
      }
      await expectExact(client, kept);
      await sweeps(server);
      await expectExact(client, kept);
      await expectDeltas(client, kept);
    }
    await eventually(10_000, 'the blobs to go', () => filesIn(server.dataDir).blobs.length === 0);

    const total = (field: string): number =>
      server.logs.reduce(
        (sum, line) => sum + (line.message === 'retention swept' ? Number(line[field]) : 0),
        0,
      );
    expect(total('rebased')).toBeGreaterThan(0);
    expect(total('blobsRemoved')).toBeGreaterThanOrEqual(BACKUPS);
    expect(mishaps(server.logs)).toEqual([]);
    // The resource goes on where it was.
    const { backup } = kept.at(-1)!;
    const again = await client.backup({ resourceId: 'db', state: '"anew"', type: 'incremental' });
    expect(again).toMatchObject({ type: 'full', requestedType: 'incremental' });
    expect(Date.parse(again.createdAt)).toBeGreaterThan(Date.parse(backup.createdAt));
  });
}, 120_000);

// A disk without a free byte, and one that can only be read: what is stored comes back, deletes make room, and everybody is
// told why the rest is refused.

import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createClient, type Problem } from '../client.ts';
import { cleanUp, eventually, type Server, startServer } from '../server.ts';
import { makeSmallDisk, type SmallDisk } from '../small-disk.ts';

// Elsewhere nobody but the administrator may mount anything.
const onLinux = process.platform === 'linux' ? describe : describe.skip;

onLinux('a small disk', () => {
  let disk: SmallDisk;
  beforeEach(async () => {
    disk = await makeSmallDisk(24);
  });
  afterEach(async () => {
    await cleanUp();
    disk.remove();
  });

  const start = (env: Record<string, string> = {}): Promise<Server> =>
    startServer({ dataDir: `${disk.path}/data`, prefix: disk.prefix, env });
  const blobs = (): number => Number(disk.run(`find '${disk.path}/data/blobs' -type f | wc -l`));
  const state = (n: number, bytes = 1_000_000): string =>
    JSON.stringify({ n, text: randomBytes(bytes).toString('base64') });
  const states = new Map<string, string>();

  async function expectReadable(server: Server, resourceId: string): Promise<void> {
    const client = createClient(server.url);
    const all = await client.list();
    expect(all.length).toBeGreaterThan(0);
    for (const { id } of all) {
      expect((await client.send('GET', `/backups/${id}`)).status).toBe(200);
      expect((await client.send('POST', `/backups/${id}/verify`)).json()).toMatchObject({ valid: true });
      const restored = await client.restore(id);
      expect(restored.status).toBe(200);
      expect(restored.body.includes(states.get(id)!)).toBe(true);
      const { operation } = restored.json<{ operation: { id: string } }>();
      expect((await client.send('GET', `/restore/operations/${operation.id}`)).json()).toMatchObject({
        status: 'completed',
      });
      const asked = JSON.stringify({ backupId: id, targetResourceId: 'r' });
      const later = await client.send('POST', '/restore', asked, { Prefer: 'respond-async' });
      expect(later.status).toBe(200);
    }
    const delta = all.find(({ type }) => type === 'incremental');
    if (delta !== undefined)
      expect((await client.send('GET', `/backups/${delta.id}/delta`)).status).toBe(200);
    expect((await client.restoreAt(resourceId, new Date().toISOString())).status).toBe(200);
  }

  async function fillWithBackups(server: Server, count: number): Promise<string[]> {
    const client = createClient(server.url);
    const ids: string[] = [];
    for (let n = 0; n < count; n++) {
      const text = state(n);
      const { id } = await client.backup({ resourceId: 'db', state: text });
      states.set(id, text);
      ids.push(id);
    }
    return ids;
  }

  const problemOf = async (answer: Promise<{ status: number; json<T>(): T }>): Promise<Problem> =>
    (await answer).json<Problem>();

  test('full to the last byte: reads answer, also after a restart; deletes and a sweep make room', async () => {
    const env = { BACKUP_GRACE_SECONDS: '0', BACKUP_RETENTION_INTERVAL_SECONDS: '3600' };
    let server = await start(env);
    let client = createClient(server.url);
    const ids = await fillWithBackups(server, 6);
    const reserve = `${disk.path}/data/reserve`;
    await eventually(10_000, 'the reserve', () => disk.run(`ls '${disk.path}/data'`).includes('reserve'));
    // Written, not only promised.
    expect(Number(disk.run(`du -k '${reserve}' | cut -f1`))).toBeGreaterThan(1000);
    disk.fill();

    const refused = await problemOf(client.create({ resourceId: 'db', state: state(9) }));
    expect(refused).toMatchObject({
      status: 503,
      code: 'disk_full',
      detail: expect.stringMatching(/bytes are free/),
    });
    expect(refused.detail).not.toContain(disk.path);
    await expectReadable(server, 'db');
    const health = await problemOf(client.send('GET', '/health'));
    expect(health).toMatchObject({ status: 503, health: 'unhealthy' });
    expect(health.problems).toContainEqual(expect.objectContaining({ part: 'blobs', code: 'disk_full' }));
    expect(health.notices).toContainEqual(
      expect.objectContaining({ code: 'disk_nearly_full', severity: 'warning' }),
    );

    await server.stop();
    server = await start(env);
    client = createClient(server.url);
    await expectReadable(server, 'db');
    // A restore wrote 86 KB each time and filled the rest itself: none of them takes anything from what deletes need.
    for (let n = 0; n < 30; n++) expect((await client.restore(ids[0]!)).status).toBe(200);

    for (const id of ids.slice(0, 3)) expect((await client.remove(id)).status).toBe(200);
    expect((await problemOf(client.create({ resourceId: 'db', state: state(9) }))).code).toBe('disk_full');
    const before = blobs();
    await server.stop();
    // Its first sweep is at once.
    server = await start(env);
    client = createClient(server.url);
    await eventually(10_000, 'the sweep', () => blobs() === before - 3);
    await eventually(
      15_000,
      'room',
      async () => (await client.create({ resourceId: 'db', state: '1' })).status === 201,
    );
    await eventually(15_000, 'the reserve again', () =>
      disk.run(`ls '${disk.path}/data'`).includes('reserve'),
    );
    await eventually(5000, 'health', async () => (await client.send('GET', '/health')).status === 200);
  }, 120_000);

  test('room that comes from outside is used at once', async () => {
    const server = await start();
    const client = createClient(server.url);
    await fillWithBackups(server, 1);
    disk.fill();
    expect((await client.create({ resourceId: 'db', state: state(9) })).status).toBe(503);
    disk.unfill();
    expect((await client.create({ resourceId: 'db', state: state(9) })).status).toBe(201);
  }, 60_000);

  test.each(['SIGTERM', 'SIGKILL'] as const)(
    'read-only, after %s: reads answer, the rest says why',
    async (signal) => {
      let server = await start();
      const ids = await fillWithBackups(server, 2);
      const text = '{"n":1}';
      for (const [type, json] of [
        ['full', text],
        ['incremental', '{"n":2}'],
      ] as const) {
        const { id } = await createClient(server.url).backup({ resourceId: 'small', state: json, type });
        states.set(id, json);
      }
      await server.stop(signal);
      disk.run(`mount -o remount,ro '${disk.path}'`);
      server = await start();
      const client = createClient(server.url);
      await expectReadable(server, 'small');
      for (const refused of [
        client.create({ resourceId: 'db', state: '1' }),
        client.remove(ids[0]!),
        client.send('POST', '/uploads'),
      ]) {
        expect(await problemOf(refused)).toMatchObject({ status: 503, code: 'read_only' });
      }
      const health = await problemOf(client.send('GET', '/health'));
      expect(health.status).toBe(503);
      expect((health.problems as { code: string }[]).map(({ code }) => code)).toEqual([
        'read_only',
        'read_only',
      ]);
      expect(await server.stop()).toMatchObject({ code: 0 });

      disk.run(`mount -o remount,rw '${disk.path}'`);
      server = await start();
      expect((await createClient(server.url).create({ resourceId: 'db', state: '1' })).status).toBe(201);
    },
    60_000,
  );
});

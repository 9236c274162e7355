// A clock that is moved under the running service, as a battery, an operator or a virtual machine does it.

import { afterEach, describe, expect, test } from '@jest/globals';
import { createClient, stateOf } from '../client.ts';
import { moveClock } from '../moved-clock.ts';
import { cleanUp, eventually, filesIn, newDataDir, type Server, startServer } from '../server.ts';

afterEach(cleanUp);

const DAY = 86_400_000;

interface Health {
  status: string;
  notices?: { code: string }[];
}

interface Plan {
  decisions: { action: string }[];
  waits: { id: string; reason: string }[];
}

const isSweep = ({ message }: { message?: unknown }): boolean => message === 'retention swept';

interface Restored {
  operation: { backupId: string; exact: boolean; reason?: string; next?: { backupId: string } };
}

async function startWithClock(settings: Record<string, string> = {}) {
  const clock = moveClock();
  const setOffset = clock.set;
  const env = { ...clock.env, ...settings };
  const server = await startServer({ dataDir: newDataDir(), env });
  const client = createClient(server.url);
  const at = async (instant: number) => {
    const timestamp = new Date(instant).toISOString();
    const answer = await client.send(
      'POST',
      '/restore/point-in-time',
      JSON.stringify({ resourceId: 'db', timestamp }),
    );
    return { answer, state: answer.status === 200 ? stateOf(answer).toString() : undefined };
  };
  const backup = (state: string) => client.backup({ resourceId: 'db', type: 'incremental', state });
  return { server, client, setOffset, at, backup };
}

async function uploaded({ client }: { client: ReturnType<typeof createClient> }, state: string) {
  const upload = (await client.send('POST', '/uploads')).json<{ uploadId: string; url: string }>();
  expect((await client.send('PUT', new URL(upload.url).pathname, state)).status).toBe(200);
  const fields = JSON.stringify({ resourceId: 'db', uploadId: upload.uploadId });
  const answer = await client.send('POST', '/backups', fields);
  expect(answer.status).toBe(202);
  return answer.json<{ id: string; createdAt: string }>();
}

describe('a clock', () => {
  test.each([
    ['an hour', 3_600_000],
    ['ten years', 3650 * DAY],
  ])('that was %s ahead for one backup hides nothing that came later', async (_name, offset) => {
    const { server, setOffset, at, backup } = await startWithClock();
    await backup('{"i":1}');
    setOffset(offset);
    const ahead = await backup('{"i":2}');
    setOffset(0);
    for (const i of [3, 4, 5]) {
      const began = Date.now();
      const { createdAt } = await backup(`{"i":${i}}`);
      expect(Date.parse(createdAt)).toBeGreaterThanOrEqual(began);
      expect(Date.parse(createdAt)).toBeLessThanOrEqual(Date.now());
    }
    expect((await at(Date.now())).state).toBe('{"i":5}');
    expect(JSON.parse((await at(Date.parse(ahead.createdAt))).answer.body.toString())).toMatchObject({
      code: 'invalid_request',
    });
    await server.stop();
  });

  test('that is ahead for some sweeps, 40 days and then 42, and right again, takes nothing', async () => {
    const settings = { BACKUP_RETENTION_INTERVAL_SECONDS: '1', BACKUP_GRACE_SECONDS: '0' };
    const { server, client, setOffset, backup } = await startWithClock(settings);
    for (const i of [1, 2, 3]) await backup(`{"i":${i}}`);
    const health = async () => (await client.send('GET', '/health')).json<Health>();
    for (const days of [40, 42]) {
      setOffset(days * DAY);
      const seen = server.logs.length;
      await eventually(10_000, 'a sweep', () => server.logs.slice(seen).some(isSweep));
      expect((await client.list()).length).toBe(3);
      expect(await health()).toMatchObject({ status: 'degraded', notices: [{ code: 'clock' }] });
    }
    const plan = (await client.send('GET', '/retention/plan?resourceId=db')).json<Plan>();
    expect(plan.waits).toMatchObject([{ id: 'clock', reason: 'clock_jumped' }]);
    expect(plan.decisions.map(({ action }) => action)).toEqual(['keep', 'keep', 'keep']);
    setOffset(0);
    await eventually(10_000, 'the clock to be believed', async () => (await health()).status === 'healthy');
    expect((await client.list()).length).toBe(3);
    expect(filesIn(server.dataDir).blobs).toHaveLength(3);
    await server.stop();
  });

  test('that is ahead, and confirmed: then what has expired goes, but the newest', async () => {
    const { server, client, setOffset, backup } = await startWithClock({
      BACKUP_RETENTION_INTERVAL_SECONDS: '1',
    });
    for (const i of [1, 2, 3]) await backup(`{"i":${i}}`);
    setOffset(40 * DAY);
    const path = '/retention/waits/clock';
    await eventually(10_000, 'the wait', async () => {
      const { count } = (await client.send('GET', '/retention/waits')).json<{ count: number }>();
      return count === 1;
    });
    const decided = await client.send('POST', path, '{"decision":"confirm"}');
    expect(decided.json()).toMatchObject({ id: 'clock', decision: 'confirmed' });
    await eventually(10_000, 'the sweep', async () => (await client.list()).length === 1);
    expect((await client.send('POST', path, '{"decision":"confirm"}')).status).toBe(404);
    const undeleted = await client.send('POST', '/backups/backup-1/undelete');
    expect(undeleted.status).toBe(200);
    await server.stop();
  });

  test('that goes back holds up no work', async () => {
    const world = await startWithClock();
    const { client, setOffset } = world;
    setOffset(2 * DAY);
    const before = await uploaded(world, '{"before":1}');
    setOffset(0);
    const after = await uploaded(world, '{"after":1}');
    for (const { id, createdAt } of [before, after]) {
      await eventually(15_000, `${id} to be made`, async () => {
        const found = (await client.send('GET', `/backups/${id}`)).json<{
          status: string;
          createdAt: string;
        }>();
        expect(found.createdAt).toBe(createdAt);
        return found.status === 'completed';
      });
    }
    expect((await world.at(Date.now())).state).toBe('{"after":1}');
    await world.server.stop();
  });
});

test('a state that was accepted first stands before one that was accepted later, whichever is made first', async () => {
  const server: Server = await startServer({ dataDir: newDataDir() });
  const client = createClient(server.url);
  const large = `"${'x'.repeat(30_000_000)}"`;
  const first = await uploaded({ client }, large);
  const second = await client.backup({ resourceId: 'db', state: '{"v":"new"}' });
  const at = async (instant: number) =>
    client.send(
      'POST',
      '/restore/point-in-time',
      JSON.stringify({ resourceId: 'db', timestamp: new Date(instant).toISOString() }),
    );
  await eventually(20_000, 'the first to be made', async () => {
    const found = (await client.send('GET', `/backups/${first.id}`)).json<{
      status: string;
      createdAt: string;
    }>();
    expect(found.createdAt).toBe(first.createdAt);
    return found.status === 'completed';
  });
  expect(stateOf(await at(Date.now())).toString()).toBe('{"v":"new"}');
  expect(stateOf(await at(Date.parse(first.createdAt))).length).toBe(large.length);
  expect((await client.list()).map(({ id }) => id)).toEqual([second.id, first.id]);
  await client.remove(first.id);
  const { operation } = (await at(Date.now())).json<Restored>();
  expect(operation).toMatchObject({ backupId: second.id, exact: true });
});

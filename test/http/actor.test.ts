// Who stands in the audit trail: whoever was authenticated, through the real service, whatever the request says of itself.

import { expect, test } from '@jest/globals';
import { silentLogger } from '../../lib/log.ts';
import { workQueue } from '../../lib/service/jobs/worker.ts';
import { createWorld } from '../service/world.ts';
import { createCheckedApi } from './checked-api.ts';

const TOKEN = 'a-long-and-secret-token';
const CLAIMED = 'ceo@bank';

/** Every call that leaves events, each saying that somebody else makes it. */
async function callAll(auth: { token?: string }) {
  const world = createWorld();
  const app = createCheckedApi({ service: world.service, auth, version: '1', log: silentLogger });
  const send = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    app.request(path, {
      method,
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${TOKEN}`, ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const metadata = { source: CLAIMED };
  const ask = { backupId: 'backup-1', targetResourceId: 't', createdBy: CLAIMED };
  const instant = {
    resourceId: 'db',
    timestamp: new Date(world.clock.now()).toISOString(),
    createdBy: CLAIMED,
  };
  const answers = [
    await send('POST', '/backups', { resourceId: 'db', data: { a: 1 }, metadata }),
    await send('POST', '/restore', ask),
    await send('POST', '/restore', ask, { Prefer: 'respond-async' }),
    await send('POST', '/restore/point-in-time', instant),
    await send('POST', '/restore', { ...ask, path: '/nowhere' }),
    await send('PATCH', '/backups/backup-1', { legalHold: false }),
    await send('PUT', '/retention/policies/db', { keepLast: 1 }),
    await send('DELETE', '/retention/policies/db'),
  ];
  await workQueue(world.deps);
  answers.push(await send('DELETE', '/backups/backup-1'));
  expect(answers.map(({ status }) => status)).toEqual([201, 200, 202, 200, 404, 200, 200, 200, 200]);
  return { world, events: await world.plain.catalog.pendingEvents(100) };
}

test.each([
  ['with a token', { token: TOKEN }, 'token'],
  ['without one', {}, 'api'],
] as const)('%s, no event has the actor that the request claims', async (_name, auth, actor) => {
  const { world, events } = await callAll(auth);
  expect(new Set(events.map((event) => event.actor))).toEqual(new Set([actor]));
  const restores = events.filter(({ action }) => action.startsWith('restore.'));
  expect(new Set(restores.map(({ action }) => action))).toEqual(
    new Set(['restore.requested', 'restore.completed', 'restore.failed']),
  );
  // What the caller calls himself is kept, as what it is.
  expect(restores.every(({ detail }) => detail?.createdBy === CLAIMED)).toBe(true);
  expect((await world.service.getOperation('restore-1')).createdBy).toBe(CLAIMED);
});

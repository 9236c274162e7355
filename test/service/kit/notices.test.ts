import { expect, test } from '@jest/globals';
import { PortError } from '../../../lib/ports/errors.ts';
import { clearNotice, raiseNotice } from '../../../lib/service/kit/notices.ts';
import { checkHealth } from '../../../lib/service/upkeep/health.ts';
import { createWorld } from '../world.ts';

const notice = { id: 'clock', code: 'clock', severity: 'warning', detail: 'The clock jumped.' } as const;

test('a notice is raised once, told by an event and the log, and makes the health degraded', async () => {
  const { deps } = createWorld();
  await raiseNotice(deps, notice);
  await raiseNotice(deps, notice);
  const { items } = await deps.catalog.listEvents({ limit: 10 });
  expect(items.map(({ action }) => action)).toEqual(['notice.raised']);
  expect(await checkHealth(deps)).toMatchObject({
    status: 'degraded',
    problems: [],
    notices: [{ ...notice, since: deps.clock.now() }],
  });
});

test('a notice that says something else keeps its beginning', async () => {
  const { deps, clock } = createWorld();
  await raiseNotice(deps, notice);
  const since = deps.clock.now();
  clock.advance(1000);
  await raiseNotice(deps, { ...notice, severity: 'critical', detail: 'It jumped again.' });
  expect(await deps.catalog.listNotices(10)).toMatchObject([
    { detail: 'It jumped again.', since, version: 2 },
  ]);
  expect((await checkHealth(deps)).status).toBe('unhealthy');
});

test('a notice that is cleared is gone, with an event; clearing it again is no error', async () => {
  const { deps } = createWorld();
  await raiseNotice(deps, notice);
  await clearNotice(deps, 'clock');
  await clearNotice(deps, 'clock');
  expect((await checkHealth(deps)).status).toBe('healthy');
  const { items } = await deps.catalog.listEvents({ limit: 10 });
  expect(items.map(({ action }) => action)).toEqual(['notice.cleared', 'notice.raised']);
});

test('a part that does not answer is a problem with its reason', async () => {
  const { deps } = createWorld();
  const check = async () => {
    throw new PortError('unavailable', 'the store cannot be written: ENOSPC', { reason: 'disk_full' });
  };
  expect(await checkHealth({ ...deps, blobs: { ...deps.blobs, check } })).toMatchObject({
    status: 'unhealthy',
    problems: [{ part: 'blobs', code: 'disk_full' }],
  });
});

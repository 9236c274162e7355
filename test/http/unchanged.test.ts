// A create with ifChanged over HTTP: what was there already is a 200, and says so.

import { expect, test } from '@jest/globals';
import { adminOf } from '../../lib/core/records/access.ts';
import { silentLogger } from '../../lib/log.ts';
import { workQueue } from '../../lib/service/jobs/worker.ts';
import { createWorld, DAY } from '../service/world.ts';
import { createCheckedApi } from './checked-api.ts';

function createScene() {
  const world = createWorld();
  const app = createCheckedApi({
    service: world.service,
    auth: { identify: () => adminOf('root') },
    version: '1',
    log: silentLogger,
    now: world.clock.now,
  });
  const post = async (body: object, headers: Record<string, string> = {}) => {
    const response = await app.request('/backups', {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'Content-Type': 'application/json', ...headers },
    });
    const answer = (await response.json()) as Record<string, unknown> & { errors?: { pointer: string }[] };
    return { status: response.status, headers: response.headers, answer };
  };
  const get = async (id: string) =>
    (await (await app.request(`/backups/${id}`)).json()) as Record<string, unknown>;
  return { world, post, get };
}

const ASKED = { resourceId: 'app', data: { theme: 'dark' }, ifChanged: true };

test('the first is made, the next is the same one, checked and kept longer', async () => {
  const { world, post } = createScene();
  const first = await post(ASKED);
  expect(first.status).toBe(201);
  expect(first.answer).not.toHaveProperty('unchanged');
  world.clock.advance(DAY);
  const next = await post(ASKED);
  expect(next.status).toBe(200);
  expect(next.headers.get('Location')).toBe(first.headers.get('Location'));
  expect(next.answer).toMatchObject({
    id: first.answer.id,
    unchanged: true,
    checkedAt: new Date(world.clock.now()).toISOString(),
    keptUntil: new Date(world.clock.now() + 30 * DAY).toISOString(),
  });
  expect((await post({ ...ASKED, data: { theme: 'light' } })).status).toBe(201);
});

test('a key gives the same answer again', async () => {
  const { post } = createScene();
  await post(ASKED);
  const key = { 'Idempotency-Key': 'nightly' };
  const [one, other] = [await post(ASKED, key), await post(ASKED, key)];
  expect([one.status, other.status]).toEqual([200, 200]);
  expect(other.headers.get('Idempotent-Replayed')).toBe('true');
  expect(other.answer).toMatchObject({ unchanged: true });
});

test('an upload is compared once it is there: its id then leads to the backup that has its state', async () => {
  const { world, post, get } = createScene();
  const first = await post(ASKED);
  const uploadOf = async (text: string) => {
    const { uploadId, url } = await world.service.createUpload();
    world.uploads.put(url, Buffer.from(text));
    return { ...ASKED, data: undefined, uploadId };
  };
  const same = await uploadOf(' { "theme" : "dark" } ');
  const accepted = await post(same, { 'Idempotency-Key': 'k' });
  expect(accepted).toMatchObject({ status: 202, answer: { id: 'backup-2', status: 'pending' } });
  await workQueue(world.deps);
  expect(await get('backup-2')).toMatchObject({
    id: 'backup-1',
    unchanged: true,
    checkedAt: expect.any(String),
  });
  const again = await post(same, { 'Idempotency-Key': 'k' });
  expect(again).toMatchObject({ status: 200, answer: { id: 'backup-1', unchanged: true } });
  // No place was taken: what comes next follows on it, and every instant is exact.
  const other = await post(await uploadOf('{"theme":"light"}'));
  await workQueue(world.deps);
  expect(await get(other.answer.id as string)).toMatchObject({ id: 'backup-3', status: 'completed' });
  const state = await world.service.openState(
    { resourceId: 'app', at: { at: world.clock.now() } },
    { actor: 'ann' },
  );
  expect(state).toMatchObject({ exact: true, record: { id: 'backup-3', sequence: 2 } });
  expect(first.answer.id).toBe('backup-1');
});

test('uploads of one new state that wait together make one backup', async () => {
  const { world, post, get } = createScene();
  const ids: string[] = [];
  for (let n = 0; n < 3; n++) {
    const { uploadId, url } = await world.service.createUpload();
    world.uploads.put(url, Buffer.from('{"theme":"dark"}'));
    ids.push((await post({ ...ASKED, data: undefined, uploadId })).answer.id as string);
  }
  await workQueue(world.deps);
  const made = await Promise.all(ids.map(get));
  expect(made.map(({ id }) => id)).toEqual([ids[0], ids[0], ids[0]]);
  await world.remove(ids[0]!);
  expect(await get(ids[1]!)).toMatchObject({ status: 404, code: 'backup_not_found' });
});

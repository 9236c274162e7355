// A create with ifChanged over HTTP: what was there already is a 200, and says so.

import { expect, test } from '@jest/globals';
import { adminOf } from '../../lib/core/records/access.ts';
import { silentLogger } from '../../lib/log.ts';
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
  return { world, post };
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

test('of an upload, whose place is given before it is read, it cannot be asked', async () => {
  const { world, post } = createScene();
  const { uploadId } = await world.service.createUpload();
  const { status, answer } = await post({ resourceId: 'app', uploadId, ifChanged: true });
  expect(status).toBe(400);
  expect(answer.errors).toMatchObject([{ pointer: '/ifChanged' }]);
});

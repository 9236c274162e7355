// The service as Terraform's `http` backend.

import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import type { Scope } from '../../lib/core/records/access.ts';
import { createLogger } from '../../lib/log.ts';
import type { createWorld } from '../service/world.ts';
import { createCheckedApi } from './checked-api.ts';
import { canonical, countOf, createScene, INFO, MASTER, PLACE, state } from './terraform-tool.ts';

describe.each([
  ['LOCK and UNLOCK', undefined],
  ['PUT and DELETE of /lock', { lock: 'PUT', unlock: 'DELETE', at: '/lock' }],
] as const)('by %s', (_name, methods) => {
  test('an apply keeps the state as a backup, and gives its own bytes back', async () => {
    const scene = createScene();
    const tool = scene.client(methods === undefined ? {} : { methods });
    expect((await tool.get()).status).toBe(404);
    expect((await tool.lock()).json).toEqual(INFO);
    expect((await tool.put(state(1, 'a'))).status).toBe(200);
    expect((await tool.unlock()).json).toEqual({ released: true });
    await tool.lock();
    await tool.put(state(2, 'b'));
    await tool.unlock();
    expect((await tool.get()).text).toBe(canonical(state(2, 'b')));
    const { items } = await scene.world.service.listBackups({ limit: 10, resourceId: 'network/prod' });
    expect(items.map(({ type, resourceType, metadata }) => [type, resourceType, metadata.version])).toEqual([
      ['incremental', 'terraform', '2'],
      ['full', 'terraform', '1'],
    ]);
  });

  test('who comes second is told who holds the lock, and can neither store nor unlock', async () => {
    const scene = createScene();
    const options = methods === undefined ? {} : { methods };
    const [first, second] = [scene.client(options), scene.client(options)];
    await first.lock();
    await first.put(state(1, 'a'));
    const refused = await second.lock({ ID: 'another' });
    expect(refused).toMatchObject({ status: 423, json: { code: 'resource_locked', ...INFO } });
    expect(await second.put(state(2, 'b'))).toMatchObject({ status: 423, json: { ID: INFO.ID } });
    expect((await second.call('POST', `${PLACE}?ID=another`, state(2, 'b'))).status).toBe(423);
    expect((await second.unlock('another')).status).toBe(423);
    expect(await countOf(scene)).toBe(1);
    expect(await scene.world.blobCount()).toBe(1);
    expect((await first.put(state(2, 'c'))).status).toBe(200);
    expect((await first.unlock()).status).toBe(200);
    expect((await second.lock({ ID: 'another' })).status).toBe(200);
  });

  test('an answer that got lost may be asked for again', async () => {
    const scene = createScene();
    const tool = scene.client(methods === undefined ? {} : { methods });
    expect([(await tool.lock()).status, (await tool.lock()).status]).toEqual([200, 200]);
    expect([(await tool.put(state(1, 'a'))).status, (await tool.put(state(1, 'a'))).status]).toEqual([
      200, 200,
    ]);
    expect([(await tool.unlock()).json, (await tool.unlock()).json]).toEqual([
      { released: true },
      { released: false },
    ]);
    expect(await countOf(scene)).toBe(1);
  });

  test('force-unlock releases it, whoever holds it, and the trail says so', async () => {
    const scene = createScene();
    const options = methods === undefined ? {} : { methods };
    await scene.client(options).lock();
    const other = scene.client(options);
    expect((await other.call('GET', `${PLACE}/lock`)).json).toMatchObject({
      lock: INFO,
      actor: 'token',
      since: expect.stringMatching(/^2026-/),
    });
    expect((await other.forceUnlock()).json).toEqual({ released: true });
    expect((await other.call('GET', `${PLACE}/lock`)).json).toEqual({});
    const { items } = await scene.world.service.listEvents({ limit: 2 });
    expect(items.map(({ action, detail }) => [action, detail])).toEqual([
      ['lock.released', { ID: INFO.ID, heldBy: 'token', forced: true }],
      ['lock.taken', INFO],
    ]);
  });
});

test('while it is locked nobody else stores a state of the resource, by whichever way', async () => {
  const { client, world } = createScene();
  const tool = client();
  await tool.lock();
  const ways = [
    ['POST', '/backups', JSON.stringify({ resourceId: 'network/prod', data: 1 })],
    ['PUT', '/resources/network%2Fprod/state', '1'],
    ['POST', `${PLACE}/rollback`, '{"backupId":"backup-1"}'],
    ['DELETE', PLACE, undefined],
  ] as const;
  for (const [method, path, body] of ways) {
    const headers = { Authorization: `Bearer ${MASTER}`, 'Content-Type': 'application/json' };
    const { status } = await otherProcess(world).request(path, {
      method,
      headers,
      ...(body === undefined ? {} : { body }),
    });
    expect([path, status]).toEqual([path, path.endsWith('rollback') ? 404 : 423]);
  }
  expect((await tool.put(state(1, 'a'))).status).toBe(200);
});

/** Another process of the same home. */
const otherProcess = (world: ReturnType<typeof createWorld>) =>
  createCheckedApi({
    service: world.service,
    auth: { token: MASTER },
    version: '1',
    log: createLogger(() => {}),
    now: world.clock.now,
  });

test('of many who lock at once one has it, and of many who store at once each follows on another', async () => {
  const scene = createScene();
  const tools = Array.from({ length: 12 }, () => scene.client());
  const answers = await Promise.all(tools.map((tool, n) => tool.lock({ ID: `tool-${n}` })));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  const winner = answers.findIndex(({ status }) => status === 200);
  for (const { json } of answers.filter(({ status }) => status !== 200)) {
    expect(json).toMatchObject({ status: 423, ID: `tool-${winner}` });
  }
  await tools[winner]!.unlock();
  const stored = await Promise.all(tools.map((_, n) => scene.client().put(state(n + 1, `v${n}`))));
  const good = stored.flatMap(({ status }, n) => (status === 200 ? [n + 1] : []));
  const newest = JSON.parse((await scene.client().get()).text) as { serial: number };
  expect(newest.serial).toBe(Math.max(...good));
  expect(stored.every(({ status }) => [200, 409].includes(status))).toBe(true);
  expect(await countOf(scene)).toBe(good.length);
});

describe('what does not follow on the newest state is refused, and leaves nothing', () => {
  test.each([
    ['a lower serial', state(4, 'x'), 'out_of_order'],
    ['the same serial with something else in it', state(5, 'x'), 'out_of_order'],
    ['another lineage', state(9, 'x', 'lineage-2'), 'foreign_lineage'],
  ])('%s', async (_name, text, code) => {
    const scene = createScene();
    await scene.client().put(state(5, 'five'));
    const refused = await scene.client().put(text);
    expect(refused).toMatchObject({
      status: 409,
      json: { code, detail: expect.stringContaining('?force=true') },
    });
    expect(await scene.world.blobCount()).toBe(1);
    // As "state push -force" sends it: the tool tells nobody that it is forced, so the address has to.
    const forced = scene.client({ address: `${PLACE}?force=true` });
    expect((await forced.put(text)).status).toBe(200);
    expect((await forced.get()).text).toBe(canonical(text));
  });

  test('serials have 64 bits', async () => {
    const { client } = createScene();
    expect((await client().put(state('9007199254740993', 'a'))).status).toBe(200);
    expect((await client().put(state('9007199254740992', 'b'))).status).toBe(409);
    expect((await client().put(state('18446744073709551615', 'c'))).status).toBe(200);
    expect((await client().put(state('18446744073709551616', 'd'))).status).toBe(400);
  });

  test('a resource that is not of Terraform is not overwritten by an address that was mistaken', async () => {
    const { client, world } = createScene();
    await world.backup('network/prod', '{"tables":{}}');
    expect(await client().put(state(1, 'a'))).toMatchObject({
      status: 409,
      json: { code: 'foreign_lineage' },
    });
  });

  test.each([
    ['no object', '[1]', ['']],
    ['no serial', '{"lineage":"l"}', ['/serial']],
    ['a serial that is none', '{"lineage":"l","serial":-1}', ['/serial']],
    ['a serial with a fraction', '{"lineage":"l","serial":1.0}', ['/serial']],
    ['a serial that is a text', '{"lineage":"l","serial":"1"}', ['/serial']],
    ['no lineage', '{"serial":1}', ['/lineage']],
    ['an empty lineage', '{"serial":1,"lineage":""}', ['/lineage']],
    ['neither', '{}', ['/serial', '/lineage']],
  ])('%s', async (_name, text, pointers) => {
    const { client, world } = createScene();
    const { status, json } = await client().put(text);
    expect(status).toBe(400);
    expect(json.errors?.map(({ pointer }) => pointer)).toEqual(pointers);
    expect(await world.blobCount()).toBe(0);
  });

  test('a body that is not the one that was sent', async () => {
    const { app, world } = createScene();
    const headers = {
      Authorization: `Bearer ${MASTER}`,
      'Content-Type': 'application/json',
      'Content-MD5': createHash('md5').update('other').digest('base64'),
    };
    const response = await app.request(PLACE, { method: 'POST', headers, body: state(1, 'a') });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ errors: [{ pointer: '/headers/content-md5' }] });
    expect(await world.blobCount()).toBe(0);
  });

  test('a lock without an ID, or with more in it than a lock says', async () => {
    const { client } = createScene();
    const tool = client();
    expect((await tool.call('LOCK', PLACE, '{"Who":"me"}')).json.errors).toMatchObject([{ pointer: '/ID' }]);
    expect((await tool.lock({ Info: 'x'.repeat(1025) })).json.errors).toMatchObject([{ pointer: '/Info' }]);
    expect((await tool.lock({ unknown: 1 } as never)).json).toEqual(INFO);
  });
});

test('a newest state that is damaged keeps no new one out', async () => {
  const { client, world } = createScene();
  await client().put(state(1, 'a'));
  const { items } = await world.plain.blobs.list({ limit: 1, writtenBefore: Number.MAX_SAFE_INTEGER });
  await world.plain.blobs.delete(items[0]!.blobId);
  const { status, json } = await client().put(state(2, 'b'));
  expect({ status, type: json.type }).toEqual({ status: 200, type: 'full' });
  expect((await client().get()).text).toBe(canonical(state(2, 'b')));
});

describe('the way back', () => {
  test('an older state is put on top with a serial above the newest, and all else of it as it was', async () => {
    const { client, world } = createScene();
    const tool = client();
    const first = (await tool.put(state(1, 'a'))).json.id;
    await tool.put(state(2, 'b'));
    await tool.put(state(7, 'c'));
    const back = await tool.call('POST', `${PLACE}/rollback`, JSON.stringify({ backupId: first }));
    expect(back).toMatchObject({
      status: 200,
      json: { metadata: { version: '8', customFields: { rolledBackTo: first } } },
    });
    expect((await tool.get()).text).toBe(canonical(state(8, 'a')));
    expect((await tool.put(state(9, 'd'))).status).toBe(200);
    const others = await world.backup('other', state(1, 'a'));
    const none = await tool.call('POST', `${PLACE}/rollback`, JSON.stringify({ backupId: others.id }));
    expect(none).toMatchObject({ status: 404, json: { code: 'backup_not_found' } });
  });

  test('who holds the lock may go back, and nobody else', async () => {
    const { client } = createScene();
    const tool = client();
    const first = (await tool.put(state(1, 'a'))).json.id;
    await tool.put(state(2, 'b'));
    await tool.lock();
    const back = (more: object) =>
      tool.call('POST', `${PLACE}/rollback`, JSON.stringify({ backupId: first, ...more }));
    expect((await back({})).status).toBe(423);
    expect((await back({ lockId: INFO.ID })).status).toBe(200);
  });

  test('a state that OpenTofu has encrypted is kept and given, and not put on top with another serial', async () => {
    const { client } = createScene();
    const sealed = (serial: number) =>
      `{"serial":${serial},"lineage":"l","meta":{},"encrypted_data":"c2VjcmV0${serial}","encryption_version":"v0"}`;
    const first = (await client().put(sealed(1))).json.id;
    await client().put(sealed(2));
    expect((await client().get()).text).toBe(sealed(2));
    const back = await client().call('POST', `${PLACE}/rollback`, JSON.stringify({ backupId: first }));
    expect(back).toMatchObject({ status: 409, json: { detail: expect.stringContaining('tofu state push') } });
  });

  test('what Terraform deletes is gone for Terraform alone', async () => {
    const scene = createScene();
    const tool = scene.client();
    const first = (await tool.put(state(5, 'a'))).json.id;
    expect((await tool.call('DELETE', PLACE)).json).toEqual({
      resourceId: 'network/prod',
      status: 'forgotten',
    });
    expect((await tool.get()).status).toBe(404);
    expect(await countOf(scene)).toBe(1);
    expect((await tool.put(state(1, 'b', 'lineage-2'))).status).toBe(200);
    expect((await tool.get()).text).toBe(canonical(state(1, 'b', 'lineage-2')));
    await tool.call('DELETE', PLACE);
    // The same state again is one that is there again.
    expect((await tool.put(state(1, 'b', 'lineage-2'))).status).toBe(200);
    expect((await tool.get()).status).toBe(200);
    const back = await tool.call('POST', `${PLACE}/rollback`, JSON.stringify({ backupId: first }));
    expect(back.status).toBe(200);
    expect((await tool.get()).text).toBe(canonical(state(6, 'a')));
  });
});

describe('a token as a password', () => {
  const make = async (
    scene: ReturnType<typeof createScene>,
    scopes: Scope[],
    ids: string[] = ['network/prod'],
  ) =>
    (
      await scene.world.service.makeToken(
        { name: scopes.join(), scopes, resources: { ids, prefixes: [] } },
        { actor: 'root' },
      )
    ).token;

  test('opens what the token opens, under any name, and the trail names its holder', async () => {
    const scene = createScene();
    const writer = scene.client({ password: await make(scene, ['backup:write']) });
    const reader = scene.client({ password: await make(scene, ['data:read']) });
    expect((await writer.lock()).status).toBe(200);
    const receipt = (await writer.put(state(1, 'a'))).json;
    expect(receipt).toMatchObject({ receipt: true });
    expect((await writer.get()).status).toBe(403);
    expect((await reader.get()).status).toBe(200);
    expect((await reader.put(state(2, 'b'))).status).toBe(403);
    expect((await reader.lock()).status).toBe(403);
    expect((await reader.call('GET', `${PLACE}/lock`)).status).toBe(403);
    const { items } = await scene.world.service.listEvents({ limit: 1, action: 'lock.taken' });
    expect(items[0]!.actor).toMatch(/^token:backup:write/);
  });

  test('who may not see the resource is refused, and never told that there is no state', async () => {
    const scene = createScene();
    const stranger = scene.client({ password: await make(scene, ['data:read'], ['elsewhere']) });
    expect((await stranger.get()).status).toBe(403);
  });

  test('is taken for Terraform and nowhere else', async () => {
    const { client } = createScene();
    for (const path of ['/backups', '/resources/network%2Fprod/state', '/audit', '/session']) {
      expect([path, (await client().call('GET', path)).status]).toEqual([
        path,
        path === '/session' ? 200 : 401,
      ]);
    }
    expect((await client().call('GET', '/session')).json).toMatchObject({ required: true });
  });

  test('that is wrong too often is not looked at for a while, wherever the guesses came in', async () => {
    const { client, world } = createScene();
    const guess = () => client({ password: 'wrong' }).get();
    for (let n = 0; n < 10; n++) expect((await guess()).status).toBe(401);
    expect((await guess()).status).toBe(429);
    expect((await client().get()).status).toBe(429);
    const signIn = await client().call('POST', '/session', JSON.stringify({ token: MASTER }));
    expect(signIn.status).toBe(429);
    world.clock.advance(60_000);
    expect((await client().get()).status).toBe(404);
  });
});

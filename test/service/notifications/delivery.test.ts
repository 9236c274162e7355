// At least once, in order for each resource, and none waits for another's receiver.

import { describe, expect, test } from '@jest/globals';
import { BACKOFF, createScene, OK, status, toldOf } from './scene.ts';

describe('what is committed is told', () => {
  test('once it is relayed, to each channel that it is for, signed', async () => {
    const { world, sent, put, relay, send, deliveries } = createScene();
    await put('all');
    await put('app', { resources: ['app/*'] });
    await world.backup('db', '1');
    await world.backup('app/one', '1');
    await relay();
    await send();
    expect(sent.map(({ url, ...message }) => [url, toldOf(message)]).sort()).toEqual([
      ['https://all.example', 'backup-1'],
      ['https://all.example', 'backup-2'],
      ['https://app.example', 'backup-2'],
    ]);
    expect(Object.keys(sent[0]!.headers)).toEqual(
      expect.arrayContaining(['webhook-id', 'webhook-timestamp', 'webhook-signature']),
    );
    expect((await deliveries('all')).map(({ state }) => state)).toEqual(['delivered', 'delivered']);
  });

  test('once, though it is relayed again', async () => {
    const { world, sent, put, send, events } = createScene();
    await put('all');
    await world.backup('db', '1');
    const pending = await world.deps.catalog.pendingEvents(100);
    await events.publish(pending);
    await send();
    await events.publish(pending);
    await send();
    expect(sent).toHaveLength(1);
  });

  test('a test goes the same way, to its channel alone, whatever that is told of', async () => {
    const { world, sent, put, relay, send } = createScene();
    await put('a', { events: ['none'] });
    await put('b');
    const { eventId } = await world.service.testChannel('a', { actor: 'tester' });
    await relay();
    await send();
    expect(sent.map(({ url, headers }) => [url, headers['webhook-id']])).toEqual([
      ['https://a.example', eventId],
    ]);
  });
});

describe('a receiver that fails', () => {
  test('is tried again, later each time, and what comes after waits, of that resource alone', async () => {
    let isBroken = true;
    const { world, sent, put, relay, send, deliveries } = createScene((message) =>
      isBroken && toldOf(message) === 'backup-1' ? status(500) : OK,
    );
    await put('all');
    for (const resourceId of ['db', 'db', 'other']) await world.backup(resourceId, '1');
    await relay();
    await send();
    expect(sent.map(toldOf)).toEqual(['backup-1', 'backup-3']);
    world.clock.advance(BACKOFF[0]! - 1);
    await send();
    expect(sent).toHaveLength(2);
    world.clock.advance(BACKOFF[0]! * 0.2 + 2);
    await send();
    expect(sent.map(toldOf)).toEqual(['backup-1', 'backup-3', 'backup-1']);
    isBroken = false;
    world.clock.advance(BACKOFF[1]! * 1.2);
    await send();
    expect(sent.slice(3).map(toldOf)).toEqual(['backup-1', 'backup-2']);
    const [first] = await deliveries('all');
    expect(first).toMatchObject({ state: 'delivered', tries: 3 });
    expect(first!.attempts.map(({ outcome, status: code }) => [outcome, code])).toEqual([
      ['status', 500],
      ['status', 500],
      ['delivered', 200],
    ]);
  });

  test('for good is given up, what waited goes on, and by hand it is sent again, once', async () => {
    let isBroken = true;
    const { world, sent, put, relay, send, deliveries } = createScene((message) =>
      isBroken && toldOf(message) === 'backup-1' ? status(500) : OK,
    );
    await put('all');
    await world.backup('db', '1');
    await world.backup('db', '2');
    await relay();
    for (let n = 0; n <= BACKOFF.length; n++) {
      await send();
      world.clock.advance(200_000);
    }
    expect((await deliveries('all')).map(({ state, tries }) => [state, tries])).toEqual([
      ['failed', 4],
      ['delivered', 1],
    ]);
    isBroken = false;
    expect(await world.service.replayDeliveries('all', {}, { actor: 'tester' })).toEqual({ replayed: 1 });
    expect(await world.service.replayDeliveries('all', {}, { actor: 'tester' })).toEqual({ replayed: 0 });
    await send();
    expect(toldOf(sent.at(-1)!)).toBe('backup-1');
    expect(sent.at(-1)!.headers['webhook-id']).toBe(sent[0]!.headers['webhook-id']);
  });

  test('and says when to come back is obeyed, with all that it would be told', async () => {
    const { world, sent, put, relay, send } = createScene(() =>
      sent.length === 1 ? status(429, 50_000) : OK,
    );
    await put('all');
    await world.backup('a', '1');
    await relay();
    await send();
    await world.backup('b', '1');
    await relay();
    world.clock.advance(49_000);
    await send();
    expect(sent).toHaveLength(1);
    world.clock.advance(2000);
    await send();
    expect(sent).toHaveLength(3);
  });

  test('and says that it is gone is told no more, and others hear of it', async () => {
    const { world, sent, put, relay, send, deliveries } = createScene(({ url }) =>
      url.includes('gone') ? status(410) : OK,
    );
    await put('gone');
    await put('ops', { events: ['channel.disabled'] });
    await world.backup('db', '1');
    await world.backup('db', '2');
    await relay();
    await send();
    await relay();
    await send();
    await world.backup('db', '3');
    await relay();
    await send();
    expect(sent.map(({ url }) => url)).toEqual(['https://gone.example', 'https://ops.example']);
    expect(
      (await deliveries('gone')).map(({ state, attempts }) => [state, attempts.at(-1)?.outcome]),
    ).toEqual([
      ['failed', 'status'],
      ['failed', 'channel_disabled'],
    ]);
    await put('gone', {}, 'https://back.example');
    await world.backup('db', '4');
    await relay();
    await send();
    expect(sent.at(-1)!.url).toBe('https://back.example');
  });

  test('a secret that is not there is an attempt that failed, and nothing is sent without it', async () => {
    const { world, sent, put, relay, send, deliveries } = createScene();
    const target = { kind: 'webhook', url: 'https://x.example', secrets: ['env:GONE'] };
    await put('all', { target });
    await world.backup('db', '1');
    await relay();
    await send();
    expect(sent).toEqual([]);
    expect((await deliveries('all'))[0]!.attempts[0]).toMatchObject({ outcome: 'secret' });
  });
});

describe('a receiver that hangs', () => {
  test('holds up no other', async () => {
    let release = (): void => {};
    const hanging = new Promise<typeof OK>((resolve) => {
      release = () => resolve(OK);
    });
    const { world, sent, put, relay, sender } = createScene(({ url }) =>
      url.includes('slow') ? hanging : OK,
    );
    await put('slow');
    await put('fast');
    for (let n = 0; n < 30; n++) await world.backup(`db-${n}`, '1');
    await relay();
    const until = async (isSo: () => boolean) => {
      for (let n = 0; n < 1000 && !isSo(); n++) {
        await sender().begin();
        await new Promise(setImmediate);
      }
      expect(isSo()).toBe(true);
    };
    const of = (name: string) => sent.filter(({ url }) => url.includes(name)).length;
    await until(() => of('fast') === 30);
    expect(of('slow')).toBe(8);
    release();
    await sender().idle();
    await sender().begin();
    await sender().idle();
    expect(of('slow')).toBe(30);
  });
});

describe('a process that dies', () => {
  test('in an attempt: another makes it once its lease is over', async () => {
    let isDead = true;
    const { world, sent, put, relay, send, sender, restart } = createScene(() =>
      isDead ? new Promise(() => {}) : OK,
    );
    await put('all');
    await world.backup('db', '1');
    await relay();
    await sender().begin();
    for (let n = 0; n < 50; n++) await new Promise(setImmediate);
    expect(sent).toHaveLength(1);
    isDead = false;
    restart();
    await send();
    expect(sent).toHaveLength(1);
    world.clock.advance(6000);
    await send();
    expect(sent).toHaveLength(2);
  });
});

test('two processes at once send each once', async () => {
  const { world, sent, put, relay, sender, restart } = createScene();
  await put('all');
  for (let n = 0; n < 20; n++) await world.backup(`db-${n % 5}`, String(n));
  await relay();
  const one = sender();
  restart();
  const other = sender();
  for (let n = 0; n < 5; n++) {
    await Promise.all([one.begin(), other.begin()]);
    await Promise.all([one.idle(), other.idle()]);
  }
  expect(sent.map(toldOf).sort()).toEqual(Array.from({ length: 20 }, (_, n) => `backup-${n + 1}`).sort());
});

test('a channel that is removed is told nothing more', async () => {
  const { world, sent, put, relay, send } = createScene();
  await put('all');
  await world.backup('db', '1');
  await relay();
  await world.service.removeChannel('all', { actor: 'tester' });
  await send();
  expect(sent).toEqual([]);
  await expect(world.service.listDeliveries({ channelId: 'all', limit: 1 })).rejects.toMatchObject({
    code: 'channel_not_found',
  });
});

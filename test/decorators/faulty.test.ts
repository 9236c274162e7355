// The decorators that the fault tests rely on, and the clock they move.

import { expect, test } from '@jest/globals';
import { type FaultyCall, faulty, faultyBlobStore } from '../../lib/decorators/faulty.ts';
import { createMemoryBlobStore } from '../../lib/memory/blob-store.ts';
import { createMemoryCatalog } from '../../lib/memory/catalog.ts';
import { createManualClock } from '../../lib/memory/clock.ts';
import { createMemoryEventSink } from '../../lib/memory/event-sink.ts';
import { createMemoryKeyring } from '../../lib/memory/keyring.ts';
import { createMemoryQueue } from '../../lib/memory/queue.ts';
import { PortError } from '../../lib/ports/errors.ts';
import { backup, event, hexId, inserted, readBlob } from '../contract/samples.ts';

const failure = new PortError('unavailable', 'on purpose');

test('without a plan everything passes through', async () => {
  const clock = createManualClock();
  const store = faultyBlobStore(createMemoryBlobStore(), {});
  const blobId = hexId();
  await store.put(blobId, [Buffer.from('bytes')]);
  expect(String(await readBlob(store, blobId))).toBe('bytes');
  const keyring = faulty(createMemoryKeyring(), {});
  const { key, dataKey } = await keyring.generate({ a: 'b' });
  expect(await keyring.open(key, { a: 'b' })).toEqual(dataKey);
  const queue = faulty(createMemoryQueue(clock), {});
  await queue.send({ kind: 'restore', id: 'restore-1' });
  expect(await queue.receive(5)).toHaveLength(1);
  const sink = createMemoryEventSink();
  await faulty(sink, {}).publish([event()]);
  expect(sink.events()).toHaveLength(1);
});

test('a throw before a call keeps it from happening, one after it only hides that it has', async () => {
  const catalog = createMemoryCatalog();
  const [first, second] = [backup(), backup()];
  const before = faulty(catalog, {
    before: () => {
      throw failure;
    },
  });
  await expect(before.commit([inserted(first)])).rejects.toBe(failure);
  expect(await catalog.getBackup(first.id)).toBeUndefined();
  const after = faulty(catalog, {
    after: async () => {
      throw failure;
    },
  });
  await expect(after.commit([inserted(second)])).rejects.toBe(failure);
  expect(await catalog.getBackup(second.id)).toEqual(second);
});

test('a plan sees each call: its method, its arguments, its place among all and among its like', async () => {
  const calls: FaultyCall[] = [];
  const catalog = faulty(createMemoryCatalog(), { before: (call) => void calls.push(call) });
  await catalog.getHead('r');
  await catalog.getPolicy('p');
  await catalog.getHead('s');
  expect(calls).toEqual([
    { method: 'getHead', args: ['r'], index: 0, nth: 0 },
    { method: 'getPolicy', args: ['p'], index: 1, nth: 0 },
    { method: 'getHead', args: ['s'], index: 2, nth: 1 },
  ]);
});

test('a call that fails by itself is not reported as one that has succeeded', async () => {
  const seen: string[] = [];
  const store = faultyBlobStore(createMemoryBlobStore(), {
    before: ({ method }) => void seen.push(`before ${method}`),
    after: ({ method }) => void seen.push(`after ${method}`),
  });
  await expect(store.get(hexId())).rejects.toMatchObject({ code: 'not_found' });
  expect(seen).toEqual(['before get']);
});

test('bytes can be changed or cut on their way out, and stay whole in the store', async () => {
  const inner = createMemoryBlobStore();
  const blobId = hexId();
  await inner.put(blobId, [Buffer.from('good bytes')]);
  const store = faultyBlobStore(inner, {
    mutate: (bytes, { nth }) => {
      bytes[0]! ^= 1;
      return nth === 0 ? bytes : bytes.subarray(0, 4);
    },
  });
  expect(String(await readBlob(store, blobId))).toBe('food bytes');
  expect(String(await readBlob(store, blobId))).toBe('food');
  expect(String(await readBlob(inner, blobId))).toBe('good bytes');
});

test('the manual clock stands still, and goes where it is sent', () => {
  const clock = createManualClock(1000);
  expect(clock.now()).toBe(1000);
  clock.advance(5);
  expect(clock.now()).toBe(1005);
  clock.advance(-10);
  expect(clock.now()).toBe(995);
  clock.set(7);
  expect(clock.now()).toBe(7);
});

import { expect, test } from '@jest/globals';
import { faulty } from '../../lib/decorators/faulty.ts';
import { metered } from '../../lib/decorators/metered.ts';
import { createFigures } from '../../lib/embedded/process/figures.ts';
import { createMemoryBlobStore } from '../../lib/memory/blob-store.ts';
import { createManualClock } from '../../lib/memory/clock.ts';
import { createMemoryTokens } from '../../lib/memory/tokens.ts';
import { hexId } from '../contract/samples.ts';

test('each call is told with its time, each failure with its code, and neither is changed', async () => {
  const clock = createManualClock();
  const meter = createFigures();
  const slow = faulty(createMemoryBlobStore(), {
    before: ({ method, nth }) => {
      clock.advance(method === 'get' ? 2 + nth : 10);
      if (method === 'list') throw new RangeError('a bug');
    },
  });
  const store = metered(slow, 'blobs', { meter, clock });
  const blobId = hexId();
  expect(await store.put(blobId, [Buffer.from('x')])).toMatchObject({ bytes: 1 });
  expect(await Array.fromAsync(await store.get(blobId))).toHaveLength(1);
  await expect(store.get(hexId())).rejects.toMatchObject({ name: 'PortError', code: 'not_found' });
  await expect(store.get(hexId())).rejects.toMatchObject({ code: 'not_found' });
  await expect(store.list({ limit: 1, writtenBefore: 0 })).rejects.toThrow('a bug');
  const port = 'blobs';
  expect(meter.take()).toEqual([
    { name: 'port_call', port, method: 'put', count: 1, ms: 10, maxMs: 10 },
    { name: 'port_call', port, method: 'list', count: 1, ms: 10, maxMs: 10 },
    { name: 'port_call', port, method: 'get', count: 3, ms: 9, maxMs: 4 },
    { name: 'port_failure', port, method: 'get', code: 'not_found', count: 2 },
    { name: 'port_failure', port, method: 'list', code: 'bug', count: 1 },
  ]);
  expect(meter.take()).toEqual([]);
});

test('what answers or throws at once still does', () => {
  const clock = createManualClock();
  const meter = createFigures();
  const tokens = metered(createMemoryTokens(clock), 'tokens', { meter, clock });
  expect(tokens.isAsked()).toBe(false);
  const broken = metered({ now: () => JSON.parse('{') as unknown }, 'broken', { meter, clock });
  expect(() => broken.now()).toThrow(SyntaxError);
  expect(meter.take().map(({ name, method, code }) => [name, method, code])).toEqual([
    ['port_call', 'isAsked', undefined],
    ['port_call', 'now', undefined],
    ['port_failure', 'now', 'bug'],
  ]);
});

// What readers make the process hold is bounded, given back on every way out, and never taken by large ones alone.

import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { counting, createCallCounts } from '../../../lib/decorators/counting.ts';
import { faulty, faultyBlobStore } from '../../../lib/decorators/faulty.ts';
import { createApi } from '../../../lib/http/server/api.ts';
import { silentLogger } from '../../../lib/log.ts';
import type { BlobStore } from '../../../lib/ports/blob-store.ts';
import { PortError } from '../../../lib/ports/errors.ts';
import { systemRandom } from '../../../lib/random.ts';
import { createReaders } from '../../../lib/service/chains/readers.ts';
import type { Readers } from '../../../lib/service/contract/parts.ts';
import { workQueue } from '../../../lib/service/jobs/worker.ts';
import { KERNEL } from '../../core/kernels.ts';
import { createWorld } from '../world.ts';

const small = { bytesMax: 20, eachBytesMax: 10 };
const readersOf = (waitMs = 20, onFull = () => {}): Readers =>
  createReaders({ bytesMax: 100, small, waitMs, onFull });
const tooMany = expect.objectContaining({ code: 'too_many_requests', retryAfterSeconds: 5 });

describe('readers', () => {
  test('wait for a moment, in the order in which they came, and are then asked to come back', async () => {
    let full = 0;
    const readers = readersOf(30, () => full++);
    const first = await readers.take(60);
    const order: string[] = [];
    const second = readers.take(60).then((held) => {
      order.push('second');
      return held;
    });
    const third = readers.take(40).then((held) => {
      order.push('third');
      return held;
    });
    await wait(5);
    expect(order).toEqual([]);
    first.free();
    expect([await second, await third]).toHaveLength(2);
    expect(order).toEqual(['second', 'third']);
    await expect(readers.take(11)).rejects.toEqual(tooMany);
    expect(full).toBeGreaterThan(0);
    // Whoever gave up stands in nobody's way.
    (await third).free();
    expect(await readers.take(30)).toBeDefined();
  });

  test('that are small have a room of their own; one that needs more than there is gets it alone', async () => {
    const readers = readersOf();
    const all = await readers.take(1000);
    await expect(readers.take(11)).rejects.toEqual(tooMany);
    const few = await readers.take(10);
    await readers.take(10);
    await expect(readers.take(10)).rejects.toEqual(tooMany);
    few.free();
    few.free();
    await readers.take(10);
    all.shrink(50);
    all.shrink(70);
    expect(readers.usedBytes).toBe(70);
    await readers.take(50);
  });
});

const rows = (n: number): string =>
  JSON.stringify({
    rows: Array.from({ length: 3000 }, (_, id) => ({ id, text: `${id === 7 ? n : 0} ${id * 7919}` })),
  });

/** Reads are all large here, and none waits long. */
function createReadWorld(replace: Parameters<typeof createWorld>[0] = () => ({})) {
  const readers = createReaders({ bytesMax: 4_000_000, small: { bytesMax: 1, eachBytesMax: 0 }, waitMs: 20 });
  const world = createWorld((deps) => ({ readers, ...replace(deps) }));
  const { service, clock } = world;
  const app = createApi({
    service,
    auth: {},
    version: '1',
    log: silentLogger,
    random: systemRandom,
    kernel: KERNEL,
    now: clock.now,
  });
  const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    app.request(path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
  const restore = (more: object = {}, headers: Record<string, string> = {}) =>
    post('/restore', { backupId: 'backup-2', targetResourceId: 't', ...more }, headers);
  return { ...world, readers, app, post, restore };
}

describe('a state that is read', () => {
  test('is held until its reader has it or has gone, and refused to others before it is loaded', async () => {
    const calls = createCallCounts<BlobStore>();
    const { make, readers, restore } = createReadWorld(({ blobs }) => ({ blobs: counting(blobs, calls) }));
    await make('db', rows(1), 'full');
    await make('db', rows(2), 'incremental');
    // They do not read.
    const held: Response[] = [];
    for (;;) {
      calls.reset();
      const response = await restore();
      if (response.status !== 200) {
        expect(response.status).toBe(429);
        expect(response.headers.get('retry-after')).toBe('5');
        expect(calls.of('get')).toBe(0);
        break;
      }
      held.push(response);
    }
    expect(held.length).toBeGreaterThan(5);
    expect(readers.usedBytes).toBeLessThanOrEqual(4_000_000);
    // One reads to its end, one goes away at once, one in the middle.
    expect(JSON.parse(await held.pop()!.text()).data).toEqual(JSON.parse(rows(2)));
    await held.pop()!.body!.cancel();
    const reader = held.pop()!.body!.getReader();
    await reader.read();
    await reader.cancel();
    for (const response of held.splice(0)) await response.body!.cancel();
    expect(readers.usedBytes).toBe(0);
    expect((await restore()).status).toBe(200);
  });

  test('is given back on every way out', async () => {
    let failing = '';
    const world = createReadWorld(({ blobs, catalog }) => ({
      blobs: faultyBlobStore(blobs, {
        before({ method }) {
          if (method === failing) throw new PortError('unavailable', 'gone for a moment');
        },
      }),
      catalog: faulty(catalog, {
        before({ method, args }) {
          const kinds = method === 'commit' ? (args[0] as { kind: string }[]).map(({ kind }) => kind) : [];
          if (kinds.includes(failing)) throw new PortError('unavailable', 'gone for a moment');
        },
      }),
    }));
    const { make, app, post, restore, readers, deps } = world;
    await make('db', rows(1), 'full');
    await make('db', rows(2), 'incremental');
    const expectFree = async (what: string, response: Response | Promise<Response>, status: number) => {
      const { body, status: got } = await response;
      expect([what, got]).toEqual([what, status]);
      await body?.cancel();
      expect([what, readers.usedBytes]).toEqual([what, 0]);
    };
    await expectFree('whole', restore(), 200);
    await expectFree('a part', restore({ path: '/rows/7' }), 200);
    await expectFree('no part', restore({ path: '/nothing' }), 404);
    await expectFree('no backup', restore({ backupId: 'backup-9' }), 404);
    await expectFree(
      'at an instant',
      post('/restore/point-in-time', {
        resourceId: 'db',
        timestamp: new Date(world.clock.now()).toISOString(),
      }),
      200,
    );
    await expectFree('verify', post('/backups/backup-2/verify', {}), 200);
    await expectFree('delta', app.request('/backups/backup-2/delta'), 200);
    await expectFree('no delta', app.request('/backups/backup-1/delta'), 404);
    await expectFree('later', restore({}, { Prefer: 'respond-async' }), 202);
    await workQueue(deps);
    const operations = (await (await app.request('/restore/operations')).json()) as {
      operations: { resultUrl?: string }[];
    };
    const { resultUrl } = operations.operations[0]!;
    await expectFree('result', app.request(resultUrl!), 200);
    await expectFree('head of a result', app.request(resultUrl!, { method: 'HEAD' }), 200);
    for (const call of ['get', 'operation.insert', 'operation.update']) {
      failing = call;
      // What cannot be written down now is given all the same.
      await expectFree(`restore without ${call}`, restore(), call === 'get' ? 503 : 200);
      failing = call === 'get' ? 'get' : '';
      await expectFree(
        `delta without ${call}`,
        app.request('/backups/backup-2/delta'),
        call === 'get' ? 503 : 200,
      );
      await expectFree(
        `verify without ${call}`,
        post('/backups/backup-2/verify', {}),
        call === 'get' ? 503 : 200,
      );
      failing = '';
    }
  });
});

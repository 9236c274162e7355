// Bodies that are too large, too many, or that never end.

import { describe, expect, test } from '@jest/globals';
import { createApi } from '../../lib/http/server/api.ts';
import { createByteBudget } from '../../lib/http/server/budget.ts';
import { silentLogger } from '../../lib/log.ts';
import { systemRandom } from '../../lib/random.ts';
import { KERNEL } from '../core/kernels.ts';
import { createCheckedApi } from './checked-api.ts';
import { backupRecord, createFakeService } from './fake-service.ts';
import { createHarness, inPieces, problemOf } from './harness.ts';

const LIMITS = {
  bodyBytesMax: 1000,
  smallBodyBytesMax: 200,
  bodyFieldsBytesMax: 300,
  inFlightBytesMax: 2500,
};
const bodyOf = (bytes: number) => {
  const frame = '{"resourceId":"r","data":""}';
  return `{"resourceId":"r","data":"${'x'.repeat(bytes - frame.length)}"}`;
};
const halves = (body: string) => inPieces([body.slice(0, body.length / 2), body.slice(body.length / 2)]);

type App = ReturnType<typeof createHarness>['app'];

function post(app: App, body: NonNullable<RequestInit['body']>, headers: Record<string, string> = {}) {
  const init = {
    method: 'POST',
    body,
    duplex: 'half',
    headers: { 'Content-Type': 'application/json', ...headers },
  };
  return app.request('/backups', init as RequestInit);
}

describe('413', () => {
  test('a body of the greatest size is let in, in any number of pieces', async () => {
    const { app, calls } = createHarness({ limits: LIMITS });
    expect((await post(app, bodyOf(1000))).status).toBe(201);
    expect((await post(app, halves(bodyOf(1000)))).status).toBe(201);
    expect((await post(app, inPieces(['', ...bodyOf(1000), '']))).status).toBe(201);
    expect(calls).toHaveLength(3);
  });

  test('one byte more is refused, and the answer says what to do instead', async () => {
    const { app, calls } = createHarness({ limits: LIMITS });
    for (const body of [bodyOf(1001), halves(bodyOf(1001))]) {
      const response = await post(app, body);
      const problem = await problemOf(response);
      expect(problem).toMatchObject({ status: 413, code: 'payload_too_large', bodyBytesMax: 1000 });
      expect(problem.detail).toContain('smaller resources');
    }
    expect(calls).toEqual([]);
  });

  test('a Content-Length over the limit is refused without reading', async () => {
    const { app, calls } = createHarness({ limits: LIMITS });
    let read = false;
    const never = new ReadableStream(
      {
        pull() {
          read = true;
        },
      },
      { highWaterMark: 0 },
    );
    expect((await post(app, never, { 'Content-Length': '1001' })).status).toBe(413);
    expect(read).toBe(false);
    expect(calls).toEqual([]);
  });

  test('a body without end is not read past the limit, and its sender is told', async () => {
    const { app, lines } = createHarness({ limits: LIMITS });
    let cancelled = false;
    const endless = new ReadableStream({
      pull: (controller) => controller.enqueue(new TextEncoder().encode(' '.repeat(100))),
      cancel() {
        cancelled = true;
      },
    });
    expect((await post(app, endless)).status).toBe(413);
    expect(cancelled).toBe(true);
    expect(lines[0]!.bytesIn).toBe(1100);
  });

  test('bodies without a state have a limit of their own', async () => {
    const { send, calls } = createHarness({ limits: LIMITS });
    const body = `{"backupId":"b","targetResourceId":"t","createdBy":"${'x'.repeat(150)}"}`;
    expect((await send('POST', '/restore', body)).status).toBe(413);
    expect((await send('POST', '/backups/b/verify', `{${' '.repeat(200)}}`)).status).toBe(413);
    expect(calls).toEqual([]);
  });

  test('what stands beside the state has a limit of its own', async () => {
    const limits = {
      ...LIMITS,
      bodyBytesMax: 10_000,
      bodyFieldsBytesMax: 2000,
      inFlightBytesMax: 10_000,
    };
    const { send, calls } = createHarness({ limits });
    const body = `{"resourceId":"r","data":1,"metadata":{"customFields":{"a":"${'x'.repeat(2000)}"}}}`;
    const response = await send('POST', '/backups', body);
    expect(await problemOf(response)).toMatchObject({ status: 413, code: 'payload_too_large' });
    expect(calls).toEqual([]);
  });

  test('a body that breaks off is the sender’s fault, and leaves nothing', async () => {
    const { app, calls } = createHarness({ limits: LIMITS });
    const broken = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('{"resourceId":"r",'));
      },
      pull(controller) {
        controller.error(new Error('ECONNRESET'));
      },
    });
    expect(await problemOf(await post(app, broken))).toMatchObject({ status: 400, code: 'malformed_json' });
    expect(calls).toEqual([]);
  });
});

describe('429', () => {
  /** A harness whose creates wait until they are let go. */
  function held() {
    const waiting: (() => void)[] = [];
    const harness = createHarness({
      limits: LIMITS,
      service: {
        createBackup: () =>
          new Promise((resolve) => {
            waiting.push(() => resolve({ backup: backupRecord(), replayed: false }));
          }),
      },
    });
    const letGo = () => {
      for (const go of waiting.splice(0)) go();
    };
    return { ...harness, waiting, letGo };
  }
  const until = async (done: () => boolean) => {
    while (!done()) await new Promise((resolve) => setTimeout(resolve, 1));
  };

  type Send = (app: App, body: string) => Promise<Response>;
  const declared: Send = async (app, body) => post(app, body, { 'Content-Length': String(body.length) });
  const counted: Send = async (app, body) => post(app, halves(body));
  test.each([
    ['declared', declared],
    ['counted as they arrive', counted],
  ])('bodies together are bounded, %s, until they are done with', async (_name, send) => {
    const { app, waiting, letGo } = held();
    const first = [send(app, bodyOf(1000)), send(app, bodyOf(1000))];
    await until(() => waiting.length === 2);
    const refused = await send(app, bodyOf(1000));
    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(await problemOf(refused)).toMatchObject({ code: 'too_many_requests' });
    // What still fits is let in.
    const small = send(app, bodyOf(400));
    await until(() => waiting.length === 3);
    letGo();
    expect((await small).status).toBe(201);
    for (const response of await Promise.all(first)) expect(response.status).toBe(201);
    const again = send(app, bodyOf(1000));
    await until(() => waiting.length > 0);
    letGo();
    expect((await again).status).toBe(201);
  });

  test('refused and broken bodies give back what they held', async () => {
    const { app } = createHarness({ limits: LIMITS });
    for (let round = 0; round < 10; round++) {
      expect((await post(app, `${bodyOf(900)}x`)).status).toBe(400);
      expect((await post(app, halves(bodyOf(1001)))).status).toBe(413);
    }
    expect((await post(app, bodyOf(1000))).status).toBe(201);
  });
});

describe('one client holds up nobody', () => {
  const open = (app: App, declared: number, sent: string) => {
    const never = new ReadableStream({
      start: (controller) => controller.enqueue(new TextEncoder().encode(sent)),
      // What has been announced does not come.
      pull: () => new Promise<void>(() => {}),
    });
    void post(app, never, { 'Content-Length': String(declared) });
  };

  test('twenty that announce all there is and send next to nothing', async () => {
    const { app, send } = createHarness({ limits: LIMITS });
    for (let n = 0; n < 20; n++) open(app, 1000, '{');
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect((await post(app, bodyOf(1000))).status).toBe(201);
    expect((await send('POST', '/restore', { backupId: 'b', targetResourceId: 't' })).status).toBe(200);
  });

  test('large ones that take all the room there is: small calls of every kind go on', async () => {
    const { app, send } = createHarness({ limits: LIMITS });
    for (let n = 0; n < 3; n++) open(app, 1000, bodyOf(1000).slice(0, 830));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect((await post(app, bodyOf(1000))).status).toBe(429);
    for (let n = 0; n < 5; n++) {
      expect((await post(app, bodyOf(200))).status).toBe(201);
      expect((await send('POST', '/restore', { backupId: 'b', targetResourceId: 't' })).status).toBe(200);
      expect((await send('PATCH', '/backups/b', { legalHold: true })).status).toBe(200);
      expect((await send('POST', '/uploads')).status).toBe(201);
      expect((await send('PUT', '/retention/policies/r', { keepLast: 1 })).status).toBe(200);
    }
  });

  test('what there is no room for need not be sent, and whoever stands in the way is told of', async () => {
    let full = 0;
    const { service } = createFakeService();
    const limits = { ...LIMITS, inFlightBytesMax: 1500 };
    const app = createCheckedApi({
      service,
      auth: {},
      version: '1',
      log: silentLogger,
      limits,
      onFull: () => full++,
    });
    open(app, 1000, bodyOf(1000).slice(0, 900));
    await new Promise((resolve) => setTimeout(resolve, 20));
    let isRead = false;
    const unread = new ReadableStream(
      {
        pull() {
          isRead = true;
        },
      },
      { highWaterMark: 0 },
    );
    expect((await post(app, unread, { 'Content-Length': '1000' })).status).toBe(429);
    expect([isRead, full]).toEqual([false, 1]);
  });
});

describe('the budget', () => {
  test('has a room of their own for small reservations, and moves one that grows out of it', () => {
    const budget = createByteBudget(10, { small: { bytesMax: 6, eachBytesMax: 3 } });
    const [a, b, c, d] = Array.from({ length: 4 }, () => budget.open());
    a!.reach(3);
    b!.reach(3);
    expect(() => c!.reach(1)).toThrow(expect.objectContaining({ code: 'too_many_requests' }));
    a!.reach(10);
    c!.reach(3);
    expect(() => b!.reach(4)).toThrow(expect.objectContaining({ code: 'too_many_requests' }));
    expect(() => d!.foresee(4)).toThrow(expect.objectContaining({ code: 'too_many_requests' }));
    expect(() => d!.foresee(1)).toThrow(expect.objectContaining({ code: 'too_many_requests' }));
    expect(budget.usedBytes).toBe(16);
    a!.free();
    d!.foresee(10);
    b!.reach(7);
    for (const one of [b, c, d]) one!.free();
    expect(budget.usedBytes).toBe(0);
  });

  test('grows a reservation only by what is new, and gives all of it back once', () => {
    const budget = createByteBudget(10);
    const one = budget.open();
    one.reach(6);
    one.reach(4);
    expect(budget.usedBytes).toBe(6);
    const two = budget.open();
    two.reach(4);
    expect(() => one.reach(7)).toThrow(expect.objectContaining({ code: 'too_many_requests' }));
    one.free();
    one.free();
    expect(budget.usedBytes).toBe(4);
    two.reach(10);
    two.free();
    expect(budget.usedBytes).toBe(0);
  });

  test('one that can never grant the greatest body is a mistake', () => {
    const { service } = createFakeService();
    const limits = { bodyBytesMax: 11, inFlightBytesMax: 10, smallBodyBytesMax: 1 };
    expect(() =>
      createApi({
        service,
        auth: {},
        version: '1',
        log: silentLogger,
        random: systemRandom,
        kernel: KERNEL,
        limits,
      }),
    ).toThrow('inFlight');
  });
});

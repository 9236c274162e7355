// Clients that stand still are let go, whichever way they stand; those that only are slow, or wait for us, are not.

import { connect, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, expect, test } from '@jest/globals';
import {
  bodyOfIncoming,
  createHttpServer,
  type HttpServer,
  listen,
} from '../../../lib/embedded/server/http-server.ts';
import { createLogger } from '../../../lib/log.ts';
import { systemRandom } from '../../../lib/random.ts';

const LIMITS = {
  senderMs: 400,
  readerMs: 400,
  bytesPerSecondMin: 1000,
  pressed: { ms: 100, bytesPerSecondMin: 100_000 },
};
const STATE = new Uint8Array(64 * 1024 * 1024).fill(32);

interface Line {
  message: string;
  [field: string]: unknown;
}

const open: { http: HttpServer; sockets: Socket[] }[] = [];

afterEach(async () => {
  for (const { http, sockets } of open.splice(0)) {
    for (const socket of sockets) socket.destroy();
    await http.drain();
  }
});

/** Answers a body with its length, `/state` with 64 MiB, `/slow` after a second. */
async function start() {
  const lines: Line[] = [];
  const log = createLogger((line) => lines.push(JSON.parse(line) as Line));
  let ended = 0;
  const http = createHttpServer({
    random: systemRandom,
    log,
    standstill: LIMITS,
    async fetch(request, env) {
      const { pathname } = new URL(request.url);
      try {
        if (pathname === '/slow') await wait(1000);
        if (pathname === '/state') return new Response(streamOf(STATE));
        let bytes = 0;
        for await (const chunk of bodyOfIncoming(env)!) bytes += chunk.length;
        return new Response(String(bytes));
      } catch {
        return new Response('broke off', { status: 400 });
      } finally {
        ended++;
      }
    },
  });
  const { port } = await listen(http, { host: '127.0.0.1', port: 0 });
  const sockets: Socket[] = [];
  open.push({ http, sockets });
  const dial = (text: string) => {
    const socket = connect(port, '127.0.0.1');
    sockets.push(socket);
    let received = '';
    let closedAfterMs: number | undefined;
    const began = performance.now();
    socket.on('data', (data) => {
      received = (received + data.toString('latin1')).slice(-300);
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      closedAfterMs = performance.now() - began;
    });
    socket.write(text);
    return {
      socket,
      get received() {
        return received;
      },
      get closedAfterMs() {
        return closedAfterMs;
      },
    };
  };
  const letGo = () => lines.filter(({ message }) => message === 'a client that stood still was let go');
  return { http, dial, letGo, lines, ended: () => ended };
}

function streamOf(bytes: Uint8Array): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at === bytes.length) return controller.close();
      const from = at;
      at += 1024 * 1024;
      controller.enqueue(bytes.subarray(from, at));
    },
  });
}

const POST = 'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4000000000\r\n\r\n';

test('a sender that stands still, or nearly so, is let go, and what waits for its body ends', async () => {
  const { dial, letGo, ended } = await start();
  const still = dial(`${POST}{`);
  const trickling = dial(`${POST}{`);
  const trickle = setInterval(() => trickling.socket.write(' '), 20);
  await wait(1500);
  clearInterval(trickle);
  expect(still.closedAfterMs).toBeGreaterThan(300);
  expect(trickling.closedAfterMs).toBeGreaterThan(300);
  expect(letGo()).toMatchObject([{ client: 'sender' }, { client: 'sender' }]);
  expect(ended()).toBe(2);
});

test('a reader that stands still, or nearly so, is let go', async () => {
  const { dial, letGo } = await start();
  const GET = 'GET /state HTTP/1.1\r\nHost: localhost\r\n\r\n';
  const still = dial(GET);
  still.socket.pause();
  const trickling = dial(GET);
  trickling.socket.pause();
  const trickle = setInterval(() => void trickling.socket.read(5), 50);
  await wait(2000);
  clearInterval(trickle);
  expect(letGo()).toMatchObject([{ client: 'reader' }, { client: 'reader' }]);
});

test('whoever is slow but goes on, or waits for us, stays', async () => {
  const { dial, letGo } = await start();
  const size = 60_000;
  const sender = dial(`POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${size}\r\n\r\n`);
  const reader = dial('GET /state HTTP/1.1\r\nHost: localhost\r\n\r\n');
  const waiting = dial('POST /slow HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}');
  const kept = dial('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
  for (let sent = 0; sent < size; sent += 3000) {
    sender.socket.write(Buffer.alloc(3000, 32));
    reader.socket.resume();
    await wait(30);
    reader.socket.pause();
    await wait(60);
  }
  reader.socket.resume();
  await wait(300);
  expect(letGo()).toEqual([]);
  expect(sender.received).toMatch(new RegExp(`${size}$|${size}\\r\\n0\\r\\n\\r\\n$`));
  expect(waiting.received).toContain('200 OK');
  expect(kept.closedAfterMs).toBeUndefined();
});

test('that an answer did not arrive is told of, and that one did is not', async () => {
  const { dial, lines } = await start();
  const undelivered = () => lines.filter(({ message }) => message.startsWith('an answer was not delivered'));
  const whole = dial('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
  await wait(100);
  expect(whole.received).toContain('200 OK');
  expect(undelivered()).toEqual([]);
  const gone = dial('GET /state HTTP/1.1\r\nHost: localhost\r\n\r\n');
  gone.socket.once('data', () => gone.socket.destroy());
  await wait(200);
  expect(undelivered()).toMatchObject([{ level: 'warn', method: 'GET', path: '/state' }]);
});

test('while others are refused, those who do next to nothing are let go at once', async () => {
  const { http, dial, letGo } = await start();
  const still = dial(`${POST}{`);
  const busy = dial(`${POST}{`);
  const flow = setInterval(() => busy.socket.write(Buffer.alloc(64 * 1024)), 10);
  await wait(300);
  expect(still.closedAfterMs).toBeUndefined();
  http.relieve();
  await wait(50);
  clearInterval(flow);
  expect(still.closedAfterMs).toBeDefined();
  expect(busy.closedAfterMs).toBeUndefined();
  expect(letGo()).toHaveLength(1);
});

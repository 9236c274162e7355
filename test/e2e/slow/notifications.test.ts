// Ten thousand events through a receiver that fails, hangs and answers 429, beside one that never answers, over kill -9 again and again:
// each comes at least once, of each resource in order, and none is lost.

import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, expect, test } from '@jest/globals';
import { type Random, seedOf, withSeed } from '../random.ts';
import { cleanUp, eventually, newDataDir, type Server, startServer } from '../server.ts';

/** Fewer where somebody only wants to look. */
const EVENTS = Number(process.env.TRIAL_EVENTS ?? 10_000);
const RESOURCES = 100;
const WRITERS = 16;
/** The service is killed each time that so many have been made, and as often while the rest is told. */
const KILL_EVERY = Math.ceil(EVENTS * 0.35);
const SECRET = `whsec_${Buffer.alloc(32, 3).toString('base64')}`;
const SETTINGS = {
  TRIAL_SECRET: SECRET,
  // What is minutes and hours otherwise.
  BACKUP_NOTIFY_BACKOFF_SECONDS: '0,0,0,1,1,1,1,1,1,1,1,1',
  BACKUP_NOTIFY_TIMEOUT_SECONDS: '1',
};

interface Told {
  resourceId: string;
  backupId: string;
  sequence: number;
}

interface Receiver {
  url: string;
  /** What was answered with 200, in order. */
  taken: Told[];
  answers: Map<string, number>;
  close(): void;
}

const closing: (() => void)[] = [];
afterAll(async () => {
  for (const close of closing) close();
  await cleanUp();
});

async function listen(answer: (body: string, request: IncomingMessage, response: ServerResponse) => void) {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => answer(Buffer.concat(chunks).toString(), request, response));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  closing.push(close);
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close };
}

async function badReceiver(random: Random): Promise<Receiver> {
  const taken: Told[] = [];
  const answers = new Map<string, number>();
  const count = (what: string) => answers.set(what, (answers.get(what) ?? 0) + 1);
  const { url, close } = await listen((body, { headers }, response) => {
    const id = headers['webhook-id'];
    const signed = `${id}.${headers['webhook-timestamp']}.${body}`;
    const key = Buffer.from(SECRET.slice('whsec_'.length), 'base64');
    const signature = `v1,${createHmac('sha256', key).update(signed).digest('base64')}`;
    if (headers['webhook-signature'] !== signature) count('forged');
    if (random.chance(0.005)) {
      count('hangs');
      return;
    }
    const isLimited = random.chance(0.005);
    const isBroken = random.chance(0.1);
    response.statusCode = isLimited ? 429 : isBroken ? 500 : 200;
    if (isLimited) response.setHeader('retry-after', '1');
    count(String(response.statusCode));
    if (response.statusCode === 200) {
      const { data } = JSON.parse(body) as {
        data: { resourceId: string; backupId: string; detail: { sequence: number } };
      };
      taken.push({ resourceId: data.resourceId, backupId: data.backupId, sequence: data.detail.sequence });
    }
    response.end();
  });
  return { url, taken, answers, close };
}

test('10,000 events through a bad receiver, over kill -9', async () => {
  await withSeed(seedOf(41), async (random) => {
    const bad = await badReceiver(random);
    const dead = await listen(() => {});
    const dataDir = newDataDir();
    const start = () => startServer({ dataDir, env: SETTINGS });
    let server: Server = await start();
    const put = async (id: string, url: string) => {
      const target = { kind: 'webhook', url, secrets: ['env:TRIAL_SECRET'] };
      const { status } = await send('PUT', `/notifications/${id}`, { target, events: ['backup.created'] });
      expect(status).toBe(201);
    };
    const send = (method: string, path: string, body?: unknown) =>
      fetch(server.url + path, {
        method,
        headers: { 'Content-Type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    await put('bad', bad.url);
    await put('dead', dead.url);

    const acknowledged = new Set<string>();
    let next = 0;
    const write = async (until: number): Promise<void> => {
      while (next < until) {
        const n = next++;
        const body = { resourceId: `r-${n % RESOURCES}`, data: n };
        // What the kill has cut off is sent again: it may be there already, which is one event more.
        const made = await send('POST', '/backups', body).catch(() => undefined);
        if (made === undefined) return void next--;
        expect(made.status).toBe(201);
        acknowledged.add(((await made.json()) as { id: string }).id);
      }
    };
    const crash = async () => {
      await server.kill();
      server = await start();
    };
    for (let made = KILL_EVERY; next < EVENTS; made += KILL_EVERY) {
      await Promise.all(Array.from({ length: WRITERS }, () => write(Math.min(made, EVENTS))));
      await crash();
    }
    const missing = () => {
      const told = new Set(bad.taken.map(({ backupId }) => backupId));
      return [...acknowledged].filter((id) => !told.has(id)).length;
    };
    for (let left = missing(), kills = 0; kills < 3 && left > 0; kills++) {
      await eventually(600_000, 'a third more to be told', () => missing() <= (left * 2) / 3);
      left = missing();
      await crash();
    }
    await eventually(600_000, 'all to be told', () => missing() === 0);
    expect(acknowledged.size).toBeGreaterThanOrEqual(EVENTS);
    expect(bad.answers.get('forged')).toBeUndefined();
    for (const trouble of ['hangs', '429', '500']) expect(bad.answers.get(trouble)).toBeGreaterThan(0);

    // Of each resource: what comes for the first time comes in order. A crash may have cut off the note that one was taken.
    const highest = new Map<string, number>();
    const seen = new Set<string>();
    for (const { resourceId, backupId, sequence } of bad.taken) {
      const last = highest.get(resourceId) ?? 0;
      if (seen.has(backupId)) continue;
      seen.add(backupId);
      expect([resourceId, sequence]).toEqual([resourceId, Math.max(sequence, last + 1)]);
      highest.set(resourceId, sequence);
    }
    // Few come twice: those alone that were under way when the process died.
    expect(bad.taken.length - seen.size).toBeLessThan(200);
    await server.stop();
  });
}, 1_200_000);

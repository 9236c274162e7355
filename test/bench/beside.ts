// Who waits for whom: small requests on a kept connection, alone and beside continuous work on large states. The clients
// of each kind are processes of their own, so that what is measured is the server and not its measurer.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { get } from 'node:http';
import { createDump, dumpText, withChanges } from './corpus.ts';
import { open } from './load.ts';
import type { Report } from './report.ts';
import { create, restored, startService } from './service.ts';

const LARGE_BYTES = 100e6;
const ALONE_MS = 4000;
const BESIDE_MS = 12_000;
const PAUSE_MS = 5;
const CHAIN = 33;

interface Waits {
  p50: number;
  p99: number;
  longest: number;
  count: number;
}

/** In a process of its own: asks for health and makes small backups until it is told to stop, and says how long each took. */
async function askSmall(port: number): Promise<void> {
  const waits: { health: number[]; backup: number[] } = { health: [], backup: [] };
  let isOver = false;
  process.once('message', () => {
    isOver = true;
  });
  const connection = await open(port);
  const state = dumpText(createDump(1500)).toString();
  process.send!('ready');
  for (let n = 0; !isOver; n++) {
    const asked = performance.now();
    await health(port);
    waits.health.push(performance.now() - asked);
    const given = performance.now();
    await connection.post('/backups', `{"resourceId":"small-${n % 8}","type":"full","data":${state}}`);
    waits.backup.push(performance.now() - given);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  connection.close();
  process.send!({ health: sorted(waits.health), backup: sorted(waits.backup) });
  process.disconnect();
}

async function health(port: number): Promise<void> {
  const answer = await new Promise<import('node:http').IncomingMessage>((resolve, reject) => {
    get({ port, host: '127.0.0.1', path: '/health' }, resolve).on('error', reject);
  });
  answer.resume();
  await once(answer, 'end');
}

function sorted(waits: number[]): Waits {
  waits.sort((a, b) => a - b);
  const at = (part: number): number => waits[Math.min(waits.length - 1, Math.floor(waits.length * part))]!;
  return { p50: at(0.5), p99: at(0.99), longest: at(1), count: waits.length };
}

/** The waits of small requests while `work` is being done. */
async function during(port: number, work: () => Promise<void>): Promise<{ health: Waits; backup: Waits }> {
  const child = fork(import.meta.filename, [String(port)], { env: { ...process.env, BENCH_TOPIC: 'asker' } });
  await once(child, 'message');
  await work();
  const answer = once(child, 'message');
  child.send('stop');
  const [waits] = (await answer) as [{ health: Waits; backup: Waits }];
  return waits;
}

/** Measures one server on a folder of its own. */
export default async function measureBeside(report: Report): Promise<void> {
  report.section('Small requests beside large ones');
  report.text(
    `/health and 2 KB backups, one after the other, alone and beside continuous work on a state of ${LARGE_BYTES / 1e6} MB, milliseconds.`,
  );
  const dump = createDump(LARGE_BYTES);
  const revisions = [0, 1].map((n) => dumpText(withChanges(dump, 0.01, n + 2)));
  const service = await startService();
  const { port } = service;
  try {
    await during(port, () => sleep(ALONE_MS / 2));
    const alone = await during(port, () => sleep(ALONE_MS));
    let last = await create(port, 'large', 'full', revisions[0]!);
    const beside = await during(port, async () => {
      const ends = performance.now() + BESIDE_MS;
      for (let n = 1; performance.now() < ends; n++) {
        last = await create(port, 'large', 'incremental', revisions[n % 2]!);
      }
    });
    const full = await during(port, async () => {
      const ends = performance.now() + BESIDE_MS;
      while (performance.now() < ends) await create(port, 'fulls', 'full', revisions[0]!);
    });
    while (last.chainLength < CHAIN) {
      const before = last.chainLength;
      last = await create(port, 'large', 'incremental', revisions[before % 2]!);
      if (last.chainLength < before) break;
    }
    const reading = await during(port, async () => {
      for (let n = 0; n < 3; n++) await restored(port, last.id);
    });
    const rows = [
      ['alone', alone],
      ['beside incrementals', beside],
      ['beside fulls', full],
      [`beside restores, chain of ${last.chainLength}`, reading],
    ] as const;
    report.table(
      ['', 'health p50', 'p99', 'longest', '2 KB backup p50', 'p99', 'longest'],
      rows.map(([name, { health: h, backup: b }]) => [
        name,
        ...[h.p50, h.p99, h.longest, b.p50, b.p99, b.longest].map((ms) => ms.toFixed(1)),
      ]),
    );
    report.target('/health beside 100 MB incrementals, p99', { most: 25, unit: 'ms' }, beside.health.p99);
    report.target('2 KB backup beside 100 MB incrementals, p99', { most: 25, unit: 'ms' }, beside.backup.p99);
    report.target(
      '/health during a restore of 100 MB, longest',
      { most: 50, unit: 'ms' },
      reading.health.longest,
    );
  } finally {
    await service.stop();
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

if (process.env.BENCH_TOPIC === 'asker') await askSmall(Number(process.argv[2]));

// `npm run bench`: what the service costs, as ratios to gzip and JSON.parse of the same bytes in the same run.
// The service runs in a process of its own, as its users run it; every figure is the median of the rounds.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { applyDelta } from '../../lib/core/delta/apply.ts';
import { diff } from '../../lib/core/delta/diff.ts';
import { encodeDelta } from '../../lib/core/delta/encode.ts';
import { canonicalText, findTextFault } from '../../lib/core/json/body.ts';
import { createDump, dumpText, withChanges, withHeadInsert, withMove } from './corpus.ts';

const MB = 1_000_000;

interface Service {
  port: number;
  pid: number;
  stop(): Promise<void>;
}

console.log(
  `node ${process.version}, ${new Date().toISOString().slice(0, 10)}; times are medians, in the same run\n`,
);
const service = await startService();
try {
  for (const [bytes, rounds] of [
    [10 * MB, 5],
    [100 * MB, 3],
  ] as const)
    await measureService(service, bytes, rounds);
} finally {
  await service.stop();
}
await measureEngine(100 * MB, 3);

/** Full, incremental (1 % of the rows changed) and restore over HTTP. */
async function measureService({ port, pid }: Service, bytes: number, rounds: number): Promise<void> {
  const dump = createDump(bytes);
  const base = dumpText(dump);
  const target = dumpText(withChanges(dump, 0.01));
  const text = base.toString();
  const times: Record<string, number[]> = {};
  let sizes = { full: 0, incremental: 0 };
  for (let round = 0; round <= rounds; round++) {
    const resource = `bench-${bytes}-${round}`;
    const parse = await timed(() => JSON.parse(text));
    const gzip = await timed(() => gzipSync(base, { level: 6 }));
    const full = await timed(() => create(port, resource, 'full', base));
    const incremental = await timed(() => create(port, resource, 'incremental', target));
    const restore = await timed(() => restored(port, incremental.value.id));
    if (!restore.value.equals(target)) throw new Error('the restore is not exact');
    sizes = { full: full.value.compressedSize, incremental: incremental.value.compressedSize };
    // The first round warms both processes up.
    if (round === 0) continue;
    for (const [name, { ms }] of Object.entries({ parse, gzip, full, incremental, restore })) {
      times[name] = [...(times[name] ?? []), ms];
    }
  }
  const ms = Object.fromEntries(Object.entries(times).map(([name, all]) => [name, median(all)]));
  console.log(
    `state of ${(base.length / MB).toFixed(0)} MB, over HTTP; 1 % of the rows changed for the incremental`,
  );
  table(
    ['full', 'incremental', 'restore'].map((name) => [
      name,
      `${ms[name]!.toFixed(0)} ms`,
      `${(ms[name]! / ms.gzip!).toFixed(2)} x gzipSync 6 (${ms.gzip!.toFixed(0)} ms)`,
      `${(ms[name]! / ms.parse!).toFixed(2)} x JSON.parse (${ms.parse!.toFixed(0)} ms)`,
    ]),
  );
  console.log(
    `stored: full ${sizes.full} B, incremental ${sizes.incremental} B; peak memory of the service ${peakMb(pid)} MB\n`,
  );
}

/** The parts, in this process: scanner, differ, apply. */
async function measureEngine(bytes: number, rounds: number): Promise<void> {
  const dump = createDump(bytes);
  const text = dumpText(dump);
  const base = canonicalText(text);
  const source = text.toString();
  const edits = {
    '1 % of rows changed': withChanges(dump, 0.01),
    'one row inserted at the head': withHeadInsert(dump),
    'a block of rows moved': withMove(dump),
    'every row changed': withChanges(dump, 1),
  };
  const parse = median(await repeat(rounds, () => JSON.parse(source)));
  const scan = median(await repeat(rounds, () => findTextFault(base.bytes)));
  console.log(
    `engine, ${(text.length / MB).toFixed(0)} MB; P is one JSON.parse of the same bytes (${parse.toFixed(0)} ms)`,
  );
  const rows = [['scan and validate', '', `${(scan / parse).toFixed(2)} P`, '']];
  for (const [name, edit] of Object.entries(edits)) {
    const target = canonicalText(dumpText(edit));
    const differing = median(await repeat(rounds, () => diff(base, target)));
    const difference = diff(base, target);
    if (difference === undefined) {
      rows.push([name, 'does not pay: stored whole', `${(differing / parse).toFixed(2)} P`, '']);
      continue;
    }
    const delta = Buffer.concat(encodeDelta(difference));
    const applying = median(await repeat(rounds, () => Buffer.concat(applyDelta(base.bytes, delta))));
    rows.push([
      name,
      `delta ${gzipSync(delta).length} B gzipped`,
      `diff ${(differing / parse).toFixed(2)} P`,
      `apply ${(applying / parse).toFixed(2)} P`,
    ]);
  }
  table(rows);
}

async function startService(): Promise<Service> {
  const dataDir = mkdtempSync(join(tmpdir(), 'backup-bench-'));
  const child = spawn(process.execPath, ['bin/server.ts'], {
    env: { ...process.env, PORT: '0', BACKUP_DATA_DIR: dataDir },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const port = await new Promise<number>((resolve, reject) => {
    let output = '';
    child.once('exit', () => reject(new Error(`the service did not start: ${output}`)));
    child.stdout.on('data', (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-10_000);
      const found = /"listening".*?"port":(\d+)/.exec(output);
      if (found) resolve(Number(found[1]));
    });
  });
  return {
    port,
    pid: child.pid!,
    async stop() {
      child.kill('SIGTERM');
      await once(child, 'exit');
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

interface Created {
  id: string;
  compressedSize: number;
}

async function create(port: number, resourceId: string, type: string, state: Buffer): Promise<Created> {
  const head = Buffer.from(`{"resourceId":"${resourceId}","type":"${type}","data":`);
  return JSON.parse((await post(port, '/backups', [head, state, Buffer.from('}')])).toString()) as Created;
}

async function restored(port: number, backupId: string): Promise<Buffer> {
  const body = Buffer.from(JSON.stringify({ backupId, targetResourceId: 'bench' }));
  const answer = await post(port, '/restore', [body]);
  return answer.subarray(answer.indexOf('"data":') + 7, answer.length - 1);
}

function post(port: number, path: string, parts: Buffer[]): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const headers = {
      'Content-Type': 'application/json',
      'Content-Length': parts.reduce((sum, part) => sum + part.length, 0),
    };
    const sent = request(
      { host: '127.0.0.1', port, path, method: 'POST', headers, agent: false },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () => {
          const body = Buffer.concat(chunks);
          if (answer.statusCode! < 300) resolve(body);
          else reject(new Error(`${path} answered ${answer.statusCode}: ${body.subarray(0, 500)}`));
        });
        answer.on('error', reject);
      },
    );
    sent.on('error', reject);
    for (const part of parts) sent.write(part);
    sent.end();
  });
}

async function timed<T>(work: () => T | Promise<T>): Promise<{ ms: number; value: T }> {
  const started = performance.now();
  const value = await work();
  return { ms: performance.now() - started, value };
}

/** Times of `rounds` runs, after one that is not counted. */
async function repeat(rounds: number, work: () => unknown): Promise<number[]> {
  await work();
  const times: number[] = [];
  for (let i = 0; i < rounds; i++) times.push((await timed(work)).ms);
  return times;
}

function median(values: number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}

function peakMb(pid: number): string {
  try {
    const kilobytes = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kilobytes === undefined ? 'unknown' : (Number(kilobytes) / 1000).toFixed(0);
  } catch {
    return 'unknown';
  }
}

function table(rows: string[][]): void {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  for (const row of rows)
    console.log(`  ${row.map((cell, column) => cell.padEnd(widths[column]!)).join('  ')}`.trimEnd());
}

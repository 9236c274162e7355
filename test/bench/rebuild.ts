// node test/bench/rebuild.ts [backups] [folder]: makes a data folder by the service itself, loses its catalog, and says how long a
// rebuild of it takes, what it holds in memory, and how long the start before and after takes. The folder is removed.

import { fork } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rebuild } from '../../lib/embedded/rebuild/rebuild.ts';
import { openStore } from '../faults/torture/store.ts';
import { timed } from './measure.ts';

const [count = '100000', parent = tmpdir(), folder] = process.argv.slice(2);
const BACKUPS = Number(count);
const WRITERS = 64;
const RESOURCES = 2000;
const clocks = { wall: Date.UTC(2026, 10, 1), monotonic: 0 };
const say = (line: string): boolean => process.stdout.write(`${line}\n`);

async function fill(dataDir: string): Promise<void> {
  const store = await openStore(dataDir, clocks);
  let next = 0;
  const writer = async (): Promise<void> => {
    for (let n = next++; n < BACKUPS; n = next++) {
      const type = n < RESOURCES ? 'full' : 'incremental';
      const rows = Array.from({ length: 20 }, (_, id) => ({ id, at: (n * 7919 + id) % (id + 2) }));
      const body = JSON.stringify({ resourceId: `resource-${n % RESOURCES}`, type, data: { n, rows } });
      const { status, text } = await store.call('POST', '/backups', body);
      if (status !== 201) throw new Error(text);
      store.lines.length = 0;
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, writer));
  await store.close();
}

async function start(dataDir: string): Promise<number> {
  const { ms, value: store } = await timed(() => openStore(dataDir, clocks));
  await store.close();
  return ms / 1000;
}

/** In a process of its own, so that its memory is its own. */
async function measure(dataDir: string): Promise<void> {
  const { ms, value: report } = await timed(() => rebuild(dataDir, { isDryRun: false }));
  const seconds = ms / 1000;
  const megabytes = Math.round(process.resourceUsage().maxRSS / 1024);
  say(
    `rebuilt: ${report.live} backups from ${report.blobs} blobs and ${report.trail.segments} segments in ${seconds.toFixed(1)} s, ` +
      `${Math.round(report.blobs / seconds)} blobs/s, at most ${megabytes} MB`,
  );
}

async function main(): Promise<void> {
  const dataDir = join(mkdtempSync(join(parent, 'backup-rebuild-')), 'data');
  const alive = setInterval(() => undefined, 1000);
  try {
    const { ms } = await timed(() => fill(dataDir));
    say(
      `made: ${BACKUPS} backups of ${Math.min(RESOURCES, BACKUPS)} resources in ${(ms / 1000).toFixed(1)} s`,
    );
    say(`start: ${(await start(dataDir)).toFixed(2)} s`);
    for (const withTrail of [true, false]) {
      for (const name of readdirSync(dataDir)) {
        if (name.startsWith('catalog') || (name === 'trail' && !withTrail)) {
          rmSync(join(dataDir, name), { recursive: true });
        }
      }
      say(withTrail ? 'catalog lost' : 'catalog and trail lost');
      const child = fork(import.meta.filename, [count, parent, dataDir]);
      await new Promise((resolve) => child.once('exit', resolve));
    }
    say(`start: ${(await start(dataDir)).toFixed(2)} s`);
  } finally {
    clearInterval(alive);
    rmSync(join(dataDir, '..'), { recursive: true });
  }
}

await (folder === undefined ? main() : measure(folder));

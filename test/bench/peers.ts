// `npm run bench:peers`: what the service stores and how long it takes, next to other programs that keep versions of a file,
// on the same bytes in the same run. Peers that are not installed are named and left out.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { canonicalText } from '../../lib/core/json/body.ts';
import { createDump, dumpText, withChanges } from './corpus.ts';
import { median, timed } from './measure.ts';
import { fileSizes, isPresent, npmVersions, PEERS, type Peer, type PeerStore } from './peer-tools.ts';
import { create, restoredChunks, type Service, startService } from './service.ts';

const MB = 1_000_000;
const HISTORY_PACKAGE = '@mdn/browser-compat-data';
const HISTORY_VERSIONS = 20;
const DUMP_BYTES = 100 * MB;
const DUMP_INCREMENTALS = 10;

const present = PEERS.filter(isPresent);
const missing = new Set(PEERS.filter((peer) => !present.includes(peer)).map((peer) => peer.debianPackage));
if (missing.size > 0)
  console.log(`left out: ${[...missing].join(', ')} (apt-get install ${[...missing].join(' ')})\n`);

const folder = mkdtempSync(join(tmpdir(), 'backup-peers-'));
try {
  await measureHistory();
  await measureDump();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Releases of a large config tree. */
async function measureHistory(): Promise<void> {
  const cache = process.env.BENCH_CACHE ?? join(tmpdir(), 'backup-bench-cache');
  console.log(`${HISTORY_VERSIONS} versions of ${HISTORY_PACKAGE}, minified (npm pack into ${cache})`);
  let versions: Buffer[];
  try {
    const files = npmVersions(HISTORY_PACKAGE, 'data.json', HISTORY_VERSIONS, cache);
    versions = files.map((file) => Buffer.from(canonicalText(file).bytes));
  } catch (error) {
    console.log(`  left out: it cannot be had (${(error as Error).message.split('\n')[0]})\n`);
    return;
  }
  const results = await measure('history', versions.length, (n) => versions[n]!, present);
  report(results, versions[0]!);
}

/** A database dump, and 1 % of its rows changed each time. */
async function measureDump(): Promise<void> {
  console.log(`dump of ${DUMP_BYTES / MB} MB, full and ${DUMP_INCREMENTALS} incrementals of 1 % of its rows`);
  let dump = createDump(DUMP_BYTES);
  const first = dumpText(dump);
  const versionAt = (n: number): Buffer => {
    if (n === 0) return first;
    dump = withChanges(dump, 0.01, 100 + n);
    return dumpText(dump);
  };
  const peers = present.filter((peer) => peer.isForLarge);
  const results = await measure('dump', DUMP_INCREMENTALS + 1, versionAt, peers);
  report(results, first);
  const [ours, restic] = ['this service', 'restic'].map((name) =>
    results.find((result) => result.name === name),
  );
  const stored = ours!.storedBytes / ours!.fullBytes!;
  console.log(`stored: ${stored.toFixed(3)} x one full (target 1.02)`);
  if (restic === undefined) return;
  const ratio = (of: (result: Result) => number): string => (of(ours!) / of(restic)).toFixed(2);
  console.log(`incremental: ${ratio((result) => median(result.incrementalMs))} x restic backup (target 0.5)`);
  console.log(`restore of the last: ${ratio((result) => result.restoreMs!)} x restic restore (target 1.0)\n`);
}

interface Result {
  name: string;
  fullMs: number;
  incrementalMs: number[];
  restoreMs?: number;
  storedBytes: number;
  /** Of the service: the first blob. */
  fullBytes?: number;
}

async function measure(
  resource: string,
  count: number,
  versionAt: (n: number) => Buffer,
  peers: readonly Peer[],
): Promise<Result[]> {
  const work = join(folder, resource);
  mkdirSync(work);
  const file = join(work, 'state.json');
  const previous = join(work, 'previous.json');
  const service = await startService();
  const blobBytes = (): number[] => fileSizes(join(service.dataDir, 'blobs'));
  const stores = peers.map((peer, k): [PeerStore, Result] => {
    const own = join(work, `peer-${k}`);
    mkdirSync(own);
    return [peer.open(own), { name: peer.name, fullMs: 0, incrementalMs: [], storedBytes: 0 }];
  });
  const ours: Result = { name: 'this service', fullMs: 0, incrementalMs: [], storedBytes: 0 };
  try {
    await warmUp(service);
    const blobsBefore = blobBytes().length;
    const warmBytes = total(blobBytes());
    let backupId = '';
    let version: Buffer = Buffer.alloc(0);
    for (let n = 0; n < count; n++) {
      if (n > 0) writeFileSync(previous, version);
      version = versionAt(n);
      writeFileSync(file, version);
      note(
        ours,
        n,
        await msOf(async () => {
          backupId = await backUp(service, resource, n, version);
        }),
      );
      if (n === 0) ours.fullBytes = total(blobBytes()) - warmBytes;
      for (const [store, result] of stores) {
        note(result, n, await msOf(() => store.backup(file, n === 0 ? undefined : previous)));
      }
    }
    const restored = await timed(() => Array.fromAsync(restoredChunks(service.port, backupId)));
    if (!Buffer.concat(restored.value).equals(version)) throw new Error('the restore is not exact');
    ours.restoreMs = restored.ms;
    ours.storedBytes = total(blobBytes()) - warmBytes;
    if (blobBytes().length - blobsBefore < count) throw new Error('blobs are missing');
    for (const [k, [store, result]] of stores.entries()) {
      store.finish?.();
      result.storedBytes = store.storedBytes();
      if (store.restore === undefined) continue;
      const into = join(work, `restored-${k}`);
      mkdirSync(into);
      const restored = await timed(() => store.restore!(into));
      result.restoreMs = restored.ms;
      if (!readFileSync(restored.value).equals(version))
        throw new Error(`${result.name} did not give the file back`);
    }
  } finally {
    await service.stop();
    rmSync(work, { recursive: true, force: true });
  }
  return [ours, ...stores.map(([, result]) => result)];
}

/** A process that has just been started is slower than the one that its users talk to. */
async function warmUp(service: Service): Promise<void> {
  const dump = createDump(5 * MB, 9);
  for (let n = 0; n < 3; n++) {
    const backupId = await backUp(service, 'warm', n, dumpText(withChanges(dump, 0.01, n)));
    await Array.fromAsync(restoredChunks(service.port, backupId));
  }
}

/** The first one is a full, the others are incrementals. */
async function backUp({ port }: Service, resource: string, n: number, state: Buffer): Promise<string> {
  return (await create(port, resource, n === 0 ? 'full' : 'incremental', state)).id;
}

function report(results: readonly Result[], first: Buffer): void {
  const kilobytes = (bytes: number): string => `${(bytes / 1000).toFixed(1)} KB`;
  const ms = (value: number | undefined): string => (value === undefined ? '-' : `${value.toFixed(0)} ms`);
  console.log(`  gzip -6 of the first version: ${kilobytes(gzipSync(first, { level: 6 }).length)}`);
  const head = ['', 'stored', 'full', 'incremental (median)', 'restore of the last'];
  table([
    head,
    ...results.map((result) => [
      result.name,
      kilobytes(result.storedBytes),
      ms(result.fullMs),
      ms(median(result.incrementalMs)),
      ms(result.restoreMs),
    ]),
  ]);
  console.log();
}

function note(result: Result, n: number, ms: number): void {
  if (n === 0) result.fullMs = ms;
  else result.incrementalMs.push(ms);
}

async function msOf(work: () => unknown): Promise<number> {
  return (await timed(work)).ms;
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function table(rows: string[][]): void {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  for (const row of rows) {
    const cells = row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!),
    );
    console.log(`  ${cells.join('  ')}`.trimEnd());
  }
}

// Whole backups of 100 MB over HTTP: a full, ten incrementals of 1 % each, and the restore of the last; and what is stored.

import { gzipSync } from 'node:zlib';
import { createDump, dumpText, withChanges } from './corpus.ts';
import { MB, median, timed } from './measure.ts';
import type { Report } from './report.ts';
import { create, restoredChunks, startService } from './service.ts';

const ROUNDS = 2;
/** The full is told apart from gzip by little: more rounds of these two. */
const FULL_ROUNDS = 7;
const INCREMENTALS = 10;

interface Round {
  parse: number;
  gzip: number;
  incremental: number;
  restore: number;
  fullBytes: number;
  incrementalBytes: number;
}

export default async function measurePipeline(report: Report): Promise<void> {
  report.section('100 MB through the service');
  report.text(
    'Over HTTP, in a process of its own. P is one JSON.parse, gzip one gzipSync at level 6 of the same bytes. The incremental is the median of ten, each with 1 % of the rows changed; the restore is that of the tenth.',
  );
  const states = statesOf(100 * MB);
  const service = await startService();
  try {
    const rounds: Round[] = [];
    // Warms both processes up, at a tenth of the price.
    await measureRound(service.port, 'warm-up', statesOf(10 * MB));
    for (let round = 0; round < ROUNDS; round++) {
      rounds.push(await measureRound(service.port, `chain-${round}`, states));
    }
    // One figure for a full, wherever it stands: the median of these.
    const fulls = await measureFulls(service.port, states[0]!);
    tell(report, rounds, fulls);
  } finally {
    await service.stop();
  }
}

function statesOf(bytes: number): Buffer[] {
  let dump = createDump(bytes);
  const states = [dumpText(dump)];
  for (let i = 1; i <= INCREMENTALS; i++) {
    dump = withChanges(dump, 0.01, 100 + i);
    states.push(dumpText(dump));
  }
  return states;
}

async function measureRound(port: number, resource: string, states: Buffer[]): Promise<Round> {
  const [first, last] = [states[0]!, states.at(-1)!];
  const text = first.toString();
  const parse = await timed(() => JSON.parse(text));
  const gzip = await timed(() => gzipSync(first, { level: 6 }));
  const full = await create(port, resource, 'full', first);
  const times: number[] = [];
  let { id } = full;
  let incrementalBytes = 0;
  for (const state of states.slice(1)) {
    const { ms, value } = await timed(() => create(port, resource, 'incremental', state));
    times.push(ms);
    incrementalBytes += value.compressedSize;
    id = value.id;
  }
  const restore = await timed(() => Array.fromAsync(restoredChunks(port, id)));
  if (!Buffer.concat(restore.value).equals(last)) throw new Error('the restore is not exact');
  return {
    parse: parse.ms,
    gzip: gzip.ms,
    incremental: median(times),
    restore: restore.ms,
    fullBytes: full.compressedSize,
    incrementalBytes,
  };
}

interface Full {
  ms: number;
  /** To a gzipSync of its own, just before. */
  ratio: number;
}

async function measureFulls(port: number, state: Buffer): Promise<Full[]> {
  const fulls: Full[] = [];
  for (let round = 0; round < FULL_ROUNDS; round++) {
    const gzip = await timed(() => gzipSync(state, { level: 6 }));
    const full = await timed(() => create(port, `full-${round}`, 'full', state));
    fulls.push({ ms: full.ms, ratio: full.ms / gzip.ms });
  }
  return fulls;
}

function tell(report: Report, rounds: readonly Round[], fulls: readonly Full[]): void {
  const of = (name: keyof Round): number => median(rounds.map((round) => round[name]));
  const [parse, gzip] = [of('parse'), of('gzip')];
  const ratios = fulls.map(({ ratio }) => ratio);
  const fullMs = median(fulls.map(({ ms }) => ms));
  const row = (name: string, ms: number, toGzip = ms / gzip): string[] => [
    name,
    ms.toFixed(0),
    toGzip.toFixed(2),
    (ms / parse).toFixed(2),
  ];
  report.table(
    ['', 'ms', 'x gzip', 'x P'],
    [
      row('parse', parse),
      row('gzip', gzip),
      row('full', fullMs, median(ratios)),
      row('incremental', of('incremental')),
      row('restore', of('restore')),
    ],
  );
  const [least, most] = [Math.min(...ratios), Math.max(...ratios)].map((value) => value.toFixed(2));
  report.text(
    `The full is the median of ${FULL_ROUNDS}, each beside a gzipSync of its own: ${least} to ${most} x gzip.`,
  );
  report.target('full of 100 MB', { most: 0.8, unit: 'x gzipSync 6' }, median(ratios));
  const ratio = (name: 'incremental' | 'restore', to: number): number => of(name) / to;
  report.figure('incremental of 100 MB, 1 %', ratio('incremental', gzip), 'x gzipSync 6');
  report.figure('restore of the 10th incremental', ratio('restore', gzip), 'x gzipSync 6');
  const { fullBytes, incrementalBytes } = rounds[0]!;
  report.table(
    ['stored', 'bytes'],
    [
      ['full', String(fullBytes)],
      [`${INCREMENTALS} incrementals`, String(incrementalBytes)],
    ],
  );
  report.target(
    'full + 10 incrementals of 1 %, stored',
    { most: 1.02, unit: 'x one full' },
    (fullBytes + incrementalBytes) / fullBytes,
  );
}

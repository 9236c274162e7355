// How costs grow: with the size of a state, and with the length of a chain.

import { createDump, dumpText, withChanges } from './corpus.ts';
import { exponentOf, MB, median, timed } from './measure.ts';
import type { Report } from './report.ts';
import { create, restored, type Service, startService } from './service.ts';

const SIZES_MB = [1, 10, 100, 400];
const CHAIN_LENGTHS = [1, 2, 4, 8, 16, 32, 64];
const CHAIN_STATE_BYTES = 1 * MB;
const CHAIN_ROUNDS = 5;

export default async function measureGrowth(report: Report): Promise<void> {
  report.section('Growth');
  const service = await startService();
  try {
    await measureSizes(report, service);
    await measureChains(report, service);
  } finally {
    await service.stop();
  }
}

/** Small states more often: their times are short and their noise is large. */
const roundsOf = (megabytes: number): number => (megabytes < 10 ? 9 : megabytes < 100 ? 5 : 1);

async function measureSizes(report: Report, { port }: Service): Promise<void> {
  const points = { full: [], incremental: [], restore: [] } as Record<string, [number, number][]>;
  const rows: string[][] = [];
  for (const megabytes of SIZES_MB) {
    const dump = createDump(megabytes * MB);
    const [base, target] = [dumpText(dump), dumpText(withChanges(dump, 0.01))];
    const times = { full: [], incremental: [], restore: [] } as Record<string, number[]>;
    const rounds = roundsOf(megabytes);
    for (let round = rounds > 1 ? -1 : 0; round < rounds; round++) {
      const resource = `size-${megabytes}-${round}`;
      const full = await timed(() => create(port, resource, 'full', base));
      const incremental = await timed(() => create(port, resource, 'incremental', target));
      const restore = await timed(() => restored(port, incremental.value.id));
      if (!restore.value.equals(target)) throw new Error('the restore is not exact');
      if (round < 0) continue;
      for (const [name, { ms }] of Object.entries({ full, incremental, restore })) times[name]!.push(ms);
    }
    const ms = (name: string): number => median(times[name]!);
    for (const name of Object.keys(points)) points[name]!.push([megabytes, ms(name)]);
    rows.push([
      String(megabytes),
      ...Object.keys(points).flatMap((name) => [ms(name).toFixed(0), (ms(name) / megabytes).toFixed(1)]),
    ]);
  }
  report.text('Size of the state. The exponent is the slope of the logarithms: 1 is linear.');
  report.table(
    ['MB', ...Object.keys(points).flatMap((name) => [`${name} ms`, 'ms per MB'])],
    [...rows, ['exponent', ...Object.values(points).flatMap((line) => [exponentOf(line).toFixed(2), ''])]],
  );
}

async function measureChains(report: Report, { port }: Service): Promise<void> {
  let dump = createDump(CHAIN_STATE_BYTES);
  await create(port, 'chain', 'full', dumpText(dump));
  const rows: string[][] = [];
  const points: [number, number][] = [];
  let last = '';
  for (let length = 1; length <= CHAIN_LENGTHS.at(-1)!; length++) {
    dump = withChanges(dump, 0.01, 200 + length);
    const state = dumpText(dump);
    const backup = await create(port, 'chain', 'incremental', state);
    last = backup.id;
    if (!CHAIN_LENGTHS.includes(length)) continue;
    const times: number[] = [];
    for (let round = -1; round < CHAIN_ROUNDS; round++) {
      const { ms, value } = await timed(() => restored(port, last));
      if (!value.equals(state)) throw new Error('the restore is not exact');
      if (round >= 0) times.push(ms);
    }
    points.push([length, median(times)]);
    rows.push([String(length), String(backup.chainLength), median(times).toFixed(1)]);
  }
  report.text(
    'Incrementals since the full of a state of 1 MB: a checkpoint after 32 deltas bounds what a restore reads.',
  );
  report.table(
    ['incrementals', 'blobs read', 'restore ms'],
    [...rows, ['exponent', '', exponentOf(points).toFixed(2)]],
  );
}

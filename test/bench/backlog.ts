// How a backlog of expired backups drains, behind as many that are kept: `BACKUP_BENCH_BACKLOG` says how many.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCatalog } from '../../lib/embedded/catalog/catalog.ts';
import { openDatabase } from '../../lib/embedded/catalog/database.ts';
import type { Deps } from '../../lib/service/contract/deps.ts';
import { sweep } from '../../lib/service/retention/sweep.ts';
import { createBacklog } from '../service/retention/backlog-world.ts';
import { timed } from './measure.ts';
import type { Report } from './report.ts';

const DUE_OF_EACH = 10;
const DAY_MS = 86_400_000;
/** Of each sweep: so that it takes many, as on AWS. */
const BUDGET_MS = 30_000;
const MB = 1e6;

export default async function measureBacklog(report: Report): Promise<void> {
  const total = Number(process.env.BACKUP_BENCH_BACKLOG ?? 1_000_000);
  report.section('A backlog that drains');
  report.text(
    `SQLite on disk, through the port; ${total} backups that are due, ${DUE_OF_EACH} of each resource, behind ${total / 10} resources whose only backup has expired and is kept. Blobs are their headers alone. Sweeps of ${BUDGET_MS / 1000} s until one is through; then, after the grace period, again. No wait for a crowd.`,
  );
  const folder = mkdtempSync(join(tmpdir(), 'backup-bench-backlog-'));
  const database = openDatabase(folder);
  try {
    const catalog = createCatalog(database);
    const size = { resources: total / DUE_OF_EACH, due: DUE_OF_EACH, kept: total / 10 };
    const { deps, pass } = await createBacklog(catalog, size);
    const hiding = await drain(deps, ({ expired }) => expired);
    pass(2 * DAY_MS);
    const removing = await drain(deps, ({ blobsRemoved }) => blobsRemoved);
    report.table(
      ['', 'backups', 's', 'a second', 'sweeps', 'MB resident at most'],
      [
        ['hidden', ...cells(hiding)],
        ['removed', ...cells(removing)],
      ],
    );
    const seconds = (hiding.ms + removing.ms) / 1000;
    report.figure('expiries of a backlog', Math.round(hiding.done / seconds), 'a second, hidden and removed');
  } finally {
    database.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Drained {
  done: number;
  ms: number;
  sweeps: number;
  residentBytes: number;
}

async function drain(
  deps: Deps,
  countOf: (summary: Awaited<ReturnType<typeof sweep>>) => number,
): Promise<Drained> {
  const drained: Drained = { done: 0, ms: 0, sweeps: 0, residentBytes: 0 };
  for (let finished = false; !finished; drained.sweeps++) {
    const { ms, value: result } = await timed(() => sweep(deps, deps.clock.now() + BUDGET_MS));
    drained.done += countOf(result);
    drained.ms += ms;
    drained.residentBytes = Math.max(drained.residentBytes, process.memoryUsage().rss);
    ({ finished } = result);
  }
  return drained;
}

function cells({ done, ms, sweeps, residentBytes }: Drained): string[] {
  const figures = [done, ms / 1000, (done * 1000) / ms, sweeps, residentBytes / MB];
  return figures.map((figure) => figure.toFixed(0));
}

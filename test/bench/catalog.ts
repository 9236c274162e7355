// The catalog in SQLite as it fills: what a commit, a look-up and a page cost with up to a million backups in it.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { baseRefOf } from '../../lib/core/records/chain.ts';
import type { BackupRecord } from '../../lib/core/records/model.ts';
import { createCatalog } from '../../lib/embedded/catalog/catalog.ts';
import { openDatabase } from '../../lib/embedded/catalog/database.ts';
import type { Catalog } from '../../lib/ports/catalog.ts';
import type { Change } from '../../lib/ports/change.ts';
import { createRandom } from './corpus.ts';
import { exponentOf, median, timed } from './measure.ts';
import { noOpBytes } from './no-op.ts';
import type { Report } from './report.ts';

const SIZES = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000];
/** A resource for so many backups: more than the snapshots that are kept, so that these are trimmed too. */
const PER_RESOURCE = 200;
const MINUTE_MS = 60_000;
const EPOCH_MS = 1_700_000_000_000;
/** Records of a commit, which the port bounds, and commits that share a transaction. */
const RECORDS = 45;
const COMMITS = 64;
const LOOK_UPS = 2000;
const COMMITS_TIMED = 100;

export default async function measureCatalog(report: Report): Promise<void> {
  await measureNoOp(report);
  report.section('Growth of the catalog');
  report.text(
    `SQLite on disk, through the port; ${PER_RESOURCE} backups a resource. Filled in batches; then one commit alone, as a create makes it, and reads at random. Medians of ${COMMITS_TIMED} commits; means of ${LOOK_UPS} reads.`,
  );
  const folder = mkdtempSync(join(tmpdir(), 'backup-bench-catalog-'));
  const database = openDatabase(folder);
  try {
    const catalog = createCatalog(database);
    const rows: string[][] = [];
    const points: [number, number][][] = [];
    let filled = 0;
    for (const size of SIZES) {
      const before = filled;
      const filling = await timed(() => fill(catalog, before, size));
      filled = Math.max(before, size);
      const costs = await measureAt(catalog, filled);
      rows.push([
        String(filled),
        ...costs.map((us) => us.toFixed(0)),
        ((filling.ms * 1000) / Math.max(1, filled - before)).toFixed(0),
      ]);
      for (const [i, us] of costs.entries()) points[i] = [...(points[i] ?? []), [filled, us]];
      filled += COMMITS_TIMED;
    }
    report.table(
      ['backups', 'create commit us', 'get us', 'list page us', 'point in time us', 'fill us each'],
      [...rows, ['exponent', ...points.map((line) => exponentOf(line).toFixed(2)), '']],
    );
  } finally {
    database.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measureNoOp(report: Report): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'backup-bench-catalog-'));
  try {
    const target = { most: 1024, unit: 'bytes' };
    report.target('catalog, an incremental that changes nothing', target, await noOpBytes(folder));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Backups from one number to another, neither of which is in the catalog yet. */
async function fill(catalog: Catalog, from: number, to: number): Promise<void> {
  for (let at = from; at < to; ) {
    const commits: Promise<void>[] = [];
    for (let i = 0; i < COMMITS && at < to; i++) {
      const changes: Change[] = [];
      for (let j = 0; j < RECORDS && at < to; j++, at++) changes.push(...changesOf(at));
      commits.push(catalog.commit(changes));
    }
    await Promise.all(commits);
  }
}

async function measureAt(catalog: Catalog, size: number): Promise<number[]> {
  const random = createRandom(size);
  const some = (): number => Math.floor(random() * size);
  const commits: number[] = [];
  for (let i = 0; i < COMMITS_TIMED; i++) {
    commits.push((await timed(() => catalog.commit(createOf(size + i)))).ms * 1000);
  }
  const mean = async (read: () => Promise<unknown>): Promise<number> => {
    const { ms } = await timed(async () => {
      for (let i = 0; i < LOOK_UPS; i++) if ((await read()) === undefined) throw new Error('not found');
    });
    return (ms * 1000) / LOOK_UPS;
  };
  return [
    median(commits),
    await mean(() => catalog.getBackup(idOf(some()))),
    await mean(() => catalog.listBackups({ resourceId: resourceOf(some()), limit: 50 })),
    await mean(async () => {
      const number = some();
      return (await catalog.findSnapshot(resourceOf(number), Number.MAX_SAFE_INTEGER)).found;
    }),
  ];
}

const idOf = (number: number): string => `backup-${number + 1}`;
const resourceOf = (number: number): string => `resource-${Math.floor(number / PER_RESOURCE)}`;
const hexOf = (number: number, digits: number): string =>
  // Spread as real ids are: an index that grows at its end only would be too cheap.
  (Math.imul(number + 1, 0x9e3779b1) >>> 0)
    .toString(16)
    .padStart(8, '0')
    .repeat(digits / 8);

function changesOf(number: number): Change[] {
  const record = recordOf(number);
  const { resourceId, createdAt, sequence, id } = record;
  return [
    { kind: 'backup.insert', record },
    { kind: 'snapshot.add', pointer: { resourceId, createdAt, sequence, backupId: id } },
  ];
}

/** All that a create commits. */
function createOf(number: number): Change[] {
  const record = recordOf(number);
  const { resourceId, createdAt, sequence, id } = record;
  const latest = baseRefOf(record);
  const event = { id: `event-${number}`, at: createdAt, action: 'backup.created', actor: 'bench' } as const;
  return [
    {
      kind: 'head.put',
      head: { resourceId: `${resourceId}-${number}`, sequence, createdAt, latest, version: 1 },
      expect: 0,
    },
    ...changesOf(number),
    { kind: 'event.append', event: { ...event, resourceId, backupId: id } },
  ];
}

function recordOf(number: number): BackupRecord {
  const createdAt = EPOCH_MS + number * MINUTE_MS;
  const resourceId = resourceOf(number);
  const checksum = hexOf(number, 64);
  const id = idOf(number);
  return {
    id,
    resourceId,
    resourceType: 'database',
    type: 'full',
    status: 'completed',
    sequence: (number % PER_RESOURCE) + 1,
    size: 2048,
    compressedSize: 800,
    checksum,
    encrypted: true,
    chainId: id,
    chain: [
      {
        blobId: hexOf(number, 32),
        kind: 'state',
        backupId: id,
        sequence: (number % PER_RESOURCE) + 1,
        bytes: 1200,
        sha256: checksum,
        encrypted: true,
        checksum,
        size: 2048,
      },
    ],
    key: { keyId: 'local/bench', keyVersion: '1', wrapped: 'A'.repeat(80) },
    metadata: { version: '1.0', source: 'bench', tags: {}, retentionDays: 30 },
    createdAt,
    completedAt: createdAt,
    expiresAt: createdAt + 30 * 24 * 60 * MINUTE_MS,
    version: 1,
  };
}

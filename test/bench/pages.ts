// Pages of lists in a large catalog: of resources, and of one resource's backups; through the port and over HTTP, on a
// service in a process of its own.

import { baseRefOf } from '../../lib/core/records/chain.ts';
import type { BackupRecord } from '../../lib/core/records/model.ts';
import { createCatalog } from '../../lib/embedded/catalog/catalog.ts';
import { openDatabase } from '../../lib/embedded/catalog/database.ts';
import type { Catalog } from '../../lib/ports/catalog.ts';
import type { Change } from '../../lib/ports/change.ts';
import { median, timed } from './measure.ts';
import type { Report } from './report.ts';
import { create, startService } from './service.ts';

const RESOURCES = 100_000;
const BACKUPS = 10_000;
const PAGE = 50;
const LOOKS = 300;
const TARGET_MS = 5;
/** Changes of a commit, which the port bounds, and commits that share a transaction. */
const COMMIT_CHANGES = 90;
const COMMITS = 64;
const MINUTE_MS = 60_000;
const EPOCH_MS = 1_700_000_000_000;

export default async function measurePages(report: Report): Promise<void> {
  report.section('Pages of large lists');
  report.text(
    `Pages of ${PAGE}, one after the other, of ${RESOURCES} resources, of the ${BACKUPS} backups of one of them, and of all backups; medians of ${LOOKS}, through the port and over HTTP. /health beside them tells what a request costs that lists nothing.`,
  );
  let service = await startService();
  try {
    await create(service.port, 'a-first', 'full', Buffer.from('{}'));
    const ofPort: number[][] = [];
    service = await service.restart(async (dataDir) => {
      const database = openDatabase(dataDir);
      try {
        const catalog = createCatalog(database);
        await fill(catalog);
        ofPort.push(...(await measurePort(catalog)));
      } finally {
        database.close();
      }
    });
    const overHttp = await measureHttp(service.port);
    const names = [`of ${RESOURCES} resources`, `of ${BACKUPS} backups of a resource`, 'of all backups'];
    const rows = names.map((name, i) => {
      const [port, http] = [median(ofPort[i]!), median(overHttp[i]!)];
      report.target(`page of ${PAGE} ${name}`, { most: TARGET_MS, unit: 'ms' }, http);
      return [name, port.toFixed(2), http.toFixed(2)];
    });
    report.table(['', 'port ms', 'HTTP ms'], [...rows, ['/health', '', median(overHttp[3]!).toFixed(2)]]);
  } finally {
    await service.stop();
  }
}

async function fill(catalog: Catalog): Promise<void> {
  const resource = (n: number): Change[] => changesOf(`resource-${String(n).padStart(6, '0')}`, n, 1, true);
  const backup = (n: number): Change[] => changesOf('many', RESOURCES + n, n + 1, n === BACKUPS - 1);
  for (const [count, changes] of [
    [RESOURCES, resource],
    [BACKUPS, backup],
  ] as const) {
    for (let n = 0; n < count; ) {
      const commits: Promise<void>[] = [];
      for (let i = 0; i < COMMITS && n < count; i++) {
        const together: Change[] = [];
        while (n < count && together.length < COMMIT_CHANGES - 2) together.push(...changes(n++));
        commits.push(catalog.commit(together));
      }
      await Promise.all(commits);
    }
  }
}

/** Milliseconds of each page. */
async function measurePort(catalog: Catalog): Promise<number[][]> {
  return [
    await walk((cursor) => catalog.listHeads({ limit: PAGE, ...cursor })),
    await walk((cursor) => catalog.listBackups({ resourceId: 'many', limit: PAGE, ...cursor })),
    await walk((cursor) => catalog.listBackups({ limit: PAGE, ...cursor })),
  ];
}

async function measureHttp(port: number): Promise<number[][]> {
  const page = (path: string, { cursor }: { cursor?: string }) =>
    get(`${path}?limit=${PAGE}${cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`}`);
  const get = async (path: string) => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`);
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${answer.status} ${text.slice(0, 500)}`);
    return { cursor: (JSON.parse(text) as { nextCursor?: string }).nextCursor };
  };
  return [
    await walk((cursor) => page('/resources', cursor)),
    await walk((cursor) => page('/resources/many/backups', cursor)),
    await walk((cursor) => page('/backups', cursor)),
    await walk(() => get('/health')),
  ];
}

/** Page after page, and from the front again behind the last. */
async function walk(
  read: (at: { cursor?: string }) => Promise<{ cursor?: string | undefined }>,
): Promise<number[]> {
  const taken: number[] = [];
  let at: { cursor?: string } = {};
  for (let n = 0; n < LOOKS; n++) {
    const { ms, value } = await timed(() => read(at));
    taken.push(ms);
    at = value.cursor === undefined ? {} : { cursor: value.cursor };
  }
  return taken;
}

/** A backup, and the head of its resource if it is the newest one. */
function changesOf(resourceId: string, number: number, sequence: number, isNewest: boolean): Change[] {
  const record = recordOf(resourceId, number, sequence);
  const { createdAt, id } = record;
  const changes: Change[] = [
    { kind: 'backup.insert', record },
    { kind: 'snapshot.add', pointer: { resourceId, createdAt, sequence, backupId: id } },
  ];
  if (!isNewest) return changes;
  const head = { resourceId, sequence, createdAt, latest: baseRefOf(record), version: 1 };
  return [...changes, { kind: 'head.put', head, expect: 0 }];
}

function recordOf(resourceId: string, number: number, sequence: number): BackupRecord {
  const hex = (digits: number): string =>
    // Spread as real ids are.
    (Math.imul(number + 1, 0x9e3779b1) >>> 0)
      .toString(16)
      .padStart(8, '0')
      .repeat(digits / 8);
  const createdAt = EPOCH_MS + number * MINUTE_MS;
  const id = `old-${number}`;
  const [size, checksum] = [2048, hex(64)];
  const place = { blobId: hex(32), kind: 'state', backupId: id, sequence } as const;
  return {
    ...{ id, resourceId, resourceType: 'database', type: 'full', status: 'completed', sequence },
    ...{ size, compressedSize: 800, checksum, encrypted: true, chainId: id },
    chain: [{ ...place, bytes: 1200, sha256: checksum, encrypted: true, checksum, size }],
    key: { keyId: 'local/bench', keyVersion: '1', wrapped: 'A'.repeat(80) },
    metadata: { version: '1.0', source: 'bench', tags: {}, retentionDays: 0 },
    ...{ createdAt, completedAt: createdAt, version: 1 },
  };
}

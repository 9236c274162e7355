// A backlog: so many backups that have expired, behind others that are kept. The catalog is a real one; blobs are nothing but their
// headers, made when they are read, so that a million of them take no room.

import { prefixOf } from '../../../lib/core/blob/frame.ts';
import { encodeHeader } from '../../../lib/core/blob/header.ts';
import { baseRefOf } from '../../../lib/core/records/chain.ts';
import type { BackupRecord } from '../../../lib/core/records/model.ts';
import type { BlobStore } from '../../../lib/ports/blob-store.ts';
import type { Catalog } from '../../../lib/ports/catalog.ts';
import type { Change } from '../../../lib/ports/change.ts';
import { PortError } from '../../../lib/ports/errors.ts';
import { createWorld, DAY, START } from '../world.ts';

export interface BacklogSize {
  /** Resources, and of each so many backups that go; one more of each stays. */
  resources: number;
  due: number;
  /** Resources whose only backup has expired, before all others, and is kept because it is the newest. */
  kept: number;
}

/** Changes of a commit, and commits that are made at once. */
const RECORDS = 20;
const COMMITS = 64;

/**
 * A world over that catalog, from a moment at which all of the backlog is due. Its clock goes on with the machine's, or by a millisecond whenever
 * somebody looks at it: what is done in a time is then the same on every machine.
 */
export async function createBacklog(catalog: Catalog, size: BacklogSize, isSteady = false) {
  const removed = new Set<string>();
  const world = createWorld(({ blobs }) => ({ catalog, blobs: headersOnly(blobs, removed) }));
  await fill(catalog, size);
  const began = performance.now();
  let moved = 3 * DAY;
  let looks = 0;
  const passed = isSteady ? () => ++looks : () => Math.round(performance.now() - began);
  const clock = { ...world.clock, now: () => START + moved + passed() };
  return {
    deps: { ...world.deps, clock },
    removed,
    pass(ms: number): void {
      moved += ms;
    },
  };
}

async function fill(catalog: Catalog, { resources, due, kept }: BacklogSize): Promise<void> {
  let together: Promise<void>[] = [];
  let changes: Change[] = [];
  const send = async (): Promise<void> => {
    if (changes.length > 0) together.push(catalog.commit(changes));
    changes = [];
    if (together.length < COMMITS) return;
    await Promise.all(together);
    together = [];
  };
  for (let n = 0; n < kept; n++) await add(`kept-${n}`, [recordOf(`kept-${n}`, n, 1, START + 1)]);
  for (let n = 0; n < resources; n++) {
    const number = (sequence: number) => kept + n * (due + 1) + sequence;
    const going = Array.from({ length: due }, (_, i) =>
      recordOf(`r-${n}`, number(i), i + 1, START + DAY + n),
    );
    await add(`r-${n}`, [...going, recordOf(`r-${n}`, number(due), due + 1, START + 90 * DAY)]);
  }
  await send();
  await Promise.all(together);

  async function add(resourceId: string, records: BackupRecord[]): Promise<void> {
    for (const record of records) {
      changes.push({ kind: 'backup.insert', record });
      if (changes.length >= RECORDS) await send();
    }
    const { sequence, createdAt } = records.at(-1)!;
    const latest = baseRefOf(records.at(-1)!);
    const head = { resourceId, sequence, createdAt, latest, latestFull: latest, version: 1 };
    changes.push({ kind: 'head.put', head, expect: 0 });
    if (changes.length >= RECORDS) await send();
  }
}

function recordOf(resourceId: string, number: number, sequence: number, expiresAt: number): BackupRecord {
  const id = `backup-${number + 1}`;
  const blobId = blobIdOf(resourceId, sequence, expiresAt, number);
  const checksum = 'c'.repeat(64);
  const own = { blobId, kind: 'state', backupId: id, sequence, bytes: 900, sha256: checksum } as const;
  return {
    ...{ id, resourceId, resourceType: 'database', type: 'full', status: 'completed', sequence },
    ...{ size: 2048, compressedSize: 800, checksum, encrypted: false, chainId: id },
    chain: [{ ...own, encrypted: false, checksum, size: 2048 }],
    metadata: { version: '1.0', source: 'bench', tags: {}, retentionDays: 1 },
    ...{ createdAt: START, completedAt: START, expiresAt, version: 1 },
  };
}

/** It says what it is of: the number of the backup, its place, and the milliseconds after the start at which it expires. */
function blobIdOf(resourceId: string, sequence: number, expiresAt: number, number: number): string {
  const [kind, nth] = resourceId.split('-') as [string, string];
  const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0');
  // The number first: ids are spread as real ones are.
  const spread = hex(Math.imul(number + 1, 0x9e3779b1) >>> 0, 8);
  return `${spread}${kind === 'kept' ? 1 : 0}${hex(Number(nth), 6)}${hex(sequence, 4)}${hex(expiresAt - START, 9)}0000`;
}

const INVERSE = 0x0e8b2f51;

function recordIn(blobId: string): BackupRecord {
  const number = (Math.imul(Number.parseInt(blobId.slice(0, 8), 16), INVERSE) >>> 0) - 1;
  const part = (from: number, to: number) => Number.parseInt(blobId.slice(from, to), 16);
  const resourceId = `${blobId[8] === '1' ? 'kept' : 'r'}-${part(9, 15)}`;
  return recordOf(resourceId, number, part(15, 19), START + part(19, 28));
}

function headersOnly(blobs: BlobStore, removed: Set<string>): BlobStore {
  return {
    ...blobs,
    async get(blobId) {
      if (removed.has(blobId)) throw new PortError('not_found', 'no such blob');
      const { id: backupId, compressedSize: compressedBytes, ...record } = recordIn(blobId);
      const { resourceId, resourceType, sequence, type, chainId, checksum, size, metadata } = record;
      const { createdAt, expiresAt } = record;
      const header = encodeHeader({
        ...{ blobId, kind: 'state', backupId, resourceId, resourceType, sequence, type, chainId, checksum },
        ...{ size, metadata, createdAt, plainBytes: size, plainSha256: checksum, codec: 'gzip' },
        ...{ compressedBytes, cipher: 'none', ...(expiresAt === undefined ? {} : { expiresAt }) },
      });
      return (async function* () {
        yield Buffer.concat([prefixOf(header.length), header]);
      })();
    },
    async delete(blobId) {
      removed.add(blobId);
    },
  };
}

// What an incremental that changes nothing leaves in the catalog of one machine: the bytes by which its file grows, free room of
// its pages included.

import { randomBytes, randomUUID } from 'node:crypto';
import { withBackup } from '../../lib/core/records/chain.ts';
import { LIMITS } from '../../lib/core/records/limits.ts';
import type { BackupRecord, BlobRef, ResourceHead } from '../../lib/core/records/model.ts';
import { createCatalog } from '../../lib/embedded/catalog/catalog.ts';
import { type Database, openDatabase } from '../../lib/embedded/catalog/database.ts';
import type { Change } from '../../lib/ports/change.ts';

/** More than the snapshots that are kept: from then on a new one takes the place of another. */
const BEFORE = LIMITS.snapshotsMax + 20;
/** So many that a page more or less is not seen. */
const COUNTED = 1000;
const MINUTE_MS = 60_000;
const EPOCH_MS = 1_700_000_000_000;

/** Bytes for each incremental, in an empty folder. */
export async function noOpBytes(folder: string, resourceId = 'config'): Promise<number> {
  const database = openDatabase(folder);
  try {
    const catalog = createCatalog(database);
    const checksum = hex(32);
    const key = { keyId: `local/k1-${hex(8)}`, keyVersion: '1', wrapped: randomBytes(60).toString('base64') };
    let head: ResourceHead | undefined;
    let latest: BackupRecord | undefined;
    let before = 0;
    for (let sequence = 1; sequence <= BEFORE + COUNTED; sequence++) {
      latest = recordOn(latest, { resourceId, sequence, checksum, key });
      const changes = createOf(latest, head);
      head = (changes[0] as Extract<Change, { kind: 'head.put' }>).head;
      const committed = catalog.commit(changes);
      // Many share one flush.
      if (sequence % 50 === 0) await committed;
      if (sequence === BEFORE) {
        await committed;
        before = bytesOf(database);
      }
    }
    await catalog.check();
    return (bytesOf(database) - before) / COUNTED;
  } finally {
    database.close();
  }
}

const hex = (bytes: number): string => randomBytes(bytes).toString('hex');

/** What waits for the trail is gone a minute later. */
function bytesOf(database: Database): number {
  const all = `SELECT sum(pgsize) AS bytes FROM dbstat WHERE name <> 'outbox'`;
  return database.statement<{ bytes: number }>(all).get()!.bytes;
}

type Given = Pick<BackupRecord, 'resourceId' | 'sequence' | 'checksum'> & Pick<Required<BackupRecord>, 'key'>;

function recordOn(base: BackupRecord | undefined, given: Given): BackupRecord {
  const { sequence, checksum } = given;
  const id = `backup-${sequence}`;
  const createdAt = EPOCH_MS + sequence * MINUTE_MS;
  const isWhole = base === undefined || base.chain.length > LIMITS.chainDeltasMax;
  const own: BlobRef = {
    blobId: hex(16),
    kind: isWhole ? 'state' : 'delta',
    backupId: id,
    sequence,
    bytes: 1223,
    sha256: hex(32),
    encrypted: true,
    checksum,
    size: 2048,
  };
  return {
    ...given,
    id,
    resourceType: 'generic',
    type: base === undefined ? 'full' : 'incremental',
    status: 'completed',
    size: 2048,
    compressedSize: 83,
    encrypted: true,
    ...(base === undefined ? {} : { baseBackupId: base.id }),
    chainId: base?.chainId ?? id,
    chain: [...(isWhole ? [] : base.chain), own],
    changes: { additions: 0, changes: 0, deletions: 0, moves: 0 },
    metadata: { version: '1.0', source: 'api', tags: {}, retentionDays: 30 },
    createdAt,
    completedAt: createdAt + 3,
    expiresAt: createdAt + 30 * 24 * 60 * MINUTE_MS,
    version: 1,
  };
}

/** All that a create commits. */
function createOf(record: BackupRecord, before: ResourceHead | undefined): Change[] {
  const { id, resourceId, sequence, createdAt, type, size, compressedSize } = record;
  const version = before?.version ?? 0;
  const head = withBackup({ ...before, resourceId, sequence, createdAt, version: version + 1 }, record);
  return [
    { kind: 'head.put', head, expect: version },
    { kind: 'backup.insert', record },
    { kind: 'snapshot.add', pointer: { resourceId, createdAt, sequence, backupId: id } },
    {
      kind: 'event.append',
      event: {
        id: randomUUID(),
        at: createdAt,
        action: 'backup.created',
        actor: 'api',
        address: '127.0.0.1',
        resourceId,
        backupId: id,
        detail: { type, sequence, size, compressedSize },
      },
    },
  ];
}

// A whole service over memory adapters, with a clock that the test holds.

import { HASH_SEED_BYTES } from '../../lib/core/bytes/content-hash.ts';
import { canonicalText } from '../../lib/core/json/body.ts';
import { createKernel } from '../../lib/core/json/kernel/kernel.ts';
import { MEMORY_BOUNDS } from '../../lib/core/records/limits.ts';
import type { BackupRecord, BackupType } from '../../lib/core/records/model.ts';
import { RATES } from '../../lib/embedded/rates.ts';
import { silentLogger } from '../../lib/log.ts';
import { createMemoryBlobStore } from '../../lib/memory/blob-store.ts';
import { createMemoryCatalog } from '../../lib/memory/catalog.ts';
import { createManualClock } from '../../lib/memory/clock.ts';
import { createMemoryEventSink } from '../../lib/memory/event-sink.ts';
import { createMemoryKeyring } from '../../lib/memory/keyring.ts';
import { createMemoryQueue } from '../../lib/memory/queue.ts';
import { createMemoryTransferStore, type MemoryTransferStore } from '../../lib/memory/transfers.ts';
import type { Random } from '../../lib/ports/random.ts';
import { inThisThread } from '../../lib/ports/text-work.ts';
import type { TransferStore } from '../../lib/ports/transfer-store.ts';
import { systemRandom } from '../../lib/random.ts';
import type { CreateBackupInput, RestoreOutput, RestoreResult } from '../../lib/service/contract/api.ts';
import type { Deps } from '../../lib/service/contract/deps.ts';
import { createClockWatch } from '../../lib/service/kit/clock-watch.ts';
import { createGate } from '../../lib/service/kit/gate.ts';
import { createTrust, writtenProof } from '../../lib/service/kit/trust.ts';
import { createLateOperations } from '../../lib/service/restores/late-operations.ts';
import { createService } from '../../lib/service/service.ts';

export const DAY = 86_400_000;
export const START = Date.UTC(2026, 0, 1, 12);
export const OPTIONS = {
  allowUnencrypted: true,
  graceMs: DAY,
  // For the tests of what waits: in all others time passes as they say.
  expiryHoldMs: 0,
  auditMs: 0,
  uploadBytesMax: 1_000_000,
  syncBytesMax: Number.POSITIVE_INFINITY,
  verifyBytesMax: Number.POSITIVE_INFINITY,
  memory: MEMORY_BOUNDS,
  writersDelete: true,
};
const CALLER = { actor: 'tester' };

export type World = ReturnType<typeof createWorld>;

/** `replace` swaps ports for faulty ones; `random` makes one world twice. */
export function createWorld(
  replace: (deps: Deps) => Partial<Deps> = () => ({}),
  random: Random = systemRandom,
) {
  const clock = createManualClock(START);
  const isWanted = process.env.BACKUP_KERNEL !== 'off';
  const kernel = createKernel({ isWanted, seed: random.bytes(HASH_SEED_BYTES) });
  const uploads = createMemoryTransferStore(clock);
  const catalog = createMemoryCatalog();
  const plain: Deps = {
    blobs: createMemoryBlobStore(clock),
    catalog,
    keyring: createMemoryKeyring(random),
    queue: createMemoryQueue(clock),
    events: createMemoryEventSink(),
    clock,
    random,
    clockWatch: createClockWatch(clock),
    log: silentLogger,
    options: { ...OPTIONS },
    transfers: withoutResults(uploads),
    rates: RATES,
    gate: createGate(),
    kernel,
    texts: inThisThread(kernel),
    late: createLateOperations(),
    trust: createTrust(silentLogger, clock, { written: () => writtenProof(catalog) }),
  };
  const deps: Deps = { ...plain, ...replace(plain) };
  const service = createService(deps);

  async function make(
    resourceId: string,
    json: string,
    input: Partial<CreateBackupInput>,
  ): Promise<BackupRecord> {
    const { backup } = await service.createBackup({ ...inputOf(resourceId, json), ...input }, CALLER);
    // No two are of one moment, unless a test says so.
    clock.advance(1);
    return backup;
  }

  return {
    clock,
    deps,
    uploads,
    /** The ports without faults, to look behind the service. */
    plain,
    service,
    async backup(
      resourceId: string,
      json: string,
      input: Partial<CreateBackupInput> = {},
    ): Promise<BackupRecord> {
      return make(resourceId, json, input);
    },
    make: (resourceId: string, json: string, type: BackupType, input: Partial<CreateBackupInput> = {}) =>
      make(resourceId, json, { type, ...input }),
    remove: (id: string) => service.deleteBackup(id, CALLER),
    restore: (backupId: string) => service.restore({ ...RESTORE, backupId }, CALLER),
    async text(backupId: string): Promise<string> {
      return textOf(await service.restore({ ...RESTORE, backupId }, CALLER));
    },
    async textAt(resourceId: string, at: number): Promise<string> {
      return textOf(await service.restorePointInTime({ ...RESTORE, resourceId, at }, CALLER));
    },
    async blobCount(): Promise<number> {
      return (await plain.blobs.list({ limit: 1000, writtenBefore: Number.MAX_SAFE_INTEGER })).items.length;
    },
  };
}

const RESTORE = { targetResourceId: 'restored', createdBy: 'tester', validate: true, async: false };

function withoutResults({ results: _results, ...uploads }: MemoryTransferStore): TransferStore {
  return uploads;
}

export function inputOf(resourceId: string, json: string): CreateBackupInput {
  return {
    resourceId,
    resourceType: 'generic',
    type: 'full',
    state: canonicalText(json),
    metadata: { version: '1.0', source: 'test', tags: {}, retentionDays: 30 },
    encrypt: true,
  };
}

/** What a restore has given, all of which has to be in memory. */
export function textOf({ data }: Pick<RestoreOutput, 'data'> | RestoreResult): string {
  if (data === undefined) throw new Error('the restore gave no data');
  if (Symbol.asyncIterator in data.chunks) throw new Error('the restore gave a stream');
  return Buffer.concat(data.chunks).toString();
}

// The catalog in one DynamoDB table. A record stands alone under its id; what belongs to a resource stands together, to
// be read strongly consistent; what is listed across resources is found by sparse, write-sharded indexes, whose entries
// are checked against the table before they are shown. An index may be a moment behind: a list by index then shows a
// new record a moment later, and never one that has changed or gone.

import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { forEachAtOnce } from '../../core/at-once.ts';
import type { DocumentRecord } from '../../core/records/document.ts';
import { backupNamedBy } from '../../core/records/ids.ts';
import { LIMITS } from '../../core/records/limits.ts';
import { counted, NOTHING_LIVE } from '../../core/records/live-entry.ts';
import type {
  BackupRecord,
  BackupRequest,
  IdempotencyRecord,
  Notice,
  OperationRecord,
  SnapshotPointer,
} from '../../core/records/model.ts';
import type { ExpiryState, PolicyRecord } from '../../core/records/retention-records.ts';
import type { Catalog } from '../../ports/catalog.ts';
import { checkLimit } from '../../ports/checks.ts';
import type { WallClock } from '../../ports/clock.ts';
import { PortError } from '../../ports/errors.ts';
import type { Random } from '../../ports/random.ts';
import type { TrailSource } from '../../ports/trail.ts';
import { createBackupLists } from './backup-lists.ts';
import { createCommit } from './catalog-commit.ts';
import { BACKUP_TYPES, INDEXED } from './catalog-items.ts';
import {
  backupKey,
  CHECK_KEY,
  documentKey,
  EXPIRY_KEY,
  FIRST,
  formerDocumentKey,
  garbageKey,
  headKey,
  idempotencyKey,
  type Key,
  LAST,
  LEASE_PREFIX,
  LIVE_PREFIX,
  leasePartition,
  NOTICES_PARTITION,
  noticeKey,
  operationKey,
  ownBlobKey,
  PARTS,
  partitionsOf,
  placeOf,
  policyKey,
  requestKey,
  resourcePartition,
  SEQUENCE_PREFIX,
  SNAPSHOT_PREFIX,
  uploadKey,
} from './catalog-keys.ts';
import { createCatalogLists } from './catalog-lists.ts';
import { purge } from './catalog-purge.ts';
import { newestBefore, stateAt } from './catalog-timeline.ts';
import { chainedHeadOf, chainedRecordOf, createChainLinks } from './chain-links.ts';
import { createCursors } from './cursors.ts';
import { wholeEvents } from './event-after.ts';
import { createEventMarks } from './event-marks.ts';
import { createEventPlaces } from './event-places.ts';
import { createStamps, newId } from './ids.ts';
import { type Item, item, recordOf, textOf, whole } from './item.ts';
import { createListings } from './listing.ts';
import { addressOf, createTableClient, type TableClient } from './table-client.ts';

export interface CatalogOptions {
  dynamoDb: DynamoDBClient;
  /** The name of a table with the keys and indexes of `TABLE`. */
  tableName: string;
  /** Dates ids and orders events. */
  clock: WallClock;
  /** Gives ids, and the key of the cursors. */
  random: Random;
  /** As of `TableOptions`. */
  isGathering?: boolean;
}

const LEASES_PAGE_ITEMS = 100;
const COUNTED_AT_ONCE = 8;

/** The catalog of a table; it keeps nothing of its own but the key of its cursors. */
export function createCatalog(options: CatalogOptions): Catalog & TrailSource {
  const { dynamoDb, tableName, clock, random, isGathering = false } = options;
  const table = createTableClient(dynamoDb, tableName, { isGathering });
  const chains = createChainLinks(table);
  const listings = createListings(table, createCursors(table, random), chains);
  const eventPlaces = createEventPlaces(table);
  const backupLists = createBackupLists(table, listings, getBackup);
  const commit = createCommit(table, createStamps(clock), random, chains);

  async function record<T>(key: Key): Promise<T | undefined> {
    const found = await table.get(key);
    return found === undefined ? undefined : recordOf<T>(found);
  }

  async function getBackup(id: string): Promise<BackupRecord | undefined> {
    const found = await table.get(backupKey(id));
    return found && chainedRecordOf(found, await chains.load([found]));
  }

  return {
    capabilities: { parts: PARTS },
    ...backupLists,
    ...createCatalogLists(listings, eventPlaces, async (events) => {
      const whole = await wholeEvents(table, chains, events);
      return whole.map((event, i) => eventPlaces.alike(events[i]!, event));
    }),
    ...createEventMarks(table, eventPlaces),
    commit,

    async allocateId(kind) {
      return newId(kind, clock.now(), random);
    },

    getBackup,
    async getHead(resourceId) {
      const found = await table.get(headKey(resourceId));
      return found && chainedHeadOf(found, await chains.load([found]));
    },
    getPolicy: (resourceId) => record<PolicyRecord>(policyKey(resourceId)),
    getExpiryState: () => record<ExpiryState>(EXPIRY_KEY),
    getNotice: (id) => record<Notice>(noticeKey(id)),
    async getDocument(collection, id) {
      const former = formerDocumentKey(collection, id);
      const found = await record<DocumentRecord>(documentKey(collection, id));
      return found ?? (former && record<DocumentRecord>(former));
    },
    getRequest: (id) => record<BackupRequest>(requestKey(id)),
    getOperation: (id) => record<OperationRecord>(operationKey(id)),

    async requestOfUpload(uploadId) {
      const claim = await table.get(uploadKey(uploadId));
      if (claim === undefined || claim.failed?.BOOL === true) return undefined;
      return record<BackupRequest>(requestKey(textOf(claim, 'id')));
    },
    newestBefore: (resourceId, sequence, type) => newestBefore(table, getBackup, resourceId, sequence, type),
    async tally(resourceId) {
      let tally = NOTHING_LIVE;
      let cursor: string | undefined;
      do {
        const more = cursor === undefined ? {} : { cursor };
        const page = await backupLists.liveEntries({ resourceId, limit: LIMITS.listPageMax, ...more });
        tally = page.items.reduce(counted, tally);
        cursor = page.cursor;
      } while (cursor !== undefined);
      return tally;
    },
    stateAt: (resourceId, at) => stateAt(table, getBackup, resourceId, at),

    async findSnapshot(resourceId, at) {
      const pointers = await newestSnapshots(table, resourceId);
      const found = pointers.find(({ createdAt }) => createdAt <= at);
      const earliest = pointers.at(-1);
      return { ...(found && { found }), ...(earliest && { earliest }) };
    },

    async getIdempotency(key, now) {
      const answer = await record<IdempotencyRecord>(idempotencyKey(key));
      return answer !== undefined && answer.expiresAt > now ? answer : undefined;
    },

    async hasLive(count) {
      const words = BACKUP_TYPES.flatMap((type) => [INDEXED.live(type), INDEXED.unseen(type)]);
      let found = 0;
      await forEachAtOnce(
        [...words, INDEXED.liveBefore].flatMap(partitionsOf),
        COUNTED_AT_ONCE,
        async (pk) => {
          if (found >= count) return;
          for await (const more of table.counts('gsi1', pk, count)) {
            found += more;
            if (found >= count) return;
          }
        },
      );
      return found >= count;
    },

    async listNotices(limit) {
      checkLimit(limit);
      const stored = table.query({
        pk: NOTICES_PARTITION,
        from: '\u0000',
        to: '\u{10ffff}',
        direction: 'rising',
        pageItems: LIMITS.listPageMax,
      });
      const all = await Array.fromAsync(stored, (found) => recordOf<Notice>(found));
      return all.sort((a, b) => a.since - b.since).slice(0, limit);
    },

    async hasLease(chainId, now) {
      const leases = table.query({
        pk: leasePartition(chainId),
        from: LEASE_PREFIX,
        to: `${LEASE_PREFIX}\u{10ffff}`,
        direction: 'rising',
        pageItems: LEASES_PAGE_ITEMS,
      });
      for await (const { until } of leases) {
        if (Number(until?.N) > now) return true;
      }
      return false;
    },

    async findUnknownBlobs(blobIds) {
      const found = await table.getMany(
        blobIds.flatMap((id) => [ownBlobKey(id), backupKey(backupNamedBy(id)), garbageKey(id)]),
        ['id', 'isLink'],
      );
      // A link outlives the backup that it was the own blob's of, and a backup may have got another than it was named after.
      const isOwn = (id: string) =>
        found.get(addressOf(ownBlobKey(id)))?.id !== undefined ||
        found.get(addressOf(backupKey(backupNamedBy(id))))?.isLink !== undefined;
      return blobIds.filter((id) => !isOwn(id) && !found.has(addressOf(garbageKey(id))));
    },

    purge: (request) => purge(table, request),

    async check() {
      // A write and not only a read: permissions, throttling and a table on its way out show themselves nowhere else.
      await table.put(item(CHECK_KEY, { at: whole(clock.now()) })).catch(deniedIsUnavailable);
    },
  };
}

/** Newest first: those that stand at the sequences of their backups, and those that stand by themselves. */
async function newestSnapshots(table: TableClient, resourceId: string): Promise<SnapshotPointer[]> {
  const range = (prefix: string) => ({
    pk: resourcePartition(resourceId),
    from: `${prefix}${FIRST}`,
    to: `${prefix}${LAST}`,
    direction: 'falling' as const,
    pageItems: LIMITS.snapshotsMax,
  });
  const first = async (
    items: AsyncGenerator<Item>,
    read: (item: Item) => SnapshotPointer | undefined,
    looksMax = Number.POSITIVE_INFINITY,
  ) => {
    const pointers: SnapshotPointer[] = [];
    let looks = 0;
    for await (const found of items) {
      const pointer = read(found);
      if (pointer !== undefined) pointers.push(pointer);
      if (pointers.length === LIMITS.snapshotsMax || ++looks >= looksMax) break;
    }
    return pointers;
  };
  const [atSequences, atPlaces, alone] = await Promise.all([
    first(table.query(range(SEQUENCE_PREFIX)), (found) =>
      found.snap === undefined
        ? undefined
        : {
            resourceId,
            createdAt: Number(found.at?.N),
            sequence: Number(textOf(found, 'sk').slice(SEQUENCE_PREFIX.length)),
            backupId: textOf(found, 'id'),
          },
    ),
    // Live ones that stand by time alone have theirs; nothing of a lower sequence is later than they.
    first(
      table.query(range(LIVE_PREFIX)),
      (found) =>
        found.alone === undefined
          ? undefined
          : { resourceId, ...placeOf(LIVE_PREFIX, textOf(found, 'sk')), backupId: textOf(found, 'id') },
      LIMITS.snapshotsMax,
    ),
    first(table.query(range(SNAPSHOT_PREFIX)), (found) => recordOf<SnapshotPointer>(found)),
  ]);
  const all = [...atSequences, ...atPlaces, ...alone].sort((a, b) => b.sequence - a.sequence);
  return all.slice(0, LIMITS.snapshotsMax);
}

function deniedIsUnavailable(error: unknown): never {
  throw error instanceof PortError ? new PortError('unavailable', error.message, { cause: error }) : error;
}

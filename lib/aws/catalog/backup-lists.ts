// The lists of backups: in which partitions their entries stand, and between which keys.

import { type LiveEntry, liveEntryOf } from '../../core/records/live-entry.ts';
import type { BackupRecord, BackupType } from '../../core/records/model.ts';
import { lookedAt } from '../../core/records/proof-time.ts';
import type { BackupQuery, Catalog, Expiring } from '../../ports/catalog.ts';
import type { Page, PageRequest } from '../../ports/pages.ts';
import { BACKUP_TYPES, INDEXED } from './catalog-items.ts';
import {
  backupKey,
  FIRST,
  HIDDEN_PREFIX,
  LAST,
  LIVE_PREFIX,
  numberOf,
  padded,
  partitionsOf,
  resourcePartition,
  SEQUENCE_PREFIX,
  upTo,
} from './catalog-keys.ts';
import { chainedRecordOf, type Links } from './chain-links.ts';
import { type Item, textOf } from './item.ts';
import { type Entry, inIndex, inParts, type Listings, type ListPlan } from './listing.ts';
import { inSequence, type Walk } from './sequence-walk.ts';
import type { TableClient } from './table-client.ts';

type BackupLists = Pick<
  Catalog,
  'listBackups' | 'listHidden' | 'resourceHistory' | 'liveEntries' | 'expiring' | 'leastProven'
>;

/** What one resource has of backups is read strongly consistent, the rest by index. */
export function createBackupLists(
  table: TableClient,
  listings: Listings,
  getBackup: (id: string) => Promise<BackupRecord | undefined>,
): BackupLists {
  /** Of one resource, by sequence. */
  function bySequence(
    list: string,
    request: PageRequest & { type?: BackupType },
    { resourceId, isLive, direction }: Pick<Walk, 'resourceId' | 'isLive' | 'direction'>,
    behind?: number,
  ): Promise<Page<BackupRecord>> {
    const { type } = request;
    // Entries of the first release do not have their type: then the record tells.
    const accepts = (entry: Item) => [type, ''].includes(textOf(entry, 'type'));
    const read = (item: Item, links: Links) => {
      const record = chainedRecordOf(item, links);
      const belongs = (record.deletedAt === undefined) === isLive && (type ?? record.type) === record.type;
      return belongs ? record : undefined;
    };
    async function* walk(after: string | undefined, pageItems: number): AsyncGenerator<Entry> {
      const start = after === undefined ? behind && { sequence: behind } : positionOf(after);
      const steps = inSequence(table, {
        ...{ resourceId, isLive, direction, pageItems },
        ...(start ? { after: start } : {}),
      });
      for await (const { sequence, createdAt, item } of steps) {
        const at = createdAt === undefined ? '' : padded(createdAt);
        yield { place: `${padded(sequence)}#${at}`, item, index: undefined };
      }
    }
    const plan = ofResource(list, resourceId, SEQUENCE_PREFIX, type === undefined ? {} : { accepts });
    return listings.page({ ...plan, name: [list, resourceId, type ?? ''], direction, read, walk }, request);
  }

  /** Of one resource, by time: its places are sorted so. */
  function ofOneByTime(
    list: string,
    request: PageRequest & BackupQuery,
    resourceId: string,
    isLive: boolean,
  ): Promise<Page<BackupRecord>> {
    const { type, from, to } = request;
    const prefix = isLive ? LIVE_PREFIX : HIDDEN_PREFIX;
    const read = (item: Item, links: Links) => {
      const record = chainedRecordOf(item, links);
      const belongs = (record.deletedAt === undefined) === isLive && (type ?? record.type) === record.type;
      return belongs ? record : undefined;
    };
    // The places of hidden ones, and those of the first release, do not have their type: then the record tells.
    const accepts = (entry: Item) => [type, ''].includes(textOf(entry, 'type'));
    return listings.page(
      {
        ...ofResource(list, resourceId, prefix, type === undefined ? {} : { accepts }),
        name: [list, resourceId, type ?? ''],
        ...(from === undefined ? {} : { from: `${prefix}${padded(from)}` }),
        ...(to === undefined ? {} : { to: `${prefix}${upTo(to)}` }),
        direction: 'falling',
        read,
      },
      request,
    );
  }

  const isTimed = ({ from, to }: BackupQuery) => from !== undefined || to !== undefined;
  const within = ({ from, to }: BackupQuery) => ({
    ...(from === undefined ? {} : { from: padded(from) }),
    ...(to === undefined ? {} : { to: upTo(to) }),
  });

  return {
    async listBackups(request) {
      const { resourceId, type } = request;
      if (resourceId !== undefined) {
        return isTimed(request)
          ? ofOneByTime('backups by time', request, resourceId, true)
          : bySequence('backups of a resource', request, { resourceId, isLive: true, direction: 'falling' });
      }
      return listings.page({ ...ofAll('backups', type, true), ...within(request) }, request);
    },

    async listHidden(request) {
      const { resourceId, type } = request;
      if (resourceId !== undefined) {
        return isTimed(request)
          ? ofOneByTime('hidden by time', request, resourceId, false)
          : bySequence('hidden of a resource', request, { resourceId, isLive: false, direction: 'falling' });
      }
      return listings.page({ ...ofAll('hidden', type, false), ...within(request) }, request);
    },

    resourceHistory({ resourceId, fromSequence, ...request }) {
      const behind = fromSequence > 1 ? fromSequence - 1 : undefined;
      return bySequence('history', request, { resourceId, isLive: true, direction: 'rising' }, behind);
    },

    async liveEntries(request) {
      const { resourceId, from, to } = request;
      const plan = {
        name: ['live entries', resourceId],
        partitions: [resourcePartition(resourceId)],
        from: `${LIVE_PREFIX}${from === undefined ? FIRST : padded(from)}`,
        to: `${LIVE_PREFIX}${to === undefined ? LAST : upTo(to)}`,
        direction: 'rising',
        // What stands in the place itself need not be read again; of those of before, the records are.
        isWhole: (place: Item) => place.entry !== undefined,
        recordKey: (place: Item) => backupKey(textOf(place, 'id')),
        hasChains: true,
        read: entryOf,
      } as const;
      return listings.page<LiveEntry>(plan, request);
    },

    async expiring(request) {
      const plan = inParts<Expiring>('expiring', INDEXED.expiring, request);
      const read = (item: Item, links: Links) => ({
        record: chainedRecordOf(item, links),
        at: numberOf(textOf(item, 'gsi3sk')),
      });
      return listings.page({ ...plan, hasChains: true, read, to: upTo(request.before) }, request);
    },

    async leastProven(request) {
      const { before } = request;
      const words = [INDEXED.proofs, ...BACKUP_TYPES.map(INDEXED.unseen)];
      const partitions = words.flatMap(partitionsOf);
      const plan = inIndex<BackupRecord | string>(['least proven'], 'gsi1', partitions, 'rising');
      // A record, or a place that names one.
      const read = (item: Item, links: Links) =>
        item.packed === undefined ? textOf(item, 'id') : chainedRecordOf(item, links);
      const { items, ...page } = await listings.page(
        { ...plan, hasChains: true, read, to: upTo(before) },
        request,
      );
      const records = await Promise.all(items.map((one) => (typeof one === 'string' ? getBackup(one) : one)));
      const live = records.flatMap((record) => (record?.deletedAt === undefined ? (record ?? []) : []));
      return {
        ...page,
        items: live.filter((record) => lookedAt(record) <= before).sort((a, b) => lookedAt(a) - lookedAt(b)),
      };
    },
  };
}

const CHAINED = { hasChains: true, read: chainedRecordOf } as const;

/** Backups of all resources, by time: those of each type by themselves, and those of before, whose types stood in another index. */
function ofAll(list: string, type: BackupType | undefined, isLive: boolean): ListPlan<BackupRecord> {
  const words = isLive ? [INDEXED.live, INDEXED.unseen] : [INDEXED.hidden];
  const types = type === undefined ? BACKUP_TYPES : [type];
  const partitions = types.flatMap((one) => words.flatMap((word) => partitionsOf(word(one))));
  const ofType = isLive ? INDEXED.liveTypeBefore : INDEXED.hiddenTypeBefore;
  const before =
    type === undefined
      ? ({
          index: 'gsi1',
          partitions: partitionsOf(isLive ? INDEXED.liveBefore : INDEXED.hiddenBefore),
        } as const)
      : ({ index: 'gsi2', partitions: partitionsOf(ofType(type)) } as const);
  const name = type === undefined ? [list] : [list, type];
  return { ...inIndex<BackupRecord>(name, 'gsi1', partitions, 'falling'), ...CHAINED, before };
}

/** Of a cursor; one of the release before has the key of the sequence. */
function positionOf(place: string): NonNullable<Walk['after']> {
  const [sequence, createdAt = ''] = place.replace(SEQUENCE_PREFIX, '').split('#');
  return { sequence: Number(sequence), createdAt: createdAt === '' ? undefined : Number(createdAt) };
}

/** From a place that has it, or from the record. */
function entryOf(found: Item, links: Links): LiveEntry | undefined {
  const entry = textOf(found, 'entry');
  if (entry !== '') return JSON.parse(entry) as LiveEntry;
  const record = chainedRecordOf(found, links);
  return record.deletedAt === undefined ? liveEntryOf(record) : undefined;
}

/** Live backups of one resource, found by entries that name them. */
function ofResource(
  list: string,
  resourceId: string,
  prefix: string,
  accepting: Pick<ListPlan<BackupRecord>, 'accepts'>,
): ListPlan<BackupRecord> {
  return {
    name: [list, resourceId],
    partitions: [resourcePartition(resourceId)],
    from: `${prefix}${FIRST}`,
    to: `${prefix}${LAST}`,
    direction: 'rising',
    ...accepting,
    recordKey: (entry) => backupKey(textOf(entry, 'id')),
    hasChains: true,
    read: liveRecord,
  };
}

/** Undefined for a backup that was hidden since its entry was read. */
function liveRecord(item: Item, links: Links): BackupRecord | undefined {
  const record = chainedRecordOf(item, links);
  return record.deletedAt === undefined ? record : undefined;
}

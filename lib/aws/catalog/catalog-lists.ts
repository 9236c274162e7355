// The lists of what is no backup: in which partitions their entries stand, and between which keys.

import type { DocumentRecord } from '../../core/records/document.ts';
import type {
  AuditEvent,
  BackupRequest,
  GarbageEntry,
  OperationRecord,
  ResourceHead,
} from '../../core/records/model.ts';
import type { Catalog } from '../../ports/catalog.ts';
import type { TrailSource } from '../../ports/trail.ts';
import { INDEXED } from './catalog-items.ts';
import {
  documentPartitions,
  duePartitions,
  eventsPartition,
  FIRST,
  LAST,
  padded,
  part,
  partitionsOf,
  upTo,
} from './catalog-keys.ts';
import { chainedHeadOf } from './chain-links.ts';
import { withoutAfter } from './event-after.ts';
import { type EventPlaces, mayBeOfAction } from './event-places.ts';
import { type Item, recordOf } from './item.ts';
import { inIndex, inParts, type Listings, type ListPlan } from './listing.ts';

/** No text has a greater character, and no id begins with several of it. */
const BEHIND_ALL = '\u{10ffff}'.repeat(8);

type CatalogLists = Pick<
  Catalog,
  | 'listHeads'
  | 'undecidedHeads'
  | 'listOperations'
  | 'unfinishedOperations'
  | 'unfinishedRequests'
  | 'listRequests'
  | 'dueGarbage'
  | 'resourceGarbage'
  | 'listEvents'
  | 'pendingEvents'
  | 'listDocuments'
  | 'dueDocuments'
> &
  Pick<TrailSource, 'untrailedEvents' | 'trailedEvents'>;

/** Events as they were committed. */
type WholeEvents = (events: readonly AuditEvent[]) => Promise<AuditEvent[]>;

/** All by index, each record then read from the table. */
export function createCatalogLists(
  listings: Listings,
  places: EventPlaces,
  whole: WholeEvents,
): CatalogLists {
  /** As they are told to all but the trail. */
  const told = { read: (item: Item) => places.note(withoutAfter(recordOf<AuditEvent>(item)), item) };
  return {
    async listHeads(request) {
      const { prefix = '' } = request;
      const plan = inIndex<ResourceHead>(['heads', prefix], 'gsi1', partitionsOf(INDEXED.heads), 'rising');
      const from = part(prefix);
      const ofPrefix = { from, to: `${from}${BEHIND_ALL}`, hasChains: true, read: chainedHeadOf };
      return listings.page({ ...plan, ...ofPrefix }, request);
    },

    async undecidedHeads(request) {
      const plan = inParts<ResourceHead>('undecided', INDEXED.undecided, request);
      // Names begin with other characters than numbers do.
      const all = { from: part(''), to: BEHIND_ALL, hasChains: true, read: chainedHeadOf };
      return listings.page({ ...plan, ...all }, request);
    },

    async listOperations(request) {
      const { targetResourceId } = request;
      const plan =
        targetResourceId === undefined
          ? inIndex<OperationRecord>(['operations'], 'gsi1', partitionsOf(INDEXED.operations), 'falling')
          : inIndex<OperationRecord>(
              ['operations', targetResourceId],
              'gsi2',
              [INDEXED.target(targetResourceId)],
              'falling',
            );
      return listings.page(plan, request);
    },

    async unfinishedOperations(request) {
      const partitions = partitionsOf(INDEXED.unfinishedOperations);
      return listings.page(inIndex<OperationRecord>(['unfinished'], 'gsi3', partitions, 'rising'), request);
    },

    async unfinishedRequests(request) {
      const partitions = partitionsOf(INDEXED.unfinishedRequests);
      return listings.page(
        inIndex<BackupRequest>(['unfinished requests'], 'gsi3', partitions, 'rising'),
        request,
      );
    },

    async listRequests(request) {
      const { status, resourceId } = request;
      const plan =
        resourceId === undefined
          ? inIndex<BackupRequest>(
              ['requests', status],
              'gsi1',
              partitionsOf(INDEXED.requests(status)),
              'falling',
            )
          : inIndex<BackupRequest>(
              ['requests', status, resourceId],
              'gsi2',
              [INDEXED.requestsOf(resourceId, status)],
              'falling',
            );
      return listings.page(plan, request);
    },

    async dueGarbage(request) {
      const plan = inParts<GarbageEntry>('due', INDEXED.due, request);
      return listings.page({ ...plan, to: upTo(request.before) }, request);
    },

    async resourceGarbage(request) {
      const { resourceId } = request;
      const partitions = [INDEXED.garbageOf(resourceId)];
      return listings.page(
        inIndex<GarbageEntry>(['garbage', resourceId], 'gsi2', partitions, 'rising'),
        request,
      );
    },

    async listDocuments(request) {
      const { collection, group, prefix = '', falling = false } = request;
      const from = part(prefix);
      const plan: ListPlan<DocumentRecord> = {
        name: [
          'documents',
          collection,
          prefix,
          falling ? 'falling' : 'rising',
          ...(group === undefined ? [] : [group]),
        ],
        ...(group === undefined
          ? { partitions: documentPartitions(collection), isWhole: () => true }
          : { index: 'gsi2', partitions: [INDEXED.groupOf(collection, group)] }),
        from,
        to: `${from}${BEHIND_ALL}`,
        direction: falling ? 'falling' : 'rising',
        read: recordOf<DocumentRecord>,
      };
      return listings.page(plan, request);
    },

    async dueDocuments(request) {
      const { collection, before } = request;
      const partitions = duePartitions(collection);
      const plan = inIndex<DocumentRecord>(['due documents', collection], 'gsi1', partitions, 'rising');
      return listings.page({ ...plan, to: upTo(before) }, request);
    },

    async listEvents(request) {
      const { resourceId, action, since, until } = request;
      const plan =
        resourceId === undefined
          ? inIndex<AuditEvent>(['events'], 'gsi1', partitionsOf(INDEXED.events), 'falling')
          : eventsOfResource(resourceId);
      return listings.page(
        {
          ...plan,
          ...told,
          ...(since === undefined ? {} : { from: padded(since) }),
          ...(until === undefined ? {} : { to: upTo(until) }),
          ...(action === undefined ? {} : ofAction(action)),
        },
        request,
      );
    },

    async pendingEvents(limit) {
      const partitions = [...partitionsOf(INDEXED.fresh), ...partitionsOf(INDEXED.pending)];
      return listings.first(
        { ...inIndex<AuditEvent>(['pending'], 'gsi3', partitions, 'rising'), ...told },
        limit,
      );
    },

    async untrailedEvents(limit) {
      const partitions = [...partitionsOf(INDEXED.fresh), ...partitionsOf(INDEXED.untrailed)];
      const read = (item: Item) => places.note(recordOf<AuditEvent>(item), item);
      return whole(
        await listings.first(
          { ...inIndex<AuditEvent>(['untrailed'], 'gsi3', partitions, 'rising'), read },
          limit,
        ),
      );
    },

    async trailedEvents(limit, until) {
      const partitions = partitionsOf(INDEXED.pending);
      const plan = inIndex<AuditEvent>(['trailed'], 'gsi3', partitions, 'rising');
      return listings.first({ ...plan, ...told, to: upTo(until) }, limit);
    },
  };
}

/** However rare an action is, a call looks at so many others at most. */
const ACTION_LOOKS_MAX = 2000;

/** As they stand in the table; those of before stood in an index. */
function eventsOfResource(resourceId: string): ListPlan<AuditEvent> {
  return {
    name: ['events', resourceId],
    partitions: [eventsPartition(resourceId)],
    before: { index: 'gsi2', partitions: [INDEXED.eventsOfBefore(resourceId)] },
    from: FIRST,
    to: LAST,
    direction: 'falling',
    isWhole: (entry) => entry.packed !== undefined,
    read: recordOf<AuditEvent>,
  };
}

function ofAction(action: string): Pick<ListPlan<AuditEvent>, 'accepts' | 'looksMax' | 'read'> {
  return {
    accepts: (_entry, place) => mayBeOfAction(place, action),
    looksMax: ACTION_LOOKS_MAX,
    read(item) {
      const event = withoutAfter(recordOf<AuditEvent>(item));
      return event.action === action ? event : undefined;
    },
  };
}

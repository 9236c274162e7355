// The catalog in Maps: the reference for what the other homes must do, and the ground of the fault tests.

import type { BackupRecord } from '../core/records/model.ts';
import { lookedAt } from '../core/records/proof-time.ts';
import { isFinished } from '../core/records/status.ts';
import type { BackupQuery, Catalog, PartQuery } from '../ports/catalog.ts';
import { checkLimit } from '../ports/checks.ts';
import type { Page, PageRequest } from '../ports/pages.ts';
import { applyChanges } from './catalog-commit.ts';
import { createState, documentKey, sequenceKey } from './catalog-state.ts';
import { copy } from './copy.ts';
import { pageById } from './id-list.ts';
import { pageOfEntries, tallyOf } from './live-entries.ts';
import { pageOf } from './page.ts';
import { stateAt } from './state-at.ts';

/** Of what retention is to do: enough that there are several resources in one, and several for one resource. */
const PARTS = 4;

/** A catalog that forgets everything with the process. */
export function createMemoryCatalog(): Catalog {
  const state = createState();

  function liveBackups() {
    return [...state.backups.values()].filter(({ record }) => record.deletedAt === undefined);
  }

  function liveOf(resourceId: string) {
    return liveBackups()
      .map(({ record }) => record)
      .filter((record) => record.resourceId === resourceId);
  }

  function documentsOf(collection: string) {
    return [...state.documents.values()].filter(({ record }) => record.collection === collection);
  }

  function listed(list: string, request: PageRequest & BackupQuery, isHidden: boolean): Page<BackupRecord> {
    const { resourceId, type, from, to } = request;
    const isTimed = from !== undefined || to !== undefined;
    const matching = [...state.backups.values()].filter(
      ({ record }) =>
        (record.deletedAt !== undefined) === isHidden &&
        (resourceId === undefined || record.resourceId === resourceId) &&
        (type === undefined || record.type === type) &&
        (from === undefined || record.createdAt >= from) &&
        (to === undefined || record.createdAt <= to),
    );
    const order =
      resourceId === undefined || isTimed
        ? { list: isTimed ? `${list} by time` : list, key: (record: BackupRecord) => record.createdAt }
        : { list: `${list} of a resource`, key: (record: BackupRecord) => record.sequence };
    return pageOf(matching, { ...order, direction: 'falling' }, request);
  }

  return {
    capabilities: { countedIds: true, parts: PARTS },

    async allocateId(kind) {
      const number = (state.allocated.get(kind) ?? 0) + 1;
      state.allocated.set(kind, number);
      return `${kind}-${number}`;
    },

    async commit(changes) {
      applyChanges(state, changes);
    },

    async getBackup(id) {
      return copied(state.backups.get(id)?.record);
    },

    async getHead(resourceId) {
      return copied(state.heads.get(resourceId));
    },

    listHeads: async (request) =>
      pageById(state.heads.values(), { list: 'resources', idOf: ({ resourceId }) => resourceId }, request),

    listBackups: async (request) => listed('backups', request, false),
    listHidden: async (request) => listed('hidden', request, true),

    async resourceHistory(request) {
      const matching = liveBackups().filter(
        ({ record }) => record.resourceId === request.resourceId && record.sequence >= request.fromSequence,
      );
      return pageOf(
        matching,
        { list: 'history', key: (record) => record.sequence, direction: 'rising' },
        request,
      );
    },

    async liveEntries(request) {
      return pageOfEntries(liveOf(request.resourceId), request);
    },

    async tally(resourceId) {
      return tallyOf(liveOf(resourceId));
    },

    async expiring(request) {
      const matching = liveBackups().flatMap(({ row, record }) => {
        const at = state.places.get(record.id) ?? record.expiresAt;
        const isListed = at !== undefined && at <= request.before && isInPart(record.resourceId, request);
        return isListed ? [{ row, record: { record, at } }] : [];
      });
      const list = `expiring${request.part ?? ''}`;
      return pageOf(matching, { list, key: ({ at }) => at, direction: 'rising' }, request);
    },

    async undecidedHeads(request) {
      const matching = [...state.heads.values()].filter(
        ({ isUndecided, resourceId }) => isUndecided === true && isInPart(resourceId, request),
      );
      const list = `undecided${request.part ?? ''}`;
      return pageById(matching, { list, idOf: ({ resourceId }) => resourceId }, request);
    },

    async leastProven(request) {
      const matching = liveBackups().filter(({ record }) => lookedAt(record) <= request.before);
      return pageOf(matching, { list: 'least proven', key: lookedAt, direction: 'rising' }, request);
    },

    async newestBefore(resourceId, sequence, type) {
      const matching = liveBackups()
        .map(({ record }) => record)
        .filter((record) => record.resourceId === resourceId && record.sequence < sequence)
        .filter((record) => type === undefined || record.type === type);
      return copied(matching.sort((a, b) => b.sequence - a.sequence)[0]);
    },

    async stateAt(resourceId, at) {
      return copy(stateAt(state, resourceId, at));
    },

    async findSnapshot(resourceId, at) {
      const pointers = state.snapshots.get(resourceId) ?? [];
      const found = pointers.findLast((pointer) => pointer.createdAt <= at);
      const earliest = pointers[0];
      return {
        ...(found && { found: copy(found) }),
        ...(earliest && { earliest: copy(earliest) }),
      };
    },

    async getIdempotency(key, now) {
      const record = state.idempotency.get(key);
      return record !== undefined && record.expiresAt > now ? copy(record) : undefined;
    },

    async getPolicy(resourceId) {
      return copied(state.policies.get(resourceId));
    },

    async getExpiryState() {
      return copied(state.expiry.get(''));
    },

    async hasLive(count) {
      return liveBackups().length >= count;
    },

    async getNotice(id) {
      return copied(state.notices.get(id));
    },

    async listNotices(limit) {
      checkLimit(limit);
      return copy([...state.notices.values()].sort((a, b) => a.since - b.since).slice(0, limit));
    },

    async getDocument(collection, id) {
      return copied(state.documents.get(documentKey(collection, id))?.record);
    },

    async listDocuments(request) {
      const { collection, group, falling = false } = request;
      const matching = documentsOf(collection)
        .map(({ record }) => record)
        .filter((record) => group === undefined || record.group === group);
      const list = `${falling ? 'last' : 'first'} of ${collection} ${group ?? ''}`;
      return pageById(matching, { list, idOf: ({ id }) => id, falling }, request);
    },

    async dueDocuments(request) {
      const { collection, before } = request;
      const matching = documentsOf(collection).filter(
        ({ record: { dueAt } }) => dueAt !== undefined && dueAt <= before,
      );
      return pageOf(
        matching,
        { list: `due of ${collection}`, key: ({ dueAt }) => dueAt!, direction: 'rising' },
        request,
      );
    },

    async getOperation(id) {
      return copied(state.operations.get(id)?.record);
    },

    async getRequest(id) {
      return copied(state.requests.get(id)?.record);
    },

    async requestOfUpload(uploadId) {
      const requests = [...state.requests.values()].map(({ record }) => record);
      return copied(requests.find((record) => record.uploadId === uploadId && record.status !== 'failed'));
    },

    async listRequests(request) {
      const { status, resourceId } = request;
      const matching = [...state.requests.values()].filter(
        ({ record }) =>
          record.status === status &&
          record.deletedAt === undefined &&
          (resourceId === undefined || record.resourceId === resourceId),
      );
      return pageOf(
        matching,
        { list: 'requests by status', key: (record) => record.createdAt, direction: 'falling' },
        request,
      );
    },

    async unfinishedRequests(request) {
      const matching = [...state.requests.values()].filter(({ record }) => !isFinished(record));
      return pageOf(
        matching,
        { list: 'requests', key: (record) => record.createdAt, direction: 'rising' },
        request,
      );
    },

    async listOperations(request) {
      const { targetResourceId } = request;
      const matching = [...state.operations.values()].filter(
        ({ record }) => targetResourceId === undefined || record.targetResourceId === targetResourceId,
      );
      return pageOf(
        matching,
        { list: 'operations', key: (record) => record.createdAt, direction: 'falling' },
        request,
      );
    },

    async unfinishedOperations(request) {
      const matching = [...state.operations.values()].filter(({ record }) => !isFinished(record));
      return pageOf(
        matching,
        { list: 'unfinished', key: (record) => record.createdAt, direction: 'rising' },
        request,
      );
    },

    async hasLease(chainId, now) {
      return [...state.operations.values()].some(
        ({ record }) => record.chainId === chainId && !isFinished(record) && record.leaseUntil > now,
      );
    },

    async dueGarbage(request) {
      const matching = [...state.garbage.values()].filter(
        ({ record }) => record.dueAt <= request.before && isInPart(record.resourceId, request),
      );
      const list = `due${request.part ?? ''}`;
      return pageOf(matching, { list, key: (record) => record.dueAt, direction: 'rising' }, request);
    },

    async resourceGarbage(request) {
      const matching = [...state.garbage.values()].filter(
        ({ record }) => record.resourceId === request.resourceId,
      );
      return pageOf(
        matching,
        { list: 'garbage', key: (record) => record.sequence, direction: 'rising' },
        request,
      );
    },

    async findUnknownBlobs(blobIds) {
      const known = new Set(state.garbage.keys());
      for (const { record } of state.backups.values()) known.add(record.chain.at(-1)?.blobId ?? '');
      return blobIds.filter((blobId) => !known.has(blobId));
    },

    async pendingEvents(limit) {
      checkLimit(limit);
      // The order of the map is the order of the commits.
      const pending = [...state.events.values()].filter(({ record }) => !record.published);
      return pending.slice(0, limit).map(({ record }) => copy(record.event));
    },

    async markPublished(events) {
      for (const { id } of events) {
        const entry = state.events.get(id);
        if (entry !== undefined) {
          entry.record.published = true;
        }
      }
    },

    async listEvents(request) {
      const {
        resourceId,
        action,
        since = Number.NEGATIVE_INFINITY,
        until = Number.POSITIVE_INFINITY,
      } = request;
      const matching = [...state.events.values()]
        .map(({ row, record }) => ({ row, record: record.event }))
        .filter(({ record }) => resourceId === undefined || record.resourceId === resourceId)
        .filter(({ record }) => action === undefined || record.action === action)
        .filter(({ record: { at } }) => since <= at && at <= until);
      return pageOf(matching, { list: 'events', key: ({ at }) => at, direction: 'falling' }, request);
    },

    async purge({ now, operationsBefore, eventsBefore = Number.NEGATIVE_INFINITY }) {
      const last = [...state.events.keys()].at(-1);
      for (const [id, { record }] of state.events) {
        if (record.published && record.event.at < eventsBefore && id !== last) state.events.delete(id);
      }
      for (const [key, record] of state.idempotency) {
        if (record.expiresAt <= now) {
          state.idempotency.delete(key);
        }
      }
      for (const [key, { record }] of state.documents) {
        if (record.expiresAt !== undefined && record.expiresAt <= now) state.documents.delete(key);
      }
      for (const [id, { record }] of state.operations) {
        if (isFinished(record) && record.createdAt < operationsBefore) {
          state.operations.delete(id);
        }
      }
      for (const [id, { record }] of state.requests) {
        if (isFinished(record) && record.createdAt < operationsBefore) {
          state.requests.delete(id);
          const { resourceId, sequence, createdAt, status } = record;
          if (status !== 'failed' || sequence === undefined) continue;
          state.gaps.set(sequenceKey(resourceId, sequence), { resourceId, sequence, createdAt });
        }
      }
    },

    async check() {},
  };
}

function copied<T>(value: T | undefined): T | undefined {
  return value === undefined ? undefined : copy(value);
}

function isInPart(resourceId: string, { part }: PartQuery): boolean {
  if (part === undefined) return true;
  const sum = [...resourceId].reduce((all, unit) => (all * 31 + unit.codePointAt(0)!) % 65_521, 7);
  return sum % PARTS === part;
}

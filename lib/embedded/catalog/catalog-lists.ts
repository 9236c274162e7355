// Every list of the catalog: which rows, in which order. Each has an index that gives exactly that.

import type { DocumentRecord } from '../../core/records/document.ts';
import type {
  AuditEvent,
  BackupRecord,
  BackupRequest,
  GarbageEntry,
  OperationRecord,
} from '../../core/records/model.ts';
import type { BackupQuery, Catalog, Expiring } from '../../ports/catalog.ts';
import type { Page, PageRequest } from '../../ports/pages.ts';
import { createChainLinks } from './chain-links.ts';
import { BACKUP_COLUMNS, type BackupRow, backupOf } from './chained-rows.ts';
import type { Database } from './database.ts';
import { EVENT_COLUMNS, type EventRow, eventOf } from './event-row.ts';
import { createDocumentList } from './id-lists.ts';
import { createListing, type ListingPlan } from './listing.ts';
import { keyText, OF_TYPE } from './schema.ts';

type BackupListRequest = PageRequest & BackupQuery;

type CatalogLists = Pick<
  Catalog,
  | 'listBackups'
  | 'listHidden'
  | 'resourceHistory'
  | 'expiring'
  | 'leastProven'
  | 'listOperations'
  | 'unfinishedOperations'
  | 'dueGarbage'
  | 'unfinishedRequests'
  | 'listRequests'
  | 'resourceGarbage'
  | 'listEvents'
  | 'listDocuments'
  | 'dueDocuments'
>;

/** The paginated reads of the catalog. */
export function createCatalogLists(database: Database): CatalogLists {
  const backups = (
    list: string,
    key: string,
    where: string,
    belongs?: ListingPlan<BackupRecord>['belongs'],
    live = 1,
  ) =>
    listBackupRows(database, {
      ...(belongs === undefined ? {} : { belongs }),
      list,
      table: 'backup',
      key,
      direction: 'falling',
      where: `live = ${live} ${where}`,
    });
  const allBackups = backups('backups', 'created_at', '');
  const backupsOfType = backups('backups', 'created_at', `AND ${OF_TYPE}`);
  const newestFirst = (where: string) => backups('backups of a resource', 'sequence', where, ofResource);
  const backupsOfResource = newestFirst('AND resource_id = ?');
  const backupsOfResourceAndType = newestFirst(`AND resource_id = ? AND ${OF_TYPE}`);
  const allHidden = backups('hidden', 'created_at', '', undefined, 0);
  const hiddenOfType = backups('hidden', 'created_at', `AND ${OF_TYPE}`, undefined, 0);
  const hiddenFirst = (where: string) => backups('hidden of a resource', 'sequence', where, ofResource, 0);
  const hiddenOfResource = hiddenFirst('AND resource_id = ?');
  const hiddenOfResourceAndType = hiddenFirst(`AND resource_id = ? AND ${OF_TYPE}`);
  const backupsInOrder = (request: BackupListRequest): Page<BackupRecord> => {
    const { resourceId, type } = request;
    if (resourceId === undefined) {
      return type === undefined ? allBackups(request) : backupsOfType(request, type);
    }
    return type === undefined
      ? backupsOfResource(request, keyText(resourceId))
      : backupsOfResourceAndType(request, keyText(resourceId), type);
  };
  const hiddenInOrder = (request: BackupListRequest): Page<BackupRecord> => {
    const { resourceId, type } = request;
    if (resourceId === undefined) {
      return type === undefined ? allHidden(request) : hiddenOfType(request, type);
    }
    return type === undefined
      ? hiddenOfResource(request, keyText(resourceId))
      : hiddenOfResourceAndType(request, keyText(resourceId), type);
  };
  const backupsByTime = createTimed(database, 1);
  const hiddenByTime = createTimed(database, 0);
  const history = listBackupRows(database, {
    list: 'history',
    table: 'backup',
    key: 'sequence',
    direction: 'rising',
    where: 'resource_id = ? AND sequence >= ? AND live = 1',
    belongs: ofResource,
  });
  const expiring = createExpiring(database);
  const leastProven = listBackupRows(database, {
    list: 'least proven',
    table: 'backup',
    key: 'looked_at',
    direction: 'rising',
    where: 'live = 1 AND looked_at <= ?',
  });
  const operations = (where: string) =>
    createListing<OperationRecord>(database, {
      list: 'operations',
      table: 'operation',
      key: 'created_at',
      direction: 'falling',
      where,
    });
  const allOperations = operations('TRUE');
  const operationsOnTarget = operations('target_resource_id = ?');
  const unfinished = createListing<OperationRecord>(database, {
    list: 'unfinished',
    table: 'operation',
    key: 'created_at',
    direction: 'rising',
    where: 'finished = 0',
  });
  const unfinishedRequests = createListing<BackupRequest>(database, {
    list: 'requests',
    table: 'request',
    key: 'created_at',
    direction: 'rising',
    where: 'finished = 0',
  });
  const requestsByStatus = (where: string) =>
    createListing<BackupRequest>(database, {
      list: 'requests by status',
      table: 'request',
      key: 'created_at',
      direction: 'falling',
      where,
    });
  const requestsOfStatus = requestsByStatus('status = ?');
  const requestsOfResource = requestsByStatus('resource_id = ? AND status = ?');
  const due = createListing<GarbageEntry>(database, {
    list: 'due',
    table: 'garbage',
    key: 'due_at',
    direction: 'rising',
    where: 'due_at <= ?',
  });
  const garbageOfResource = createListing<GarbageEntry>(database, {
    list: 'garbage',
    table: 'garbage',
    key: 'sequence',
    direction: 'rising',
    where: 'resource_id = ?',
    belongs: ofResource,
  });
  const dueDocuments = createListing<DocumentRecord>(database, {
    list: 'due documents',
    table: 'document',
    key: 'due_at',
    direction: 'rising',
    where: 'collection = ? AND due_at <= ?',
    belongs: ({ collection }, [asked]) => collection === asked,
  });
  const documentsById = createDocumentList(database);
  const events = (index: string, where: string) =>
    createListing<AuditEvent>(database, {
      list: 'events',
      table: 'event',
      index,
      key: 'at',
      direction: 'falling',
      where: `at BETWEEN ? AND ? ${where}`,
      rows: { columns: EVENT_COLUMNS, reader: () => (row) => eventOf(row as EventRow) },
    });
  const allEvents = events('event_time', '');
  const eventsOfAction = events('event_action', 'AND action = ?');
  const eventsOfResource = events('event_resource', 'AND resource_id = ?');
  const eventsOfResourceAndAction = events('event_resource_action', 'AND resource_id = ? AND action = ?');

  return {
    listBackups: async (request) => (isTimed(request) ? backupsByTime(request) : backupsInOrder(request)),
    listHidden: async (request) => (isTimed(request) ? hiddenByTime(request) : hiddenInOrder(request)),
    resourceHistory: async (request) => history(request, keyText(request.resourceId), request.fromSequence),
    expiring: async (request) => expiring(request, request.before),
    leastProven: async (request) => leastProven(request, request.before),
    async listOperations(request) {
      return request.targetResourceId === undefined
        ? allOperations(request)
        : operationsOnTarget(request, keyText(request.targetResourceId));
    },
    unfinishedOperations: async (request) => unfinished(request),
    async listRequests(request) {
      const { status, resourceId } = request;
      return resourceId === undefined
        ? requestsOfStatus(request, status)
        : requestsOfResource(request, keyText(resourceId), status);
    },
    unfinishedRequests: async (request) => unfinishedRequests(request),
    dueGarbage: async (request) => due(request, request.before),
    resourceGarbage: async (request) => garbageOfResource(request, keyText(request.resourceId)),
    listDocuments: async (request) => documentsById(request),
    dueDocuments: async (request) => dueDocuments(request, request.collection, request.before),
    async listEvents(request) {
      const {
        resourceId,
        action,
        since = Number.MIN_SAFE_INTEGER,
        until = Number.MAX_SAFE_INTEGER,
      } = request;
      const range = [since, until];
      if (resourceId === undefined) {
        return action === undefined
          ? allEvents(request, ...range)
          : eventsOfAction(request, ...range, action);
      }
      const key = keyText(resourceId);
      return action === undefined
        ? eventsOfResource(request, ...range, key)
        : eventsOfResourceAndAction(request, ...range, key, action);
    },
  };
}

/** A list of backups: their chains stand apart. */
function listBackupRows(database: Database, plan: Omit<ListingPlan<BackupRecord>, 'rows'>) {
  const links = createChainLinks(database);
  return createListing<BackupRecord>(database, {
    ...plan,
    rows: {
      columns: BACKUP_COLUMNS,
      reader() {
        const chainOf = links.reader();
        return (row) => backupOf(row as BackupRow, chainOf);
      },
    },
  });
}

/** What expires, each with its place: no record has that. */
function createExpiring(database: Database) {
  const links = createChainLinks(database);
  return createListing<Expiring>(database, {
    list: 'expiring',
    table: 'backup',
    key: 'place',
    direction: 'rising',
    where: 'live = 1 AND place <= ?',
    rows: {
      columns: `${BACKUP_COLUMNS}, place`,
      reader() {
        const chainOf = links.reader();
        return (row) => ({
          record: backupOf(row as BackupRow, chainOf),
          at: (row as BackupRow & { place: number }).place,
        });
      },
    },
  });
}

/** Backups of a time, by time. What is asked for besides is compared as the index is walked. */
function createTimed(database: Database, live: 0 | 1): (request: BackupListRequest) => Page<BackupRecord> {
  const list = (index: string, where: string, belongs?: ListingPlan<BackupRecord>['belongs']) =>
    listBackupRows(database, {
      list: `${live === 1 ? 'backups' : 'hidden'} ${belongs === undefined ? '' : 'of a resource '}by time`,
      table: 'backup',
      index,
      key: 'created_at',
      direction: 'falling',
      where: `live = ${live} AND created_at BETWEEN ? AND ? ${where}`,
      ...(belongs === undefined ? {} : { belongs, tie: 'sequence' as const }),
    });
  const word = live === 1 ? 'live' : 'hidden';
  const all = list(live === 1 ? 'backup_live' : 'backup_hidden', '');
  const ofType = list(`backup_${word}_type`, `AND ${OF_TYPE}`);
  const ofOne = list(`backup_${word}_time`, 'AND resource_id = ?', isOfResource);
  const ofOneAndType = list(`backup_${word}_type_time`, `AND ${OF_TYPE} AND resource_id = ?`, isOfResource);
  return (request) => {
    const { resourceId, type, from = Number.MIN_SAFE_INTEGER, to = Number.MAX_SAFE_INTEGER } = request;
    if (resourceId === undefined) {
      return type === undefined ? all(request, from, to) : ofType(request, from, to, type);
    }
    const key = keyText(resourceId);
    return type === undefined ? ofOne(request, from, to, key) : ofOneAndType(request, from, to, type, key);
  };
}

function isTimed({ from, to }: BackupQuery): boolean {
  return from !== undefined || to !== undefined;
}

/** The last parameter of these lists is the id of a resource. */
function isOfResource({ resourceId }: BackupRecord, parameters: readonly unknown[]): boolean {
  return keyText(resourceId) === parameters.at(-1);
}

/** The first parameter of a list of one resource is its id. */
function ofResource({ resourceId }: { resourceId: string }, [asked]: readonly unknown[]): boolean {
  return keyText(resourceId) === asked;
}

// Resources: what is kept of each, and its states at any moment, looked at without restoring anything.

import * as z from 'zod/mini';
import type { ErrorCode } from '../../core/records/errors.ts';
import { LIMITS } from '../../core/records/limits.ts';
import { LIST_DETAILS, whichBackups } from './backups.ts';
import { once } from './once.ts';
import { page, ResourcePath } from './requests.ts';
import type { Route } from './route.ts';
import { taggedQuery } from './tagged-query.ts';
import { askedInstant, limit, mask, moment, numberInQuery, prefix, statePath } from './values.ts';

const StateQuery = once(() => z.strictObject({ at: z.exactOptional(moment()) }));

/** Of a read of bytes: which of them, unless the caller has them, and how they may be packed. */
const ReadHeaders = once(() =>
  z.object({
    range: z.exactOptional(z.string()),
    'if-range': z.exactOptional(z.string()),
    'if-none-match': z.exactOptional(z.string()),
    'accept-encoding': z.exactOptional(z.string()),
  }),
);

const TreeQuery = once(() =>
  z.strictObject({
    at: z.exactOptional(moment()),
    path: z.exactOptional(statePath()),
    mask: z.exactOptional(mask()),
    limit: limit(),
    after: z.exactOptional(numberInQuery(0, Number.MAX_SAFE_INTEGER)),
    textBytes: z.exactOptional(numberInQuery(16, LIMITS.shownTextBytesMax)),
  }),
);

const HistoryQuery = once(() =>
  z.strictObject({
    path: z.exactOptional(statePath()),
    since: z.exactOptional(moment()),
    mask: z.exactOptional(mask()),
    textBytes: z.exactOptional(numberInQuery(16, LIMITS.historyTextBytesMax)),
    ...page(),
  }),
);

const twoMoments = () => ({
  from: z.exactOptional(moment()),
  to: z.exactOptional(moment()),
  path: z.exactOptional(statePath()),
  limit: limit(),
  after: z.exactOptional(numberInQuery(0, Number.MAX_SAFE_INTEGER)),
});

const DiffQuery = once(() =>
  z.strictObject({
    ...twoMoments(),
    format: z._default(z.enum(['entries', 'stat']), 'entries'),
    mask: z.exactOptional(mask()),
    valueBytes: z.exactOptional(numberInQuery(0, LIMITS.diffValueBytesMax)),
  }),
);

const TimelineQuery = once(() =>
  z.strictObject({
    from: z.exactOptional(askedInstant('start')),
    to: z.exactOptional(askedInstant('end')),
    buckets: z._default(numberInQuery(1, LIMITS.timelineBucketsMax), 100),
  }),
);

const PatchQuery = once(() => z.strictObject(twoMoments()));

const ResourcesQuery = once(() => z.strictObject({ prefix: z.exactOptional(prefix()), ...page() }));

const BackupsQuery = once(() => taggedQuery(whichBackups()));

const SUMS = {
  backups: 1,
  fulls: 0,
  additions: 12,
  changes: 3,
  deletions: 1,
  moves: 0,
  uncounted: 0,
  bytes: 2048,
  held: 0,
  damaged: 0,
};

const FOUND = {
  backupId: 'backup-7',
  createdAt: '2025-01-01T12:00:00.000Z',
  ageSeconds: 1800,
  exact: true,
  asked: '2025-01-01T12:30:00.000Z',
  size: 4096,
  checksum: `sha256:${'0'.repeat(64)}`,
};

/** What every answer that gives a state says of it. */
const STATE_HEADERS = {
  ETag: { description: 'The checksum of the state: of its bytes, before they are packed' },
  'Accept-Ranges': { description: 'bytes' },
  Vary: { description: 'Accept-Encoding' },
  'Last-Modified': { description: 'When the state was accepted' },
  'Backup-Id': { description: 'The backup that has this state' },
  'State-Of': { description: 'When the state was accepted, to the millisecond' },
  'State-Asked': { description: 'The instant that was understood, if one was asked for', optional: true },
  'State-Age': { description: 'Seconds by which the state is older than that instant, or than now' },
  'State-Exact': {
    description: 'false if a later state was accepted by that instant, and is no backup (any more)',
  },
} as const;

/** Of whoever looks at a place of a state, or of two. */
const LOOK_ERRORS: ErrorCode[] = [
  'resource_not_found',
  'snapshot_not_found',
  'backup_not_found',
  'path_not_found',
  'payload_too_large',
  'too_many_requests',
  'integrity_error',
  'broken_chain',
];

export const RESOURCE_ROUTES = {
  listResources: {
    method: 'GET',
    path: '/resources',
    summary: 'List what is backed up, by id, each with its newest backup and how old that is',
    tag: 'Resources',
    details:
      'In the order of the ids. What once had backups and has none any more is there too, without `newest`.',
    scope: 'backup:list',
    query: ResourcesQuery,
    answers: { 200: { description: 'One page', schema: 'ResourceList' } },
    errors: ['invalid_cursor'],
    examples: {
      answers: {
        200: {
          resources: [
            {
              id: 'database-1',
              resourceType: 'postgresql',
              accepted: 7,
              live: 7,
              bytes: 8192,
              oldestAt: '2025-01-01T06:00:00.000Z',
              health: { state: 'healthy', reason: 'Its newest backup restores.' },
              newest: {
                backupId: 'backup-7',
                createdAt: '2025-01-01T12:00:00.000Z',
                type: 'incremental',
                size: 4096,
                checksum: `sha256:${'0'.repeat(64)}`,
                chainLength: 3,
                chainBytes: 2048,
                provenAt: '2025-01-01T12:00:01.000Z',
              },
              lastSuccessAt: '2025-01-01T12:00:00.000Z',
              ageSeconds: 1800,
            },
          ],
          count: 1,
        },
      },
    },
  },
  listResourceBackups: {
    method: 'GET',
    path: '/resources/{resourceId}/backups',
    summary: 'List the backups of a resource, newest first',
    tag: 'Resources',
    details: LIST_DETAILS,
    scope: 'backup:list',
    params: ResourcePath,
    query: BackupsQuery,
    answers: { 200: { description: 'One page', schema: 'BackupList' } },
    errors: ['invalid_cursor'],
  },
  getState: {
    method: 'GET',
    hasHead: true,
    path: '/resources/{resourceId}/state',
    summary: 'Get the state of a resource at a moment, as its own bytes',
    tag: 'Resources',
    details:
      'The bytes are those of the state, without insignificant white space: their SHA-256 is the checksum. `at` is `latest`, `-1` (the backup ' +
      'before it), `-2h` (so long ago), a backup id, or an instant of RFC 3339 with a zone. One `Range` is given if asked for; gzip if ' +
      '`Accept-Encoding` has it. No operation is made of it; the audit trail has who read what.',
    scope: 'data:read',
    params: ResourcePath,
    query: StateQuery,
    headers: ReadHeaders,
    answers: {
      200: {
        description: 'The state, proven against its checksum',
        schema: 'State',
        headers: {
          ...STATE_HEADERS,
          'Content-Encoding': { description: 'gzip, if that was asked for', optional: true },
        },
      },
      206: {
        description: 'The bytes of the state that the range asks for',
        isPart: true,
        headers: { ...STATE_HEADERS, 'Content-Range': { description: 'Which bytes, of how many' } },
      },
      304: {
        description: 'The caller has this state: its ETag is one of those named',
        headers: STATE_HEADERS,
      },
    },
    errors: [
      'resource_not_found',
      'snapshot_not_found',
      'backup_not_found',
      'range_not_satisfiable',
      'payload_too_large',
      'too_many_requests',
      'integrity_error',
      'broken_chain',
    ],
    examples: { answers: { 200: { tables: { users: [{ id: 1, name: 'Alice' }] } } } },
  },
  getTree: {
    method: 'GET',
    path: '/resources/{resourceId}/tree',
    summary: 'Look at what stands at a path of a state: its children, a page at a time',
    tag: 'Resources',
    details:
      '`at` is as for a state. `path` is a JSON Pointer, whose rows may be named: `/users/id=42`. Scalars come as their raw JSON text, never as ' +
      'numbers; `textBytes` says how much of a long one. `mask` names what is not to be shown: `@common`, `@all`, or words that names ' +
      'have in them. `next` is the `after` of the next page: ask for it `at` the backup that is named, so that both are of one state.',
    scope: 'data:read',
    params: ResourcePath,
    query: TreeQuery,
    answers: { 200: { description: 'What is there', schema: 'Tree' } },
    errors: LOOK_ERRORS,
    examples: {
      answers: {
        200: {
          state: FOUND,
          path: '/users',
          kind: 'array',
          bytes: 512,
          count: 2,
          children: [
            { index: 0, row: 'id=1', pointer: '/users/0', kind: 'object', bytes: 200, count: 3 },
            { index: 1, row: 'id=2', pointer: '/users/1', kind: 'object', bytes: 310, count: 4 },
          ],
        },
      },
    },
  },
  getHistory: {
    method: 'GET',
    path: '/resources/{resourceId}/history',
    summary: 'See how what stands at a path has changed, backup by backup',
    tag: 'Resources',
    details:
      'Each page looks through `limit` backups (fewer, if states are large) and shows those whose state has something else at the path ' +
      'than the one before. A page may be empty and still have a `nextCursor`: nothing has changed among those. `since` is a moment as `at` is: then what came after that state is shown, the oldest first. Paths and masks are as for the tree.',
    scope: 'data:read',
    params: ResourcePath,
    query: HistoryQuery,
    answers: { 200: { description: 'One page of changes', schema: 'PathHistory' } },
    errors: [
      'resource_not_found',
      'backup_not_found',
      'snapshot_not_found',
      'invalid_cursor',
      'payload_too_large',
      'too_many_requests',
      'integrity_error',
      'broken_chain',
    ],
    examples: {
      answers: {
        200: {
          path: '/users/id=42/email',
          changes: [
            {
              backupId: 'backup-7',
              createdAt: '2025-01-01T12:00:00.000Z',
              previous: { backupId: 'backup-6', createdAt: '2025-01-01T11:00:00.000Z' },
              change: 'changed',
              old: { kind: 'string', bytes: 5, text: '"a@b"' },
              new: { kind: 'string', bytes: 5, text: '"A@B"' },
            },
          ],
          count: 1,
          looked: { backups: 7, oldest: { backupId: 'backup-1', createdAt: '2025-01-01T06:00:00.000Z' } },
        },
      },
    },
  },
  getTimeline: {
    method: 'GET',
    path: '/resources/{resourceId}/timeline',
    summary: 'See the history of a resource in buckets of time, each with the sums of what is in it',
    tag: 'Resources',
    details:
      'Sums over all live backups, never samples: from the first backup to now, unless `from` and `to` say otherwise (RFC 3339, or `-2h`; both included). Buckets without a ' +
      'backup are left out. `size` is that of the state at the end of a bucket; `uncounted` are backups of which nobody counted what changed, as fulls are.',
    scope: 'backup:list',
    params: ResourcePath,
    query: TimelineQuery,
    answers: { 200: { description: 'The buckets', schema: 'Timeline' } },
    errors: ['resource_not_found'],
    examples: {
      answers: {
        200: {
          from: '2025-01-01T00:00:00.000Z',
          to: '2025-01-31T23:59:59.999Z',
          live: 1,
          buckets: [
            {
              from: '2025-01-01T00:00:00.000Z',
              to: '2025-01-01T07:26:23.999Z',
              ...SUMS,
              size: 4096,
              first: 'backup-7',
              last: 'backup-7',
            },
          ],
          totals: SUMS,
        },
      },
    },
  },
  getDiff: {
    method: 'GET',
    path: '/resources/{resourceId}/diff',
    summary: 'Compare the states of a resource at two moments, at a path or in all',
    tag: 'Resources',
    details:
      '`from` is `-1` if it is left out, `to` is `latest`. `counts` are of all differences, `tables` of where they are; the lists are a page of ' +
      'them: changes, additions, deletions, then moves, as in the delta of a backup, each with its JSON `pointer` and, where a row on the way has a name of its own, ' +
      'its path by that (`row`), which leads to the same in both states. `next` is the `after` of the next page: ask for it with the two backup ids. A ' +
      'value longer than `valueBytes` is left out and its length told. `format=stat` gives the counts alone.',
    scope: 'data:read',
    params: ResourcePath,
    query: DiffQuery,
    answers: { 200: { description: 'What differs', schema: 'Diff' } },
    errors: LOOK_ERRORS,
    examples: {
      answers: {
        200: {
          from: FOUND,
          to: { ...FOUND, backupId: 'backup-8' },
          path: '',
          counts: { additions: 0, changes: 1, deletions: 0, moves: 0 },
          tables: [{ pointer: '/users', additions: 0, changes: 1, deletions: 0, moves: 0 }],
          changes: [
            {
              key: 'users[1].email',
              pointer: '/users/1/email',
              row: '/users/id=42/email',
              oldValue: 'a@b',
              newValue: 'A@B',
            },
          ],
          additions: [],
          deletions: [],
          moves: [],
        },
      },
    },
  },
  getPatch: {
    method: 'GET',
    path: '/resources/{resourceId}/patch',
    summary: 'Get what turns one state of a resource into another, as a JSON Patch',
    tag: 'Resources',
    details:
      'RFC 6902, to be applied in order, page after page: `Next-After` is the `after` of the next one, to be asked for with the two backup ids. Patches speak of values: ' +
      'that the members of an object have another order is not told. At a `path` something has to stand in both states.',
    scope: 'data:read',
    params: ResourcePath,
    query: PatchQuery,
    answers: {
      200: {
        description: 'The operations',
        schema: 'JsonPatch',
        media: 'application/json-patch+json',
        headers: {
          'From-Backup-Id': { description: 'The backup whose state it is to be applied to' },
          'To-Backup-Id': { description: 'The backup whose state it gives' },
          'Next-After': { description: '`after` of the next page; absent on the last one', optional: true },
        },
      },
    },
    errors: LOOK_ERRORS,
    examples: { answers: { 200: [{ op: 'replace', path: '/users/1/email', value: 'A@B' }] } },
  },
} as const satisfies Record<string, Route>;

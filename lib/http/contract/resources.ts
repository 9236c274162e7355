// Resources: what is kept of each, and its states at any moment, looked at without restoring anything.

import * as z from 'zod/mini';
import { LIMITS } from '../../core/records/limits.ts';
import { once } from './once.ts';
import { page, ResourcePath } from './requests.ts';
import type { Route } from './route.ts';
import { backupType, limit, mask, moment, numberInQuery, statePath } from './values.ts';

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
    mask: z.exactOptional(mask()),
    textBytes: z.exactOptional(numberInQuery(16, LIMITS.historyTextBytesMax)),
    ...page(),
  }),
);

const BackupsQuery = once(() => z.strictObject({ type: z.exactOptional(backupType()), ...page() }));

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

export const RESOURCE_ROUTES = {
  listResourceBackups: {
    method: 'GET',
    path: '/resources/{resourceId}/backups',
    summary: 'List the backups of a resource, newest first',
    tag: 'Resources',
    scope: 'backup:list',
    params: ResourcePath,
    query: BackupsQuery,
    answers: { 200: { description: 'One page', schema: 'BackupList' } },
    errors: ['invalid_cursor'],
  },
  getState: {
    method: 'GET',
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
    errors: [
      'resource_not_found',
      'snapshot_not_found',
      'backup_not_found',
      'path_not_found',
      'payload_too_large',
      'too_many_requests',
      'integrity_error',
      'broken_chain',
    ],
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
    summary: 'See how what stands at a path has changed, backup by backup, the newest first',
    tag: 'Resources',
    details:
      'Each page looks through `limit` backups (fewer, if states are large) and shows those whose state has something else at the path ' +
      'than the one before. A page may be empty and still have a `nextCursor`: nothing has changed among those. Paths and masks are as for the tree.',
    scope: 'data:read',
    params: ResourcePath,
    query: HistoryQuery,
    answers: { 200: { description: 'One page of changes', schema: 'PathHistory' } },
    errors: [
      'resource_not_found',
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
} as const satisfies Record<string, Route>;

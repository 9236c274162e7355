// Resources: what is kept of each, and its states at any moment, looked at without restoring anything.

import * as z from 'zod/mini';
import { once } from './once.ts';
import { page, ResourcePath } from './requests.ts';
import type { Route } from './route.ts';
import { backupType, moment } from './values.ts';

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

const BackupsQuery = once(() => z.strictObject({ type: z.exactOptional(backupType()), ...page() }));

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
} as const satisfies Record<string, Route>;

// A backup of a state that is sent as it is: the file is the body, all else stands in the query.

import * as z from 'zod/mini';
import { LIMITS } from '../../core/records/limits.ts';
import { ACCEPT_UNUSUAL, AS_OF, IDEMPOTENT_REPLAYED } from './backups.ts';
import { BACKUP } from './backups-examples.ts';
import { once } from './once.ts';
import { ResourcePath } from './requests.ts';
import type { Route } from './route.ts';
import { taggedQuery } from './tagged-query.ts';
import { backupType, entityTags, idempotencyKey, instant, name, numberInQuery, yesOrNo } from './values.ts';

/** Beside these: `tag.KEY=VALUE`, as often as there are tags. */
const known = once(() => ({
  type: z._default(backupType(), 'full'),
  resourceType: z._default(name(), 'generic'),
  encrypt: z._default(yesOrNo(), true),
  ifChanged: z.exactOptional(yesOrNo()),
  acceptUnusual: z.exactOptional(yesOrNo()).check(z.meta({ description: ACCEPT_UNUSUAL })),
  asOf: z.exactOptional(instant('start')).check(z.meta({ description: AS_OF })),
  retentionDays: z._default(numberInQuery(0, LIMITS.retentionDaysMax), 30),
  source: z._default(name(), 'api'),
  version: z._default(name(), '1.0'),
}));

const PutStateQuery = once(() => taggedQuery(known()));

const PutStateHeaders = once(() =>
  z.object({
    'idempotency-key': z.exactOptional(idempotencyKey()),
    'if-match': z.exactOptional(entityTags()),
    'if-none-match': z.exactOptional(entityTags()),
  }),
);

function isDelta(query: unknown): boolean {
  return (query as { type?: unknown }).type !== 'full';
}

const HEADERS = {
  Location: { description: 'Where the backup is' },
  ETag: { description: 'The checksum of the state, as `GET` of it gives it' },
  'Idempotent-Replayed': IDEMPOTENT_REPLAYED,
} as const;

export const PUT_STATE_ROUTES = {
  putState: {
    method: 'PUT',
    path: '/resources/{resourceId}/state',
    summary: 'Back a state up that is sent as it is: curl -T dump.json',
    tag: 'Resources',
    details:
      'The body is the state, with `Content-Encoding: gzip` or `zstd` if it is packed, whatever the Content-Type calls it. What else there is to say stands in the query, tags as ' +
      '`tag.KEY=VALUE`. `If-Match` stores it only where the newest state is one of those named, `If-None-Match` only where it is none of them (`*`: ' +
      'where there is none yet): nobody is overtaken unseen. Both, and `ifChanged`, ask for the scope `backup:list` too.',
    scope: 'backup:write',
    params: ResourcePath,
    query: PutStateQuery,
    headers: PutStateHeaders,
    wholeState: { description: 'The state', isTextWanted: isDelta },
    answers: {
      200: {
        description: 'With ifChanged: the newest backup, which has this very state; none was made',
        schema: 'BackupUnchanged',
        headers: HEADERS,
      },
      201: { description: 'The backup', schema: 'BackupOrReceipt', headers: HEADERS },
    },
    errors: [
      'encryption_required',
      'precondition_failed',
      'unusual_change',
      'resource_locked',
      'out_of_order',
      'backup_not_found',
      'write_conflict',
      'idempotency_key_reused',
      'store_untrusted',
      'integrity_error',
      'broken_chain',
    ],
    examples: { answers: { 201: BACKUP } },
  },
} as const satisfies Record<string, Route>;

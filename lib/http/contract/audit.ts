// The audit trail: who did what, from where, and who was refused.

import * as z from 'zod/mini';
import { AUDIT_ACTIONS } from '../../core/records/audit-actions.ts';
import type { AuditEvent as AuditRecord } from '../../core/records/model.ts';
import type { Answer } from './answers.ts';
import { formatInstant } from './instant.ts';
import { once } from './once.ts';
import { page } from './requests.ts';
import type { Route } from './route.ts';
import { shapes } from './shapes.ts';
import { instant, name } from './values.ts';

const AuditQuery = once(() =>
  z.strictObject({
    resourceId: z.exactOptional(name()),
    action: z.exactOptional(z.enum(AUDIT_ACTIONS)),
    since: z.exactOptional(instant('start')),
    // People name the second up to which they mean it: all of it is meant.
    until: z.exactOptional(instant('end')),
    ...page(),
  }),
);

export const AUDIT_ROUTES = {
  listEvents: {
    method: 'GET',
    path: '/audit',
    summary: 'Read the audit trail, newest first',
    tag: 'Access',
    details:
      'With the reads of what is stored, and with refused calls (`access.refused`), of which the first, the tenth, the hundredth ... of ' +
      'a kind within an hour is told. A page may be short, and have a cursor, where an action or only some resources are asked for.',
    scope: 'audit:read',
    query: AuditQuery,
    answers: { 200: { description: 'One page', schema: 'AuditEventList' } },
    errors: ['invalid_cursor'],
    examples: {
      answers: {
        200: {
          events: [
            {
              id: '5f0c1f5e-6f0a-4c8e-9d2c-0f6a6f6f9a11',
              at: '2025-01-01T12:00:05.000Z',
              action: 'backup.created',
              actor: 'ci',
              address: '192.0.2.7',
              resourceId: 'database-1',
              backupId: 'backup-1',
              detail: { type: 'full', sequence: 1, size: 2048, compressedSize: 512 },
            },
          ],
          count: 1,
          completeSince: '2023-11-28T12:00:05.000Z',
        },
      },
    },
  },
} as const satisfies Record<string, Route>;

/** Made on demand. */
export const auditAnswers = once(() => {
  const { about, time, count } = shapes();
  const AuditEvent = z.object({
    id: z.string(),
    at: time,
    action: z.string().check(about('Later versions may tell of more')),
    actor: z.string().check(about('Who was authenticated, or the part of the service that did it by itself')),
    address: z.exactOptional(z.string()).check(about('Where the call came from, as the service sees it')),
    resourceId: z.exactOptional(z.string()).check(about('Absent in what is about the store as a whole')),
    backupId: z.exactOptional(z.string()),
    operationId: z.exactOptional(z.string()),
    detail: z
      .exactOptional(z.record(z.string(), z.unknown()))
      .check(about('By action: names, numbers and flags')),
  });
  const AuditEventList = z.object({
    events: z.array(AuditEvent),
    count,
    nextCursor: z.exactOptional(z.string()),
    completeSince: z
      .exactOptional(time)
      .check(about('What was before may have been forgotten here: it stands in the trail beside the blobs')),
  });
  return { AuditEvent, AuditEventList };
});

/** Without what its commit left behind, which is the trail's own. */
export function viewEvent(event: AuditRecord): Answer<'AuditEvent'> {
  const { id, at, action, actor, address, resourceId, backupId, operationId, detail } = event;
  return {
    id,
    at: formatInstant(at),
    action,
    actor,
    ...(address === undefined ? {} : { address }),
    ...(resourceId === '' ? {} : { resourceId }),
    ...(backupId === undefined ? {} : { backupId }),
    ...(operationId === undefined ? {} : { operationId }),
    ...(detail === undefined ? {} : { detail }),
  };
}

// The audit trail.

import { type AUDIT_ROUTES, viewEvent } from '../contract/audit.ts';
import { formatInstant } from '../contract/instant.ts';
import { invalidRequest } from '../contract/problem.ts';
import type { HandlersOf } from './call.ts';
import { replyPage } from './reply.ts';

export function createAuditHandlers(): HandlersOf<typeof AUDIT_ROUTES> {
  return {
    async listEvents({ query }, { service }) {
      const { since, until } = query;
      if (since !== undefined && until !== undefined && since > until) {
        throw invalidRequest([{ pointer: '/query/until', detail: 'must not be before since' }]);
      }
      const { completeSince, ...page } = await service.listEvents(query);
      const more = completeSince === undefined ? {} : { completeSince: formatInstant(completeSince) };
      return replyPage('events', page, viewEvent, more);
    },
  };
}

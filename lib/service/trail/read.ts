// The audit trail as it is read.

import type { AuditEvent } from '../../core/records/model.ts';
import type { EventQuery } from '../../ports/catalog.ts';
import type { Page, PageRequest } from '../../ports/pages.ts';
import type { Deps } from '../contract/deps.ts';

/** Newest first, with the moment before which events may have been forgotten. Throws PortError, `not_found` for a cursor of another list. */
export async function listEvents(
  { catalog, clock, options }: Pick<Deps, 'catalog' | 'clock' | 'options'>,
  request: PageRequest & EventQuery,
): Promise<Page<AuditEvent> & { completeSince?: number }> {
  const page = await catalog.listEvents(request);
  return options.auditMs === 0 ? page : { ...page, completeSince: clock.now() - options.auditMs };
}

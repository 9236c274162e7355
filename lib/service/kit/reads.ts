// Reads of what is stored, in the audit trail. Reading needs no writing: where the trail cannot take it, the log has it.

import type { AuditAction } from '../../core/records/model.ts';
import { PortError } from '../../ports/errors.ts';
import type { Caller } from '../contract/api.ts';
import type { Deps } from '../contract/deps.ts';
import { type EventSubject, event } from './events.ts';

/**
 * Writes down that `caller` is given what is stored, before it is given. Throws PortError from the catalog, but not where it can
 * only not be written: then the log says what the trail does not.
 */
export async function noteRead(
  deps: Pick<Deps, 'catalog' | 'clock' | 'log' | 'random'>,
  action: Extract<AuditAction, `${string}.read`>,
  caller: Caller,
  about: EventSubject,
): Promise<void> {
  try {
    await deps.catalog.commit([event(deps, action, deps.clock.now(), caller, about)]);
  } catch (error) {
    if (!(error instanceof PortError && error.code === 'unavailable')) throw error;
    deps.log.error('a read could not be written down', { action, ...caller, ...about, error });
  }
}

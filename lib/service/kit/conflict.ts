// Optimistic locking: read, decide, commit; on a lost race read again.

import { ServiceError } from '../../core/records/errors.ts';
import { LIMITS } from '../../core/records/limits.ts';
import { PortError } from '../../ports/errors.ts';

/** Runs the attempt anew while its commit loses races. Throws ServiceError `write_conflict` when it keeps losing. */
export async function retryOnConflict<T>(
  what: string,
  attempt: () => Promise<T>,
  attemptsMax: number = LIMITS.commitAttemptsMax,
): Promise<T> {
  for (let n = 1; n <= attemptsMax; n++) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof PortError && error.code === 'conflict')) throw error;
    }
  }
  throw new ServiceError('write_conflict', `${what} is being changed by others; try again.`, {
    retryAfterSeconds: 1,
  });
}

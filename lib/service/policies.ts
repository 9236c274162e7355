// Retention policies of resources: what is kept beyond its own expiry.

import { ServiceError } from '../core/errors.ts';
import type { PolicyRecord, RetentionPolicy } from '../core/model.ts';
import type { Caller } from './api.ts';
import { retryOnConflict } from './conflict.ts';
import type { Deps } from './deps.ts';
import { event } from './events.ts';

type PolicyDeps = Pick<Deps, 'catalog' | 'clock'>;

/** Throws ServiceError `policy_not_found`. */
export async function getPolicy({ catalog }: PolicyDeps, resourceId: string): Promise<PolicyRecord> {
  const record = await catalog.getPolicy(resourceId);
  if (record === undefined)
    throw new ServiceError('policy_not_found', 'The resource has no retention policy.');
  return record;
}

/** Sets or replaces the policy. */
export async function putPolicy(
  { catalog, clock }: PolicyDeps,
  resourceId: string,
  policy: RetentionPolicy,
  caller: Caller,
): Promise<PolicyRecord> {
  return retryOnConflict('The policy', async () => {
    const expect = (await catalog.getPolicy(resourceId))?.version ?? 0;
    const now = clock.now();
    const record: PolicyRecord = { resourceId, policy, updatedAt: now, version: expect + 1 };
    await catalog.commit([
      { kind: 'policy.put', record, expect },
      event('policy.changed', now, caller.actor, { resourceId, detail: { ...policy } }),
    ]);
    return record;
  });
}

/** Throws ServiceError `policy_not_found`. */
export async function removePolicy(deps: PolicyDeps, resourceId: string, caller: Caller): Promise<void> {
  await retryOnConflict('The policy', async () => {
    const { version } = await getPolicy(deps, resourceId);
    await deps.catalog.commit([
      { kind: 'policy.remove', resourceId, expect: version },
      event('policy.removed', deps.clock.now(), caller.actor, { resourceId }),
    ]);
  });
}

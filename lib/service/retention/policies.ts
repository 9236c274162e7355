// Retention policies of resources: what is kept beyond its own expiry. One that narrows what another has kept takes effect
// after a while: until then both protect.

import { toBeDecided } from '../../core/records/chain.ts';
import { ServiceError } from '../../core/records/errors.ts';
import { LIMITS } from '../../core/records/limits.ts';
import type { ResourceHead } from '../../core/records/model.ts';
import { isNarrower, planUnderAll } from '../../core/records/retention.ts';
import type { FormerPolicy, PolicyRecord, RetentionPolicy } from '../../core/records/retention-records.ts';
import type { Change } from '../../ports/change.ts';
import type { Caller, PolicyChange } from '../contract/api.ts';
import type { Deps } from '../contract/deps.ts';
import { retryOnConflict } from '../kit/conflict.ts';
import { event } from '../kit/events.ts';
import { liveOf, policiesAt } from './decisions.ts';

type PolicyDeps = Pick<Deps, 'catalog' | 'clock' | 'options' | 'random'>;

/** Throws ServiceError `policy_not_found`. */
export async function getPolicy(
  { catalog }: Pick<Deps, 'catalog'>,
  resourceId: string,
): Promise<PolicyRecord> {
  const record = await catalog.getPolicy(resourceId);
  if (record === undefined || record.removed === true) throw noPolicy();
  return record;
}

export function noPolicy(): ServiceError {
  return new ServiceError('policy_not_found', 'The resource has no retention policy.');
}

/** Sets or replaces the policy. Throws ServiceError `too_many_requests` if it was narrowed too often of late. */
export function putPolicy(
  deps: PolicyDeps,
  resourceId: string,
  policy: RetentionPolicy,
  caller: Caller,
): Promise<PolicyChange> {
  return changePolicy(deps, resourceId, policy, caller);
}

/** Throws ServiceError `policy_not_found`, or `too_many_requests` like `putPolicy`. */
export async function removePolicy(
  deps: PolicyDeps,
  resourceId: string,
  caller: Caller,
): Promise<PolicyChange> {
  return changePolicy(deps, resourceId, undefined, caller);
}

async function changePolicy(
  deps: PolicyDeps,
  resourceId: string,
  policy: RetentionPolicy | undefined,
  caller: Caller,
): Promise<PolicyChange> {
  const { catalog, clock, options } = deps;
  const backups = await liveOf(deps, resourceId);
  return retryOnConflict('The policy', async () => {
    const stored =
      policy === undefined ? await getPolicy(deps, resourceId) : await catalog.getPolicy(resourceId);
    const head = await catalog.getHead(resourceId);
    const now = clock.now();
    const effectiveAt = now + options.expiryHoldMs;
    const before = policiesAt(stored, now);
    const former = formerOf(stored, policy, now, effectiveAt);
    const expect = stored?.version ?? 0;
    const record: PolicyRecord = {
      resourceId,
      policy: policy ?? {},
      ...(policy === undefined ? { removed: true } : {}),
      ...(former.length === 0 ? {} : { former }),
      updatedAt: now,
      version: expect + 1,
    };
    const action = policy === undefined ? 'policy.removed' : 'policy.changed';
    await catalog.commit([
      policy === undefined && former.length === 0
        ? { kind: 'policy.remove', resourceId, expect }
        : { kind: 'policy.put', record, expect },
      // Whoever decides by the policy of before holds to the head of before.
      ...(head === undefined ? [] : [moved(head)]),
      event(deps, action, now, caller, { resourceId, detail: { ...policy } }),
    ]);
    const after = planUnderAll(backups, [policy], effectiveAt);
    const asBefore = planUnderAll(backups, before, effectiveAt);
    const wouldExpire = after.filter(({ action }, i) => action === 'drop' && asBefore[i]!.action === 'keep');
    return {
      record,
      wouldExpire: wouldExpire.map(({ backupId }) => backupId),
      ...(former.some(({ until }) => until === effectiveAt) ? { effectiveAt } : {}),
      warnings:
        backups.length === 0 && policy !== undefined
          ? ['The resource has no backups: a policy is for one by exactly this name.']
          : [],
    };
  });
}

function moved(head: ResourceHead): Change {
  const { version: expect } = head;
  return { kind: 'head.put', head: { ...toBeDecided(head), version: expect + 1 }, expect };
}

/** What goes on to protect: former policies whose time is not over, and the one that is narrowed now. */
function formerOf(
  stored: PolicyRecord | undefined,
  next: RetentionPolicy | undefined,
  now: number,
  until: number,
): FormerPolicy[] {
  const standing = stored?.former?.filter((one) => now < one.until) ?? [];
  const present = stored?.removed === true ? undefined : stored?.policy;
  if (until <= now || !isNarrower(next, present)) return standing;
  if (standing.length >= LIMITS.formerPoliciesMax) {
    throw new ServiceError(
      'too_many_requests',
      'The policy was changed too often of late; try again later.',
      {
        retryAfterSeconds: Math.ceil((standing[0]!.until - now) / 1000),
      },
    );
  }
  return [...standing, { policy: present ?? {}, until }];
}

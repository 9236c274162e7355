// Records of retention to the wire. What is not named here is not shown.

import { LIMITS } from '../../core/records/limits.ts';
import type { PolicyRecord } from '../../core/records/retention-records.ts';
import type { DescribedWait, PolicyChange, RetentionDecision } from '../../service/contract/api.ts';
import type { Answer } from './answers.ts';
import { formatInstant } from './instant.ts';

export function viewPolicy(record: PolicyRecord): Answer<'Policy'> {
  return {
    resourceId: record.resourceId,
    policy: record.policy,
    updatedAt: formatInstant(record.updatedAt),
  };
}

export function viewDecision(decision: RetentionDecision): Answer<'RetentionPlan'>['decisions'][number] {
  const { expiresAt } = decision;
  return {
    backupId: decision.backupId,
    resourceId: decision.resourceId,
    createdAt: formatInstant(decision.createdAt),
    ...(expiresAt === undefined ? {} : { expiresAt: formatInstant(expiresAt) }),
    action: decision.action,
    reasons: decision.reasons,
    ...(decision.waitId === undefined ? {} : { waitId: decision.waitId }),
  };
}

export function viewWait(wait: DescribedWait): Answer<'Wait'> {
  const { id, reason, detail, resourceId, backups, decision } = wait;
  return {
    id,
    reason,
    detail,
    ...(resourceId === undefined ? {} : { resourceId }),
    ...(backups === undefined ? {} : { backups }),
    since: formatInstant(wait.since),
    until: formatInstant(wait.until),
    ...(decision === undefined ? {} : { decision }),
  };
}

/** What would go because of a change, and from when on. */
export function viewChange({ wouldExpire, effectiveAt }: PolicyChange) {
  return {
    wouldExpire: viewIds(wouldExpire),
    ...(effectiveAt === undefined ? {} : { effectiveAt: formatInstant(effectiveAt) }),
  };
}

export function viewIds(backupIds: readonly string[]) {
  return { count: backupIds.length, backupIds: backupIds.slice(0, LIMITS.namedExpiringMax) };
}

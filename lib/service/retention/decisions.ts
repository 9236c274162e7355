// What retention decides of a resource's backups, by the policy in force and those that still protect beside it.

import type { BackupRecord } from '../../core/records/model.ts';
import { planUnderAll, type RetentionDecision } from '../../core/records/retention.ts';
import type { PolicyRecord, RetentionPolicy } from '../../core/records/retention-records.ts';
import type { Deps } from '../contract/deps.ts';
import { collect } from '../kit/collect.ts';

/** The policy in force, or undefined where there is none, and the former ones that still protect. */
export function policiesAt(record: PolicyRecord | undefined, now: number): (RetentionPolicy | undefined)[] {
  const former = record?.former?.filter(({ until }) => now < until).map(({ policy }) => policy) ?? [];
  return [record?.removed === true ? undefined : record?.policy, ...former];
}

/** Until when the first of the former policies protects. */
export function formerUntil(record: PolicyRecord | undefined, now: number): number | undefined {
  const ends = record?.former?.map(({ until }) => until).filter((until) => now < until) ?? [];
  return ends.length === 0 ? undefined : Math.min(...ends);
}

export function liveOf({ catalog }: Pick<Deps, 'catalog'>, resourceId: string): Promise<BackupRecord[]> {
  return collect((page) => catalog.resourceHistory({ ...page, resourceId, fromSequence: 0 }));
}

export interface Decided {
  policy: PolicyRecord | undefined;
  backups: BackupRecord[];
  /** Newest first. */
  decisions: RetentionDecision[];
}

/** Decides all live backups of a resource. */
export async function decide(deps: Pick<Deps, 'catalog'>, resourceId: string, now: number): Promise<Decided> {
  const [policy, backups] = await Promise.all([deps.catalog.getPolicy(resourceId), liveOf(deps, resourceId)]);
  return { policy, backups, decisions: planUnderAll(backups, policiesAt(policy, now), now) };
}

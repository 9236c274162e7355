// What is to become of a resource's expired backups: which go, and where those that are kept stand from then on.

import { ownBlob } from '../../core/records/chain.ts';
import type { BackupRecord, ResourceHead } from '../../core/records/model.ts';
import { dependsOnOthers, nextDecisionAt, type RetentionDecision } from '../../core/records/retention.ts';
import type { ExpiryPass } from '../../core/records/retention-records.ts';
import type { Deps } from '../contract/deps.ts';
import { decide, formerUntil } from './decisions.ts';
import { farthestPlace, type Listed } from './lap.ts';

/** A backup that stays, and where it is to stand among what expires. */
export interface Placed {
  id: string;
  version: number;
  at: number;
}

export interface JudgedResource {
  resourceId: string;
  listed: Listed;
  /** As it was before anything else was read: what has changed since has moved it. */
  head: ResourceHead | undefined;
  /** How many of its backups are live, and how many of them go though they were not looked at. */
  live: number;
  later: number;
  due: RetentionDecision[];
  /** The oldest first. */
  going: BackupRecord[];
  /** Those whose place is to be another one. */
  moving: Placed[];
  /** Whether an expired one is kept that another backup, or another policy, may let go. */
  keepsExpired: boolean;
  /** Blobs of what goes that others build on. */
  bases: ReadonlySet<string>;
}

export interface ToJudge {
  resourceId: string;
  listed: Listed;
  lap: ExpiryPass;
  now: number;
}

/** Throws PortError from the catalog. */
export async function judgeResource(
  deps: Pick<Deps, 'catalog'>,
  { resourceId, listed, lap, now }: ToJudge,
): Promise<JudgedResource> {
  const head = await deps.catalog.getHead(resourceId);
  const { policy, backups, decisions } = await decide(deps, resourceId, now);
  const records = new Map(backups.map((record) => [record.id, record]));
  const former = formerUntil(policy, now);
  const farthest = farthestPlace(lap);
  const judged: JudgedResource = {
    ...{ resourceId, listed, head, live: backups.length, later: 0, keepsExpired: false },
    ...{ due: [], going: [], moving: [], bases: new Set() },
  };
  for (const decision of decisions) {
    const record = records.get(decision.backupId)!;
    if (record.expiresAt === undefined) continue;
    const place = listed.places.get(record.id);
    if (!(record.expiresAt <= now)) {
      // By a clock that was ahead it had expired, and was kept: now it has to be met when it does.
      if (place !== undefined && place > record.expiresAt) {
        judged.moving.push({ id: record.id, version: record.version, at: record.expiresAt });
      }
      continue;
    }
    const isKept = decision.action === 'keep';
    if (isKept && dependsOnOthers(decision)) judged.keepsExpired = true;
    if (!listed.isAll && place === undefined) {
      if (!isKept) judged.later += 1;
      continue;
    }
    judged.due.push(decision);
    if (!isKept) judged.going.unshift(record);
    else {
      const at = Math.min(farthest, nextDecisionAt(decision, record, former));
      // One that was not listed has a place that has not come yet: it is left there, unless it would come too late.
      const isMoving = place === undefined ? at < farthest : at !== place;
      if (isMoving) judged.moving.push({ id: record.id, version: record.version, at });
    }
  }
  if (judged.going.length === 0) return judged;
  const goingOwn = new Set(judged.going.map((record) => ownBlob(record).blobId));
  const built = backups.flatMap(({ chain }) => chain.slice(0, -1).map(({ blobId }) => blobId));
  return { ...judged, bases: new Set(built.filter((blobId) => goingOwn.has(blobId))) };
}

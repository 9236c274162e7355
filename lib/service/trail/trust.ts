// Whether a catalog is the one that its blobs were written with, or has been restored to an earlier moment, where it lies apart
// from them: the trail lies beside the blobs, and no restore of a table takes anything back there.

import type { Logger } from '../../log.ts';
import type { Catalog } from '../../ports/catalog.ts';
import type { WallClock } from '../../ports/clock.ts';
import type { TrailSource } from '../../ports/trail.ts';
import type { Trust } from '../contract/parts.ts';
import { createTrust, ROLLBACK_NOTICE, writtenProof } from '../kit/trust.ts';
import { eventsIn, readSegment, type TrailDeps } from './write.ts';

/** The trail, and what the catalog knows of it. */
export interface HeldToTrail extends Pick<TrailDeps, 'store' | 'keyring' | 'storeId'> {
  source: Pick<TrailSource, 'lastSegment' | 'hasEvent'>;
}

/**
 * Why the catalog must have lost commits; undefined if the trail does not say so. A run that writes the trail may have died
 * between a segment and its mark in the catalog: so there may be one more segment, if its events are known. Throws PortError.
 */
export async function proofOfOlderCatalog(deps: HeldToTrail): Promise<string | undefined> {
  const marked = async (): Promise<number> => (await deps.source.lastSegment())?.segment ?? 0;
  const before = await marked();
  const newest = (await deps.store.list(before)).at(-1) ?? before;
  if (newest === before) return undefined;
  // Another run may have gone on since: marks only move on, so the second look is the one that counts.
  const last = await marked();
  const isExplained = newest <= last || (newest === last + 1 && (await knowsSegment(deps, newest)));
  if (isExplained) return undefined;
  return `The catalog is older than the trail beside its blobs: it knows ${last} segments of ${newest}, so it has been restored to an earlier moment. Nothing was removed.`;
}

/** Whether the last that was committed of what a segment holds is in the catalog; one that does not open says nothing. */
async function knowsSegment(deps: HeldToTrail, number: number): Promise<boolean> {
  const { lines = [] } = await readSegment(deps, number);
  const last = lines.flatMap(eventsIn).at(-1);
  return last === undefined || deps.source.hasEvent(last);
}

export interface TrailTrust {
  trust: Trust;
  proofOfRollback(): Promise<string | undefined>;
}

export interface TrailTrustOptions extends HeldToTrail {
  catalog: Pick<Catalog, 'getNotice'>;
  clock: WallClock;
  everyMs: number;
}

/**
 * What a process trusts: at its first look the catalog is held to the trail, for it may be another one than that of the process
 * before; from then on only a proof that somebody has written down counts, looked for every `everyMs`.
 */
export function createTrailTrust(log: Logger, options: TrailTrustOptions): TrailTrust {
  const { catalog, clock, everyMs } = options;
  const proofOfRollback = () => proofOfOlderCatalog(options);
  let isOfThisTrail = false;
  const written = async () => {
    const [proof, detail] = await Promise.all([
      writtenProof(catalog),
      isOfThisTrail ? undefined : proofOfRollback(),
    ]);
    isOfThisTrail ||= detail === undefined;
    return proof ?? (detail === undefined ? undefined : { code: ROLLBACK_NOTICE, detail });
  };
  return { trust: createTrust(log, clock, { written, everyMs }), proofOfRollback };
}

// Carries out what was judged of a resource: what goes is hidden, as much of it in one commit as that holds, and what is kept is given its
// place. Each commit holds to the head that was read first, so that nothing is done by what has changed since.

import { forEachAtOnce } from '../../core/at-once.ts';
import { ServiceError } from '../../core/records/errors.ts';
import { LIMITS } from '../../core/records/limits.ts';
import type { BackupRecord, ResourceHead } from '../../core/records/model.ts';
import type { ExpiryPass, ExpiryWait } from '../../core/records/retention-records.ts';
import type { Change } from '../../ports/change.ts';
import { PortError } from '../../ports/errors.ts';
import { headWithout, hidingChanges, refuseDoubtfulEnd } from '../backups/hide.ts';
import { mayExpire, type Standing } from '../chains/disagreement.ts';
import type { Caller } from '../contract/api.ts';
import type { Deps } from '../contract/deps.ts';
import { type JudgedResource, judgeResource, type Placed } from './judge-resource.ts';
import { farthestPlace } from './lap.ts';

const BY: Readonly<Caller> = { actor: 'retention' };
/** Blobs of one resource that are asked at once whether they agree. */
const ASKED_AT_ONCE = 16;
/** What a commit holds, with room for the head: hiding one takes four changes, and eight items where a home keeps items. */
const WEIGHT_MAX = 88;
const HIDING_WEIGHT = 8;
/** Of the records in one commit, as JSON: the event that tells of it holds them all, and a home may bound that. */
const RECORDS_BYTES_MAX = 128 * 1024;

export interface Settling {
  lap: ExpiryPass;
  waiting: ReadonlyMap<string, ExpiryWait>;
  standing: Standing;
  /** Waited for before anything is given a place. */
  beforePlacing: () => Promise<void>;
  /** Asked between two commits. */
  isOver: () => boolean;
}

/** What has become of the backups that go. */
export interface Settled {
  hidden: BackupRecord[];
  /** Those that it did not come to. */
  left: BackupRecord[];
}

type Part = { hide: BackupRecord } | { place: Placed };

/** So often others may change the resource before anything of it stands. */
const LOST_MAX = 10;

/** Throws ServiceError `write_conflict` when others keep changing the resource, PortError. */
export async function settleResource(
  deps: Deps,
  first: JudgedResource,
  settling: Settling,
): Promise<Settled> {
  const { resourceId, listed } = first;
  const { lap, waiting, isOver } = settling;
  const asked: Asked = {
    mayGo: new Set(first.going.filter(({ id }) => !waiting.has(id)).map(({ id }) => id)),
    agreed: new Map(),
  };
  const hidden: BackupRecord[] = [];
  const inTurn = (work: () => Promise<void>): Promise<void> => deps.gate.run(resourceId, work);
  const next = async (): Promise<void> => {
    if (work.commits[0]?.some((part) => 'place' in part)) await settling.beforePlacing();
    const going = await commitNext(deps, work);
    hidden.push(...going);
    lost = 0;
  };
  let lost = 0;
  let work = await plan(deps, first, settling, asked);
  while (work.commits.length > 0 && !isOver()) {
    try {
      // A create at work on it goes first, or it would have to begin again. Where others were first, nobody of this process is the next time.
      if (lost === 0) await inTurn(next);
      else {
        await inTurn(async () => {
          const again = await judgeResource(deps, { resourceId, listed, lap, now: deps.clock.now() });
          work = await plan(deps, again, settling, asked);
          if (work.commits.length > 0) await next();
        });
      }
    } catch (error) {
      if (!(error instanceof PortError && error.code === 'conflict')) throw error;
      if (++lost === LOST_MAX) {
        throw new ServiceError(
          'write_conflict',
          `Resource ${resourceId} is being changed by others; try again.`,
        );
      }
    }
  }
  return { hidden, left: work.commits.flatMap((parts) => parts.flatMap(hidingOf)) };
}

/** What was found out of the backups that go. */
interface Asked {
  mayGo: ReadonlySet<string>;
  /** By backup: whether its blob says so too. */
  agreed: Map<string, boolean>;
}

interface Work {
  resourceId: string;
  head: ResourceHead | undefined;
  keepsExpired: boolean;
  commits: Part[][];
}

async function plan(
  deps: Deps,
  judged: JudgedResource,
  { lap, waiting, standing }: Settling,
  { mayGo, agreed }: Asked,
): Promise<Work> {
  const { resourceId, head, listed, keepsExpired } = judged;
  const going = judged.going.filter(({ id }) => mayGo.has(id));
  const unasked = going.filter(({ id }) => !agreed.has(id));
  await forEachAtOnce(unasked, ASKED_AT_ONCE, async (record) => {
    agreed.set(record.id, await mayHide(deps, record, standing));
  });
  const hiding: Part[] = going.filter(({ id }) => agreed.get(id)).map((hide) => ({ hide }));
  const placed = ({ id, version }: BackupRecord): Placed[] => {
    const isRefused = waiting.get(id)?.decision === 'refused';
    if (!isRefused && agreed.get(id) !== false) return [];
    const at = isRefused ? farthestPlace(lap) : lap.since + LIMITS.disagreedForMs;
    return listed.places.get(id) === at ? [] : [{ id, version, at }];
  };
  const moving = [...judged.moving, ...judged.going.flatMap(placed)];
  const commits = inCommits([...hiding, ...moving.map((place) => ({ place }))]);
  const isNews = head?.isUndecided === true || (keepsExpired && head?.keepsExpired !== true);
  if (commits.length === 0 && isNews) commits.push([]);
  return { resourceId, head, keepsExpired, commits };
}

/** Whether its blob says so too, and no lock of it has ended only by a clock that is not believed. */
async function mayHide(deps: Deps, record: BackupRecord, standing: Standing): Promise<boolean> {
  if (!(await mayExpire(deps, record, standing))) return false;
  try {
    await refuseDoubtfulEnd(deps, record);
    return true;
  } catch (error) {
    if (error instanceof ServiceError && error.code === 'backup_protected') return false;
    throw error;
  }
}

/** Makes the first of the commits, and resolves with what it has hidden. Throws PortError. */
async function commitNext(deps: Deps, work: Work): Promise<BackupRecord[]> {
  const { catalog, clock } = deps;
  const { resourceId, head, keepsExpired } = work;
  const [parts = [], ...rest] = work.commits;
  const going = parts.flatMap(hidingOf);
  const changes = parts.flatMap((part): Change[] => {
    if ('hide' in part) return hidingChanges(deps, part.hide, clock.now(), 'expired', BY);
    const { id, at, version: expect } = part.place;
    return [{ kind: 'expiry.place', id, at, expect }];
  });
  let next = head;
  const isNews = head?.isUndecided === true || (keepsExpired && head?.keepsExpired !== true);
  // The head moves even if it did not name what goes: two writers that each look at the other's backup must collide.
  if (going.length > 0 || (rest.length === 0 && isNews)) {
    if (head === undefined) throw new Error(`resource ${resourceId} has no head`);
    const without = await headWithout(deps, head, new Set(going.map(({ id }) => id)));
    next = rest.length === 0 ? decided(without, keepsExpired) : without;
    changes.push({ kind: 'head.put', head: next, expect: head.version });
  }
  await catalog.commit(changes);
  work.head = next;
  work.commits = rest;
  return going;
}

function hidingOf(part: Part): BackupRecord[] {
  return 'hide' in part ? [part.hide] : [];
}

function decided(head: ResourceHead, keepsExpired: boolean): ResourceHead {
  const { isUndecided: _is, keepsExpired: _before, ...rest } = head;
  return { ...rest, ...(keepsExpired ? { keepsExpired } : {}) };
}

function inCommits(parts: readonly Part[]): Part[][] {
  const commits: Part[][] = [];
  let weight = Number.POSITIVE_INFINITY;
  let bytes = 0;
  for (const part of parts) {
    const own = 'hide' in part ? HIDING_WEIGHT : 1;
    const ownBytes = 'hide' in part ? JSON.stringify(part.hide).length : 0;
    if (weight + own > WEIGHT_MAX || bytes + ownBytes > RECORDS_BYTES_MAX) {
      commits.push([]);
      weight = 0;
      bytes = 0;
    }
    commits.at(-1)!.push(part);
    weight += own;
    bytes += ownBytes;
  }
  return commits;
}

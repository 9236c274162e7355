// Resources and their states to the wire. What is not named here is not shown.

import type { Sight } from '../../core/history/along.ts';
import type { Tree } from '../../core/history/tree.ts';
import { pointerOfSteps } from '../../core/json/pointer.ts';
import type { BackupRecord } from '../../core/records/model.ts';
import type {
  FoundTree,
  PathChange,
  PathHistory,
  ResourceSummary,
  Timeline,
} from '../../service/contract/looks.ts';
import type { Answer } from './answers.ts';
import { formatInstant } from './instant.ts';
import { viewDated, viewFound } from './states-view.ts';

export function viewResource(summary: ResourceSummary): Answer<'Resource'> {
  const { resourceId, accepted, newest, tally, health, settings, schedules, lastSuccessAt, ageMs } = summary;
  const { expectEverySeconds } = settings ?? {};
  return {
    id: resourceId,
    ...(newest === undefined ? {} : { resourceType: newest.resourceType }),
    accepted,
    live: tally.live,
    bytes: tally.bytes,
    ...(tally.oldestAt === undefined ? {} : { oldestAt: formatInstant(tally.oldestAt) }),
    ...(newest === undefined ? {} : { newest: viewNewest(newest) }),
    ...(health === undefined ? {} : { health }),
    ...(schedules === undefined ? {} : { schedules }),
    ...(expectEverySeconds === undefined ? {} : { expectEverySeconds }),
    ...(lastSuccessAt === undefined ? {} : { lastSuccessAt: formatInstant(lastSuccessAt) }),
    ...(ageMs === undefined ? {} : { ageSeconds: Math.floor(ageMs / 1000) }),
  };
}

export function viewTimeline({ from, to, tally, buckets, totals }: Timeline): Answer<'Timeline'> {
  const { live, oldestAt, newestAt } = tally;
  return {
    from: formatInstant(from),
    to: formatInstant(to),
    live,
    ...(oldestAt === undefined ? {} : { oldestAt: formatInstant(oldestAt) }),
    ...(newestAt === undefined ? {} : { newestAt: formatInstant(newestAt) }),
    buckets: buckets.map((bucket) => ({
      ...bucket,
      from: formatInstant(bucket.from),
      to: formatInstant(bucket.to),
    })),
    totals,
  };
}

function viewNewest(record: BackupRecord): NonNullable<Answer<'Resource'>['newest']> {
  const { id, createdAt, completedAt, verifiedAt, type, size, checksum, chain } = record;
  const { damagedAt, legalHold, lockedUntil, expiresAt } = record;
  return {
    backupId: id,
    createdAt: formatInstant(createdAt),
    type,
    size,
    checksum: `sha256:${checksum}`,
    chainLength: chain.length,
    chainBytes: chain.reduce((sum, { bytes }) => sum + bytes, 0),
    provenAt: formatInstant(verifiedAt ?? completedAt),
    ...(damagedAt === undefined ? {} : { damaged: true as const }),
    ...(legalHold === undefined ? {} : { legalHold }),
    ...(lockedUntil === undefined ? {} : { lockedUntil: formatInstant(lockedUntil) }),
    ...(expiresAt === undefined ? {} : { expiresAt: formatInstant(expiresAt) }),
  };
}

export function viewTree(found: FoundTree): Answer<'Tree'> {
  const { steps, children, next, ...shown } = found.tree;
  const path = pointerOfSteps(steps);
  return {
    state: viewFound(found),
    path,
    ...shown,
    ...(children === undefined ? {} : { children: children.map((child) => viewChild(child, path)) }),
    ...(next === undefined ? {} : { next }),
  };
}

export function viewHistory(path: string, { items, looked, cursor }: PathHistory): Answer<'PathHistory'> {
  const { backups, oldest } = looked;
  return {
    path,
    changes: items.map(viewChange),
    count: items.length,
    looked: { backups, ...(oldest === undefined ? {} : { oldest: viewDated(oldest) }) },
    ...(cursor === undefined ? {} : { nextCursor: cursor }),
  };
}

function viewChange({ backup, previous, from, to }: PathChange): Answer<'PathChange'> {
  return {
    ...viewDated(backup),
    ...(previous === undefined ? {} : { previous: viewDated(previous) }),
    change: changeWord(from, to, previous === undefined),
    ...(typeof from === 'string' ? {} : { old: from.value }),
    ...(typeof to === 'string' ? {} : { new: to.value }),
  };
}

function changeWord(from: Sight, to: Sight, isFirst: boolean): Answer<'PathChange'>['change'] {
  if (to === 'several') return 'ambiguous';
  if (to === 'nothing') return 'gone';
  if (isFirst) return 'first';
  return from === 'nothing' ? 'appeared' : 'changed';
}

function viewChild(child: NonNullable<Tree['children']>[number], around: string): Answer<'TreeChild'> {
  const { name, nameCut, index, row, ...shown } = child;
  const step = nameCut ? undefined : (name ?? String(index));
  return {
    ...(name === undefined ? {} : { name }),
    ...(nameCut === undefined ? {} : { nameCut }),
    ...(index === undefined ? {} : { index }),
    ...(row === undefined ? {} : { row }),
    ...(step === undefined ? {} : { pointer: around + pointerOfSteps([step]) }),
    ...shown,
  };
}

// Resources and their states to the wire. What is not named here is not shown.

import type { Sight } from '../../core/history/along.ts';
import type { Tree } from '../../core/history/tree.ts';
import { pointerOfSteps } from '../../core/json/pointer.ts';
import type { FoundState, FoundTree, PathChange, PathHistory } from '../../service/contract/api.ts';
import type { Answer } from './answers.ts';
import { formatInstant } from './instant.ts';
import { viewDated, viewInexact } from './restores-view.ts';

/** Which state was found for a moment, and what it is to it. */
export function viewFound({ record, at, ageMs, exact, inexact }: FoundState): Answer<'FoundState'> {
  return {
    backupId: record.id,
    createdAt: formatInstant(record.createdAt),
    ...(at === undefined ? {} : { asked: formatInstant(at) }),
    ageSeconds: Math.floor(ageMs / 1000),
    exact,
    ...(inexact === undefined ? {} : viewInexact(inexact)),
    size: record.size,
    checksum: `sha256:${record.checksum}`,
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

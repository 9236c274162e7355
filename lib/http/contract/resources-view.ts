// Resources and their states to the wire. What is not named here is not shown.

import type { Tree } from '../../core/history/tree.ts';
import { pointerOfSteps } from '../../core/json/pointer.ts';
import type { FoundState, FoundTree } from '../../service/contract/api.ts';
import type { Answer } from './answers.ts';
import { formatInstant } from './instant.ts';
import { viewInexact } from './restores-view.ts';

/** Which state was found for a moment, and what it is to it. */
function viewFound({ record, at, ageMs, exact, inexact }: FoundState): Answer<'FoundState'> {
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

// Records of restores to the wire. What is not named here is not shown.

import type { DatedBackup, InexactMoment, OperationRecord } from '../../core/records/model.ts';
import type { Answer } from './answers.ts';
import { formatInstant } from './instant.ts';

export type OperationView = Answer<'Operation'>;

/** `now` decides whether the result can still be fetched. Epoch milliseconds. Links begin with `basePath`. */
export function viewOperation(record: OperationRecord, now: number, basePath = ''): OperationView {
  const { pointInTime, path, completedAt, resultUntil } = record;
  const fetchable = record.status === 'completed' && resultUntil !== undefined && now < resultUntil;
  return {
    id: record.id,
    backupId: record.backupId,
    targetResourceId: record.targetResourceId,
    type: record.type,
    status: record.status,
    ...(pointInTime === undefined ? {} : viewMoment(record, pointInTime)),
    ...(path === undefined ? {} : { path }),
    validated: record.validated,
    validationErrors: record.validationErrors,
    progress: record.progress,
    createdAt: formatInstant(record.createdAt),
    ...(completedAt === undefined ? {} : { completedAt: formatInstant(completedAt) }),
    createdBy: record.createdBy,
    ...(fetchable ? { resultUrl: `${basePath}${operationUrl(record.id)}/result` } : {}),
  };
}

/** What was asked, what was found for it, and, if that is not what the moment had, why, and what stands around it. */
function viewMoment({ stateOf, exact, inexact }: OperationRecord, pointInTime: number) {
  const asked = { pointInTime: formatInstant(pointInTime) };
  if (stateOf === undefined || exact === undefined) return asked;
  const found = {
    ...asked,
    stateOf: formatInstant(stateOf),
    ageSeconds: Math.max(0, Math.floor((pointInTime - stateOf) / 1000)),
    exact,
  };
  if (inexact === undefined) return found;
  return { ...found, ...viewInexact(inexact) };
}

/** What became of a moment's own state, and what stands around it. */
export function viewInexact({ reason, backupId, createdAt, previous, next }: InexactMoment) {
  const missing = {
    ...(backupId === undefined ? {} : { backupId }),
    ...(createdAt === undefined ? {} : { createdAt: formatInstant(createdAt) }),
  };
  return {
    reason,
    ...(Object.keys(missing).length === 0 ? {} : { missing }),
    previous: viewDated(previous),
    ...(next === undefined ? {} : { next: viewDated(next) }),
  };
}

export function viewDated({ backupId, createdAt }: DatedBackup) {
  return { backupId, createdAt: formatInstant(createdAt) };
}

export function operationUrl(id: string): string {
  return `/restore/operations/${encodeURIComponent(id)}`;
}

// Records of restores to the wire. What is not named here is not shown.

import type { BackupRecord, OperationRecord } from '../../core/records/model.ts';
import type { PlannedLink, RestorePlan } from '../../service/contract/api.ts';
import type { Answer } from './answers.ts';
import { formatInstant } from './instant.ts';
import { viewFound, viewInexact } from './states-view.ts';

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

export function viewPlan(plan: RestorePlan): Answer<'PlannedRestore'>['plan'] {
  const { found, targetResourceId, target, inBackground, cost, weakest, damaged } = plan;
  return {
    state: viewFound(found),
    targetResourceId,
    ...(target === undefined ? {} : { target: viewTarget(target, found.record) }),
    answer: inBackground ? 'background' : 'call',
    ...cost,
    weakest: viewLink(weakest),
    damaged: damaged.map(viewLink),
  };
}

function viewTarget({ id, createdAt, size, checksum }: BackupRecord, given: BackupRecord) {
  const isSame = checksum === given.checksum;
  return { backupId: id, createdAt: formatInstant(createdAt), size, checksum: `sha256:${checksum}`, isSame };
}

function viewLink({ backupId, provenAt }: PlannedLink) {
  return { backupId, provenAt: formatInstant(provenAt) };
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

export function operationUrl(id: string): string {
  return `/restore/operations/${encodeURIComponent(id)}`;
}

// A backup's state, as answers of many nouns name it.

import type { DatedBackup, InexactMoment } from '../../core/records/model.ts';
import type { FoundState } from '../../service/contract/looks.ts';
import type { Answer } from './answers.ts';
import { formatInstant } from './instant.ts';

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

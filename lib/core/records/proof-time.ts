// Since when nobody has looked at what is stored of a backup.

import type { BackupRecord } from './model.ts';

/** When its stored bytes were last looked at, with whatever result. Epoch milliseconds. */
export function lookedAt(record: Pick<BackupRecord, 'completedAt' | 'verifiedAt' | 'damagedAt'>): number {
  const { completedAt, verifiedAt = completedAt, damagedAt = 0 } = record;
  return Math.max(verifiedAt, damagedAt);
}

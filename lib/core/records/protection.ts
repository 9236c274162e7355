// Until when the bytes of a chain are needed: as long as the last backup that goes through them.

import type { BackupRecord } from './model.ts';

export interface Need {
  /** Epoch milliseconds; undefined: for as long as nobody says otherwise. */
  until: number | undefined;
  isHeld: boolean;
}

/** By blob, what these live backups need of the blobs of their chains. */
export function needsOf(
  live: readonly Pick<
    BackupRecord,
    'chain' | 'expiresAt' | 'lockedUntil' | 'keptUntil' | 'unchangedUntil' | 'legalHold'
  >[],
): Map<string, Need> {
  const needs = new Map<string, Need>();
  for (const record of live) {
    const until =
      record.expiresAt === undefined
        ? undefined
        : Math.max(
            record.expiresAt,
            record.lockedUntil ?? 0,
            record.keptUntil ?? 0,
            record.unchangedUntil ?? 0,
          );
    const isHeld = record.legalHold === true;
    for (const { blobId } of record.chain) {
      const before = needs.get(blobId);
      needs.set(
        blobId,
        before === undefined
          ? { until, isHeld }
          : { until: laterOf(before.until, until), isHeld: before.isHeld || isHeld },
      );
    }
  }
  return needs;
}

function laterOf(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : Math.max(a, b);
}

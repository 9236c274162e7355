// What is counted and drawn of a resource's live backups: a few numbers each, so that thousands are read at once. Pure.

import { ownBlob } from './chain.ts';
import type { BackupRecord, BackupType, ChangeCounts } from './model.ts';

/** A live backup, as far as it is counted. */
export interface LiveEntry {
  backupId: string;
  createdAt: number;
  sequence: number;
  type: BackupType;
  /** Bytes of the state, and of the sealed blob that this backup added. */
  size: number;
  bytes: number;
  changes?: ChangeCounts;
  legalHold?: true;
  lockedUntil?: number;
  /** Its stored bytes were last found not to be what was written. */
  damaged?: true;
}

/** All live backups of a resource together. */
export interface Tally {
  live: number;
  /** Of the sealed blobs that they have added. What is kept for them of hidden ones is not among them. */
  bytes: number;
  damaged: number;
  /** Under a legal hold. */
  held: number;
  /** When the oldest and the newest state were accepted; absent where there are none. */
  oldestAt?: number;
  newestAt?: number;
}

export function liveEntryOf(record: BackupRecord): LiveEntry {
  const {
    id: backupId,
    createdAt,
    sequence,
    type,
    size,
    changes,
    legalHold,
    lockedUntil,
    damagedAt,
  } = record;
  return {
    backupId,
    createdAt,
    sequence,
    type,
    size,
    bytes: ownBlob(record).bytes,
    ...(changes === undefined ? {} : { changes }),
    ...(legalHold === true ? { legalHold } : {}),
    ...(lockedUntil === undefined ? {} : { lockedUntil }),
    ...(damagedAt === undefined ? {} : { damaged: true }),
  };
}

export const NOTHING_LIVE: Tally = { live: 0, bytes: 0, damaged: 0, held: 0 };

/** The tally with one more. */
export function counted(tally: Tally, { bytes, damaged, legalHold, createdAt }: LiveEntry): Tally {
  return {
    live: tally.live + 1,
    bytes: tally.bytes + bytes,
    damaged: tally.damaged + (damaged ? 1 : 0),
    held: tally.held + (legalHold ? 1 : 0),
    oldestAt: Math.min(tally.oldestAt ?? createdAt, createdAt),
    newestAt: Math.max(tally.newestAt ?? createdAt, createdAt),
  };
}

// Looks whether every blob that a live backup needs is there at all, without reading one: so that what is missing is found
// within hours, however long it takes to prove all that is stored.

import type { BackupRecord } from '../../core/records/model.ts';
import type { Deps } from '../contract/deps.ts';
import { pages } from '../kit/collect.ts';
import { clearNotice, raiseNotice } from '../kit/notices.ts';
import { createProver } from './scrub.ts';

export interface CensusSummary {
  blobs: number;
  backups: number;
  /** Live backups that need a blob which is not there. */
  incomplete: number;
}

const NOTICE_ID = 'blobs-missing';
/** So many are proven and told of one by one; more than that is no accident of single blobs. */
const TOLD_MAX = 50;
/** Of an id, as many digits as a number of 64 bits has: enough to tell apart more blobs than there will ever be. */
const DIGITS = 16;
const ROOM_AT_FIRST = 4096;
const EVER = 8.64e15;

export interface CensusBounds {
  /** With more blobs than that nothing is compared: it would cost too much to do it often. */
  blobsMax?: number;
  /** Epoch milliseconds; what has been found by then is told. */
  deadline?: number;
}

/** Undefined if it was not taken, or not to its end. Throws PortError. */
export async function takeCensus(
  deps: Deps,
  { blobsMax = Number.POSITIVE_INFINITY, deadline = Number.POSITIVE_INFINITY }: CensusBounds = {},
): Promise<CensusSummary | undefined> {
  const { catalog, clock, blobs } = deps;
  const isOver = (): boolean => clock.now() >= deadline || deps.isStopping?.() === true;
  const began = clock.now();
  const there = createIdSet();
  for await (const { blobId } of pages((page) => blobs.list({ ...page, writtenBefore: EVER }))) {
    if (there.size >= blobsMax || isOver()) return undefined;
    there.add(blobId);
  }
  const summary: CensusSummary = { blobs: there.size, backups: 0, incomplete: 0 };
  const told: BackupRecord[] = [];
  let isWhole = true;
  for await (const record of pages((page) => catalog.listBackups(page))) {
    isWhole = !isOver();
    if (!isWhole) break;
    // A younger one may have been stored behind the place that the list had come to.
    if (record.completedAt >= began) continue;
    summary.backups++;
    if (record.chain.every(({ blobId }) => there.has(blobId))) continue;
    summary.incomplete++;
    if (told.length < TOLD_MAX) told.push(record);
  }
  const prove = createProver(deps, { proven: 0, damaged: 0 });
  for (const record of told) await prove(record);
  if (!isWhole) return undefined;
  await tellOfMany(deps, summary);
  return summary;
}

async function tellOfMany(deps: Deps, { incomplete, backups }: CensusSummary): Promise<void> {
  if (incomplete <= TOLD_MAX) return clearNotice(deps, NOTICE_ID);
  await raiseNotice(deps, {
    id: NOTICE_ID,
    code: 'damaged_backup',
    severity: 'critical',
    detail: `${incomplete} of ${backups} backups need blobs that are missing. Look whether the folder of the blobs is the right one, and put it back from a copy.`,
  });
}

/** Blob ids that come in order, as a list has them: eight bytes each. */
function createIdSet() {
  let ids = new BigUint64Array(ROOM_AT_FIRST);
  let size = 0;
  const numberOf = (blobId: string): bigint => BigInt(`0x${blobId.slice(0, DIGITS)}`);
  return {
    get size() {
      return size;
    },
    add(blobId: string): void {
      if (size === ids.length) {
        const larger = new BigUint64Array(size * 2);
        larger.set(ids);
        ids = larger;
      }
      ids[size++] = numberOf(blobId);
    },
    has(blobId: string): boolean {
      const wanted = numberOf(blobId);
      let [low, high] = [0, size];
      while (low < high) {
        const middle = (low + high) >>> 1;
        if (ids[middle]! < wanted) low = middle + 1;
        else high = middle;
      }
      return low < size && ids[low] === wanted;
    },
  };
}

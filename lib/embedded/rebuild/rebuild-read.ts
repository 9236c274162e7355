// What a rebuild can read of a data folder: blobs with their headers, each proven byte by byte; what lies in quarantine; the
// trail; and of the old catalog, if it can still be read, what had not reached the trail yet.

import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { FoundBlob } from '../../core/blob/found.ts';
import { PortError } from '../../ports/errors.ts';
import type { Keyring } from '../../ports/keyring.ts';
import { readTrailLine } from '../../ports/trail-lines.ts';
import { createReplay, type Replayed } from '../../service/recovery/replay.ts';
import { readSegment } from '../../service/trail/write.ts';
import { blobPaths } from '../blobs/blob-survey.ts';
import { readBlob, type UnreadableBlob } from '../blobs/prove-blob.ts';
import { asideEntries } from '../blobs/quarantine.ts';
import { sumOf } from '../catalog/schema.ts';
import { sqliteResult } from '../disk/failures.ts';
import { createTrailStore } from '../trail/trail-store.ts';
import { type Misplaced, takenOut } from './put-in-place.ts';

export interface ReadBlobs {
  /** One of each id, whole ones before others, wherever they lie. */
  found: FoundBlob[];
  /** Whole ones that do not lie in their own places. */
  misplaced: Misplaced[];
  /** Places in which something lies that is no whole blob. */
  spoiled: string[];
  /** Files with the name of a blob of which nobody knows what they were. */
  unreadable: UnreadableBlob[];
}

/** Data keys that opened, and that did not: if none does, the key file is another store's. */
export interface KeyCounts {
  opened: number;
  refused: number;
}

/** A keyring that opens each data key once, and counts. */
export function countingKeys(keyring: Keyring): Keyring & { counts: KeyCounts } {
  const opened = new Map<string, Promise<Uint8Array>>();
  const counts = { opened: 0, refused: 0 };
  return {
    ...keyring,
    counts,
    open(key, context) {
      const name = JSON.stringify([key, Object.entries(context).sort()]);
      let opening = opened.get(name);
      if (opening === undefined) {
        opening = keyring.open(key, context);
        opened.set(name, opening);
        opening.then(
          () => counts.opened++,
          () => counts.refused++,
        );
      }
      return opening;
    },
  };
}

/** All blobs in `blobs/`. `onProgress` hears how many have been looked at, of how many. */
export async function readBlobs(
  dataDir: string,
  keyring: Keyring,
  onProgress: (done: number, total: number) => void = () => undefined,
): Promise<ReadBlobs> {
  const paths = [
    ...[...blobPaths(dataDir)].map((one) => ({ ...one, isOut: false })),
    ...takenOut(dataDir).map((one) => ({ ...one, isOut: true })),
  ];
  const found = new Map<string, FoundBlob>();
  const blobs: Omit<ReadBlobs, 'found'> = { misplaced: [], spoiled: [], unreadable: [] };
  for (const [i, { blobId: at, path, isOut }] of paths.entries()) {
    const blob = await readBlob(at, path, keyring);
    const isWhole = 'header' in blob && blob.damage === undefined;
    if (!isWhole && !isOut) blobs.spoiled.push(at);
    if ('header' in blob) {
      const { blobId } = blob.header;
      if (isWhole || !found.has(blobId)) found.set(blobId, blob);
      if (isWhole && (isOut || blobId !== at)) {
        blobs.misplaced.push({ blobId, path, ...(isOut ? {} : { at }) });
      }
    } else blobs.unreadable.push(blob);
    onProgress(i + 1, paths.length);
  }
  return { ...blobs, found: [...found.values()] };
}

/** What lies in quarantine, proven as blobs are, by id. */
export async function readQuarantine(dataDir: string, keyring: Keyring): Promise<Map<string, FoundBlob>> {
  const aside = new Map<string, FoundBlob>();
  for (const { blobId, path } of asideEntries(dataDir)) {
    if (aside.has(blobId)) continue;
    const blob = await readBlob(blobId, path, keyring);
    if ('header' in blob && blob.header.blobId === blobId) aside.set(blobId, blob);
  }
  return aside;
}

export interface ReadTrail {
  replayed: Replayed;
  segments: number;
  /** Segments that do not open, or do not follow the one before them. */
  damaged: number[];
  /** Numbers before the last one that are not there. */
  missing: number[];
  /** When the last segment that opened was written. */
  until: number | undefined;
  /** The events of the last of it: whether they have been published is not known. */
  recent: string[];
  /** Commits that the trail did not have yet, found in the old catalog; undefined if that could not be read. */
  fromCatalog?: number;
}

/** Replays the trail, and behind it what the old catalog still has for it. */
export async function readTrail(dataDir: string, storeId: string, keyring: Keyring): Promise<ReadTrail> {
  const store = createTrailStore(dataDir);
  const replay = createReplay();
  const numbers = await store.list();
  const trail: ReadTrail = {
    replayed: replay,
    segments: numbers.length,
    damaged: [],
    missing: [],
    until: undefined,
    recent: [],
  };
  let before: { number: number; sha256: string } | undefined;
  let last: string[] = [];
  const take = (lines: readonly string[]): void => {
    const changes = lines.flatMap(readTrailLine);
    replay.take(changes);
    trail.recent = changes.flatMap((change) => (change.kind === 'event.append' ? [change.event.id] : []));
  };
  for (const number of numbers) {
    for (let gone = (before?.number ?? 0) + 1; gone < number; gone++) trail.missing.push(gone);
    const { mark, header, lines } = await readSegment({ store, keyring, storeId }, number);
    const follows = before?.number !== number - 1 || header?.previous === before.sha256;
    if (header === undefined || !follows) trail.damaged.push(number);
    last = lines ?? [];
    take(last);
    trail.until = header?.writtenAt ?? trail.until;
    before = { number, sha256: mark.sha256 };
  }
  const waiting = waitingLines(dataDir, { storeId, segment: before?.number ?? 0, last });
  if (waiting !== undefined) {
    const { recent } = trail;
    take(waiting);
    trail.recent = [...recent, ...trail.recent];
    trail.fromCatalog = waiting.length;
  }
  return trail;
}

interface TrailEnd {
  storeId: string;
  /** The number of the last segment, and its lines. */
  segment: number;
  last: readonly string[];
}

/**
 * The lines that the old catalog has not brought into the trail, in order; undefined if it cannot be read, is of another store,
 * or is older than the trail: then what it has is in the trail already, or was never said.
 */
function waitingLines(dataDir: string, { storeId, segment, last }: TrailEnd): string[] | undefined {
  return lookInto(dataDir, (native) => {
    const store = native.prepare('SELECT id, segment FROM store').get();
    if (store === undefined || String(store.id) !== storeId) return undefined;
    const rows = native.prepare('SELECT line, sum FROM outbox ORDER BY row').all();
    const lines: string[] = [];
    for (const { line, sum } of rows) {
      // What follows a damaged line may build on it.
      if (sumOf(String(line)) !== Number(sum)) break;
      lines.push(String(line));
    }
    if (Number(store.segment) === segment) return lines;
    // It had been written, and not been marked.
    const isUnmarked = Number(store.segment) === segment - 1 && last.every((line, i) => lines[i] === line);
    return isUnmarked ? lines.slice(last.length) : undefined;
  });
}

const BUSY = 5;

/**
 * Reads something of the old catalog, which stays as it is; undefined if there is none, or it cannot be read. Throws PortError
 * `unavailable` while a process owns it.
 */
export function lookInto<T>(dataDir: string, read: (native: DatabaseSync) => T | undefined): T | undefined {
  const path = join(dataDir, 'catalog.sqlite');
  if (!existsSync(path)) return undefined;
  // Looking leaves an index of the log behind, even to read.
  const beside = [`${path}-shm`, `${path}-wal`].filter((name) => !existsSync(name));
  let native: DatabaseSync | undefined;
  try {
    native = new DatabaseSync(path, { timeout: 0, readOnly: true });
    return read(native);
  } catch (error) {
    if (sqliteResult(error) === BUSY) {
      throw new PortError('unavailable', 'a service owns the data folder: stop it first', { cause: error });
    }
    if (sqliteResult(error) === undefined && !(error instanceof SyntaxError)) throw error;
    return undefined;
  } finally {
    native?.close();
    for (const name of beside) rmSync(name, { force: true });
  }
}

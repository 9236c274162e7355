// Keeps the second copy up: what is put is copied within seconds, and now and then both places are compared for what was missed.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { BLOB_ID } from '../../core/records/ids.ts';
import type { Notice } from '../../core/records/model.ts';
import type { Logger } from '../../log.ts';
import type { BlobCopy } from '../../ports/blob-copy.ts';
import type { BlobDigest, BlobStore } from '../../ports/blob-store.ts';
import type { Clock } from '../../ports/clock.ts';
import { PortError } from '../../ports/errors.ts';
import type { Keyring } from '../../ports/keyring.ts';
import type { TrailStore } from '../../ports/trail.ts';
import { readChunks } from '../blobs/blob-file.ts';
import { blobPath } from '../blobs/blob-survey.ts';
import { readBlob } from '../blobs/prove-blob.ts';
import { errorCode, readFailure } from '../disk/failures.ts';
import { blobsDirectory } from '../disk/store-mark.ts';
import type { CopyPlace } from './copy-place.ts';

export interface Copying extends BlobCopy {
  /** The store, each of whose new blobs is copied. */
  watched(blobs: BlobStore): BlobStore;
  /** Copies what waits, until the deadline (epoch milliseconds). Throws PortError if it cannot. */
  run(deadline: number): Promise<CopyRun>;
  /** The same as the process ends: for so long at most. */
  runLast(ms: number): Promise<unknown>;
  /** A warning while it is behind. */
  notices(): Notice[];
}

export interface CopyRun {
  blobs: number;
  segments: number;
  /** What still waits. */
  waiting: number;
}

export interface CopyDeps {
  dataDir: string;
  place: CopyPlace;
  trail: Pick<TrailStore, 'list' | 'read'>;
  /** Opens what was there before: it is proven before it is copied. */
  keyring: Keyring;
  clock: Pick<Clock, 'now' | 'monotonic'>;
  log: Logger;
  isStopping(): boolean;
}

/** What is compared so often is what no put of this process has told of. */
const COMPARED_EVERY_MS = 60 * 60_000;
/** Behind for so long it is told of. */
const TOLD_AFTER_MS = 2 * 60_000;
const NOTICE_ID = 'copy';

export function createCopying(deps: CopyDeps): Copying {
  const { dataDir, place, trail, keyring, clock, log, isStopping } = deps;
  /** With the digest of its bytes where a put has told it. */
  const waiting = new Map<string, BlobDigest | undefined>();
  let comparedAt: number | undefined;
  let behindSince: number | undefined = clock.now();
  let fault = '';

  /** All that is here and not there; a shard at a time, so that others have their turn. */
  async function compare(): Promise<void> {
    for await (const { shard, ids } of place.shards()) {
      for (const blobId of idsHere(dataDir, shard)) {
        if (!ids.has(blobId) && !waiting.has(blobId)) waiting.set(blobId, undefined);
      }
      await nextTurn();
    }
  }

  /** False if it is not there any more, or is not what was sealed: the copy keeps nothing that is damaged. */
  async function copyBlob(blobId: string, announced: BlobDigest | undefined): Promise<boolean> {
    const path = blobPath(dataDir, blobId);
    let expected = announced;
    if (expected === undefined) {
      const found = await readBlob(blobId, path, keyring);
      if (!('header' in found) || found.damage !== undefined) {
        const reason = 'header' in found ? found.damage : found.reason;
        if (idsHere(dataDir, blobId.slice(0, 2)).includes(blobId)) {
          log.error('a blob is not copied: it is damaged', { blobId, reason });
        }
        return false;
      }
      expected = { bytes: found.ref.bytes, sha256: found.ref.sha256 };
    }
    try {
      return await place.put(blobId, chunksAt(path), expected);
    } catch (error) {
      // Removed since, or damaged since: the scrub tells of that.
      if (error instanceof PortError && ['not_found', 'integrity'].includes(error.code)) return false;
      throw error;
    }
  }

  async function copyAll(isOver: () => boolean): Promise<CopyRun> {
    const run: CopyRun = { blobs: 0, segments: 0, waiting: 0 };
    // Each time: a disk can go at any moment, and leaves an empty folder in its place.
    await place.open();
    const now = clock.monotonic();
    if (comparedAt === undefined || now - comparedAt >= COMPARED_EVERY_MS) {
      await compare();
      comparedAt = now;
    }
    // Blobs before the segments that tell of them: what is in the copy can be restored from it at any moment.
    const segments = await trail.list(await place.lastSegment());
    for (const [blobId, digest] of waiting) {
      if (isOver()) break;
      if (await copyBlob(blobId, digest)) run.blobs++;
      waiting.delete(blobId);
    }
    run.waiting = waiting.size;
    if (waiting.size > 0) return run;
    for (const number of segments) {
      if (isOver()) break;
      await place.putSegment(number, await trail.read(number));
      run.segments++;
    }
    return run;
  }

  return {
    watched: (blobs) => ({
      ...blobs,
      async put(blobId, body, expected) {
        const digest = await blobs.put(blobId, body, expected);
        waiting.set(blobId, digest);
        return digest;
      },
      async delete(blobId) {
        await blobs.delete(blobId);
        waiting.delete(blobId);
      },
    }),

    async get(blobId) {
      await place.open();
      return place.get(blobId);
    },

    runLast: (ms) => {
      const until = clock.monotonic() + ms;
      return copyAll(() => clock.monotonic() >= until);
    },

    async run(deadline) {
      try {
        const run = await copyAll(() => clock.now() >= deadline || isStopping());
        fault = '';
        behindSince = run.waiting > 0 ? (behindSince ?? clock.now()) : undefined;
        return run;
      } catch (error) {
        // Whatever it was may be another place by the next time.
        comparedAt = undefined;
        behindSince ??= clock.now();
        fault = faultOf(error);
        throw error;
      }
    },

    notices() {
      if (behindSince === undefined) return [];
      // A first copy of much is not behind, it is under way; a fault is told at once.
      if (fault === '' && clock.now() - behindSince < TOLD_AFTER_MS) return [];
      const detail = `The second copy is behind: ${waiting.size} blobs are known to wait.${fault}`;
      const severity = 'warning';
      return [{ id: NOTICE_ID, code: 'copy_behind', severity, detail, since: behindSince, version: 1 }];
    },
  };
}

function chunksAt(path: string): AsyncIterable<Uint8Array> {
  try {
    return readChunks(path);
  } catch (error) {
    throw readFailure(error, 'the blob cannot be read');
  }
}

/** Whoever is told of it need not know any paths: those are in the log. */
const WHY: Readonly<Record<string, string>> = {
  copy_not_there:
    'What lies in its place is not the copy that was begun: its disk may not be there, or its bucket was emptied.',
  copy_of_another: 'What lies in its place is the copy of another store.',
  copy_not_empty: 'What lies in its place is something else.',
  disk_full: 'Its disk is full.',
  read_only: 'It can only be read.',
};

function faultOf(error: unknown): string {
  const reason = error instanceof PortError ? error.reason : undefined;
  return ` ${WHY[reason ?? ''] ?? 'It cannot be written; the log says why.'}`;
}

function idsHere(dataDir: string, shard: string): string[] {
  try {
    return readdirSync(join(blobsDirectory(dataDir), shard)).filter((name) => BLOB_ID.test(name));
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

// One look at all blobs, for those that nothing names, in as many runs as it takes: how far it has come, and what it has found, stand in the
// catalog.

import type { BlobHeader } from '../../core/blob/header.ts';
import { LIMITS } from '../../core/records/limits.ts';
import type { Deps } from '../contract/deps.ts';
import { collect } from '../kit/collect.ts';
import { pageFrom, readProgress } from '../kit/progress.ts';
import { type Judgeable, judgeBlobs } from './unknown-blobs.ts';

/** What a look at all blobs has found so far. */
export interface Lap {
  /** Only what was written before it is looked at: the same blobs, however long it takes. Absent for all. */
  writtenBefore?: number;
  /** Absent at the beginning, and once it is through. */
  cursor?: string;
  isThrough?: true;
  looked: number;
  /** Blobs that nothing named; so many of them, the first, are held. */
  orphans: number;
  held: number;
  unprovable: number;
  example?: Pick<BlobHeader, 'backupId' | 'sequence'>;
}

/** As it is written down. */
type HeldBlob = [blobId: string, bytes: number];

interface Body {
  lap: Lap;
  /** When the last one ended. */
  endedAt: number;
}

export interface OrphanLap {
  readonly lap: Readonly<Lap>;
  /** Looks on until it is through or over. Resolves with a proof that the catalog has lost commits, if it meets one. */
  look(isOver: () => boolean): Promise<string | undefined>;
  /** The pages of what it has found, each until it is done with. */
  found(): Promise<FoundPage[]>;
  /** Forgets it: the next one begins at the beginning. */
  end(): Promise<void>;
}

export interface FoundPage {
  blobs: Judgeable[];
  done(): Promise<void>;
}

/** How far it has come is written down so often, in pages of blobs: a run that dies loses no more. */
const PAGES_BETWEEN = 50;
const COLLECTION = 'progress';

/**
 * The lap under this name that is under way, or a new one; undefined where the last one has ended less than `restMs` ago.
 * `writtenBefore`: for a new one. One that goes further is begun anew: a clock that was ahead has taken young blobs for old. Throws PortError.
 */
export async function orphanLap(
  deps: Deps,
  name: string,
  { writtenBefore, restMs }: { writtenBefore?: number; restMs: number },
): Promise<OrphanLap | undefined> {
  const { catalog, blobs, clock } = deps;
  const prefix = `${name}:`;
  const progress = await readProgress<Body>(catalog, name);
  const { lap: kept, endedAt } = progress.body;
  const isGoingOn = kept !== undefined && !(Number(kept.writtenBefore) > Number(writtenBefore));
  if (!isGoingOn && endedAt !== undefined && restMs > 0 && Math.abs(clock.now() - endedAt) < restMs) {
    return undefined;
  }
  const fresh: Lap = { looked: 0, orphans: 0, held: 0, unprovable: 0 };
  const lap: Lap = isGoingOn
    ? { ...kept }
    : { ...fresh, ...(writtenBefore === undefined ? {} : { writtenBefore }) };
  let found: Judgeable[] = [];

  const documents = () =>
    collect((page) => catalog.listDocuments({ ...page, collection: COLLECTION, prefix }));

  async function forgetFound(): Promise<void> {
    for (const { id, version } of await documents()) {
      await catalog.commit([{ kind: 'document.remove', collection: COLLECTION, id, expect: version }]);
    }
  }

  /** A run that dies in between finds some of them again: each page has an id once. */
  async function hold(found: readonly Judgeable[]): Promise<void> {
    for (let from = 0; from < found.length; from += LIMITS.listPageMax) {
      const some = found.slice(from, from + LIMITS.listPageMax);
      const page = Math.floor(lap.held / LIMITS.listPageMax);
      const id = `${prefix}${String(page).padStart(4, '0')}`;
      const before = await catalog.getDocument(COLLECTION, id);
      const expect = before?.version ?? 0;
      const sizes = new Map((before?.body ?? []) as HeldBlob[]);
      for (const { blobId, bytes } of some) sizes.set(blobId, bytes);
      const body: HeldBlob[] = [...sizes];
      const record = { collection: COLLECTION, id, body, version: expect + 1 } as const;
      await catalog.commit([{ kind: 'document.put', record, expect }]);
      lap.held += some.length;
    }
  }

  /** What was found is there before it is known how far the look has come. */
  async function keep(): Promise<void> {
    await hold(found);
    found = [];
    await progress.keep({ ...(endedAt === undefined ? {} : { endedAt }), lap: { ...lap } });
  }

  async function look(isOver: () => boolean): Promise<string | undefined> {
    for (let n = 1; lap.isThrough !== true && !isOver(); n++) {
      const { items, cursor } = await pageFrom(lap.cursor, (page) =>
        blobs.list({ ...page, writtenBefore: lap.writtenBefore ?? Number.POSITIVE_INFINITY }),
      );
      lap.looked += items.length;
      const unknown = await judgeBlobs(deps, items);
      if (unknown.proof !== undefined) return unknown.proof;
      lap.orphans += unknown.orphans.length;
      lap.unprovable += unknown.unprovable;
      if (unknown.example !== undefined) lap.example ??= unknown.example;
      const room = Math.max(LIMITS.orphansHeldMax - lap.held - found.length, 0);
      found.push(...unknown.orphans.slice(0, room).map(({ blobId, bytes }) => ({ blobId, bytes })));
      if (cursor === undefined) {
        lap.isThrough = true;
        delete lap.cursor;
      } else lap.cursor = cursor;
      if (n % PAGES_BETWEEN === 0) await keep();
    }
    // What is through and has found nothing ends at once.
    if (lap.isThrough !== true || found.length > 0) await keep();
    return undefined;
  }

  if (!isGoingOn) await forgetFound();
  return {
    lap,
    look,
    async found() {
      return (await documents()).map(({ id, body, version: expect }) => ({
        blobs: (body as HeldBlob[]).map(([blobId, bytes]) => ({ blobId, bytes })),
        done: () => catalog.commit([{ kind: 'document.remove', collection: COLLECTION, id, expect }]),
      }));
    },
    async end() {
      await forgetFound();
      await progress.keep({ endedAt: clock.now() });
    },
  };
}

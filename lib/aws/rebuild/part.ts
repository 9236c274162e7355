// One part of a table: what the trail and the blobs say of the same resources, put together and written.

import type { S3Client } from '@aws-sdk/client-s3';
import { forEachAtOnce } from '../../core/at-once.ts';
import type { FoundBlob } from '../../core/blob/found.ts';
import { PortError } from '../../ports/errors.ts';
import { rebuildRecords } from '../../service/recovery/catalog.ts';
import { changesOf, gapsOf } from '../../service/recovery/changes.ts';
import { findingsOf } from '../../service/recovery/findings.ts';
import { neededFromQuarantine } from '../../service/recovery/from-quarantine.ts';
import { isAsTrailed, proveFound } from '../../service/recovery/prove.ts';
import { createReplay, type Replayed } from '../../service/recovery/replay.ts';
import { ASIDE_PREFIX, BLOBS_PREFIX, keyIn } from '../blobs/blob-store.ts';
import { openObject } from '../blobs/object-reader.ts';
import { writeObject } from '../blobs/object-writer.ts';
import type { CatalogLoad, Loaded } from '../catalog/catalog-load.ts';
import { demandRightKey, type openedOnce } from './keys.ts';
import type { FoundLine } from './read-blobs.ts';
import type { TrailLine } from './read-trail.ts';
import type { PartSummary, WorkFolder } from './work-folder.ts';

const PROVEN_AT_ONCE = 16;

export interface PartDeps {
  folder: WorkFolder;
  s3: S3Client;
  bucket: string;
  keyring: ReturnType<typeof openedOnce>;
  load: Pick<CatalogLoad, 'write'>;
  /** Reads and tells, and writes nothing. */
  isDryRun: boolean;
  /** Reads every byte of every blob, and not of those alone that the trail does not know. */
  isProvingAll: boolean;
}

/** Puts a part together, and writes it into the table. Throws PortError, `denied` if nothing here opens. */
export async function rebuildPart(deps: PartDeps, part: number): Promise<PartSummary> {
  const { folder, keyring, load } = deps;
  const { replay, stamps, found: lines, aside } = await readPart(folder, part);
  const found = await believed(deps, lines, replay);
  const setAside = await believed(deps, aside, replay, ASIDE_PREFIX);
  demandRightKey(keyring.counts);
  const whole = found.filter(({ damage }) => damage === undefined);
  const sound = setAside.filter(({ damage }) => damage === undefined);
  const wanted = neededFromQuarantine(
    new Map(sound.map((blob) => [blob.header.blobId, blob])),
    whole,
    replay,
  );
  const better = new Set(wanted.map(({ header }) => header.blobId));
  const all = [...found.filter(({ header }) => !better.has(header.blobId)), ...wanted];
  const rebuilt = rebuildRecords(all, replay);
  folder.keepFindings(part, [...findingsOf(rebuilt, all)]);
  const live = rebuilt.backups.filter(({ deletedAt }) => deletedAt === undefined);
  const summary: PartSummary = {
    resources: new Set(live.map(({ resourceId }) => resourceId)).size,
    live: live.length,
    hidden: rebuilt.backups.length - live.length,
    policies: replay.policies.size,
    held: live.filter(({ legalHold, lockedUntil }) => legalHold === true || lockedUntil !== undefined).length,
    putBack: wanted.length,
    items: 0,
  };
  if (deps.isDryRun) return summary;
  // Blobs first: a record never names one that is not in its place.
  for (const { header } of wanted) await putBack(deps, header.blobId);
  function* loaded(): Generator<Loaded> {
    for (const change of changesOf(rebuilt, replay)) {
      if (change.kind !== 'event.append') yield { kind: 'change', change };
      else {
        const { event } = change;
        yield { kind: 'event', event, ...(stamps.get(event.id) ?? { stamp: '', isRecent: false }) };
      }
    }
    for (const gap of gapsOf(rebuilt, replay)) yield { kind: 'gap', ...gap };
  }
  return { ...summary, items: await load.write(loaded()) };
}

async function readPart(folder: WorkFolder, part: number) {
  const replay = createReplay();
  const stamps = new Map<string, { stamp: string; isRecent: boolean }>();
  const found: FoundLine[] = [];
  const aside: FoundLine[] = [];
  for await (const line of folder.linesOf(part)) {
    const text = line.slice(1);
    if (line[0] === 'B') found.push(JSON.parse(text) as FoundLine);
    else if (line[0] === 'Q') aside.push(JSON.parse(text) as FoundLine);
    else {
      const { change, stamp = '', isRecent = false } = JSON.parse(text) as TrailLine;
      // The last word counts: of two events of one commit the first has told of the second already.
      if (change.kind === 'event.append') stamps.set(change.event.id, { stamp, isRecent });
      replay.take([change]);
    }
  }
  return { replay, stamps, found, aside };
}

/** What the trail has said of a blob need not be read again; of all others every byte is proven. */
async function believed(
  { s3, bucket, keyring, isProvingAll }: PartDeps,
  lines: readonly FoundLine[],
  { refs }: Replayed,
  prefix = BLOBS_PREFIX,
): Promise<FoundBlob[]> {
  const found: FoundBlob[] = [];
  await forEachAtOnce(lines, PROVEN_AT_ONCE, async ({ header, bytes }) => {
    const ref = refs.get(header.blobId);
    if (!isProvingAll && ref !== undefined && isAsTrailed(header, bytes, ref)) {
      found.push({ header, ref });
      return;
    }
    const address = { bucket, key: keyIn(prefix, header.blobId) };
    const read = async () => (await openObject(s3, address)).chunks;
    found.push(await proveFound({ header, bytes, read }, keyring));
  });
  return found;
}

/** Copied: what lies aside goes by itself in its time. */
async function putBack({ s3, bucket }: PartDeps, blobId: string): Promise<void> {
  const { chunks } = await openObject(s3, { bucket, key: keyIn(ASIDE_PREFIX, blobId) });
  try {
    await writeObject(s3, { bucket, key: keyIn(BLOBS_PREFIX, blobId), body: chunks, createOnly: true });
  } catch (error) {
    // A run before this one has.
    if (!(error instanceof PortError && error.code === 'exists')) throw error;
  }
}

// What lies in the bucket, read into the parts: of each object its beginning, in one request, with what it says of itself.

import type { S3Client } from '@aws-sdk/client-s3';
import { forEachAtOnce } from '../../core/at-once.ts';
import type { BlobHeader } from '../../core/blob/header.ts';
import { readUnauthenticatedHeader } from '../../core/blob/open.ts';
import { hasCode } from '../../core/records/errors.ts';
import { LIMITS } from '../../core/records/limits.ts';
import type { BlobInfo, BlobStore } from '../../ports/blob-store.ts';
import { PortError } from '../../ports/errors.ts';
import type { Page, PageRequest } from '../../ports/pages.ts';
import { ofResource } from '../../service/recovery/parts.ts';
import { ASIDE_PREFIX, BLOBS_PREFIX, keyIn } from '../blobs/blob-store.ts';
import { readBeginning } from '../blobs/object-reader.ts';
import { partOf } from './read-trail.ts';
import type { Listing, WorkFolder } from './work-folder.ts';

/** One less than a call of S3 lists: the port asks for one more than a page. */
const PAGE_ITEMS = 999;
const READ_AT_ONCE = 64;
const PAGES_PER_KEEP = 5;
/** Most headers are shorter; of the others the rest is fetched. */
const HEADER_BYTES_AT_FIRST = 4096;
/** What of blobs that are none is told one by one. */
const UNREADABLE_MAX = 10_000;

export interface BlobReading {
  s3: S3Client;
  bucket: string;
  blobs: Pick<BlobStore, 'list' | 'listAside'>;
  /** Hears how many objects have been looked at. */
  onProgress?(looked: number): void;
}

/** A line of a part. */
export interface FoundLine {
  bytes: number;
  header: BlobHeader;
}

/** Reads on from where it stood, blobs first and then what was set aside. Throws PortError. */
export async function readBlobs(folder: WorkFolder, reading: BlobReading): Promise<void> {
  const { blobs } = reading;
  const all = Number.POSITIVE_INFINITY;
  await readAll(folder, reading, {
    listing: folder.progress.blobs,
    mark: 'B',
    prefix: BLOBS_PREFIX,
    page: (request) => blobs.list({ ...request, writtenBefore: all }),
  });
  await readAll(folder, reading, {
    listing: folder.progress.aside,
    mark: 'Q',
    prefix: ASIDE_PREFIX,
    page: (request) => blobs.listAside(request),
  });
}

interface Place {
  listing: Listing;
  mark: 'B' | 'Q';
  prefix: string;
  page(request: PageRequest): Promise<Page<BlobInfo>>;
}

async function readAll(
  folder: WorkFolder,
  { s3, bucket, onProgress }: BlobReading,
  { listing, mark, prefix, page }: Place,
): Promise<void> {
  const { unreadable } = folder.progress;
  for (let pages = 1; !listing.isRead; pages++) {
    const { cursor: from } = listing;
    const { items, cursor } = await page({
      limit: PAGE_ITEMS,
      ...(from === undefined ? {} : { cursor: from }),
    });
    // Taken when the page is through: a run that is broken off in between begins it anew.
    const lines: [string, FoundLine][] = [];
    const none: { blobId: string; reason: string }[] = [];
    await forEachAtOnce(items, READ_AT_ONCE, async ({ blobId, bytes }) => {
      const header = await headerAt(s3, { bucket, key: keyIn(prefix, blobId) });
      if (header === 'gone') return;
      const reason =
        header === undefined
          ? 'It has no readable header.'
          : header.blobId !== blobId
            ? `It holds another blob, ${header.blobId} of ${header.backupId}.`
            : undefined;
      if (header !== undefined && reason === undefined) lines.push([header.resourceId, { bytes, header }]);
      else if (mark === 'B') none.push({ blobId, reason: reason! });
    });
    for (const [resourceId, line] of lines) {
      folder.add(partOf(ofResource(resourceId)), `${mark}${JSON.stringify(line)}`);
    }
    unreadable.push(...none.slice(0, UNREADABLE_MAX - unreadable.length));
    listing.looked += items.length;
    if (cursor === undefined) listing.isRead = true;
    else listing.cursor = cursor;
    onProgress?.(folder.progress.blobs.looked + folder.progress.aside.looked);
    if (listing.isRead || pages % PAGES_PER_KEEP === 0) folder.keep();
  }
}

/** The header of an object, unproven; undefined if it has none, `gone` if it was removed since it was listed. */
async function headerAt(
  s3: S3Client,
  address: { bucket: string; key: string },
): Promise<BlobHeader | 'gone' | undefined> {
  for (const bytesMax of [HEADER_BYTES_AT_FIRST, LIMITS.blobHeaderBytesMax + HEADER_BYTES_AT_FIRST]) {
    const beginning = await readBeginning(s3, address, bytesMax).catch(missingIsGone);
    if (beginning === 'gone') return beginning;
    try {
      return await readUnauthenticatedHeader(beginning);
    } catch (error) {
      if (!hasCode(error, 'integrity_error')) throw error;
      // Cut short, or no header: the longer beginning tells which.
      if (beginning.length < bytesMax) return undefined;
    }
  }
  return undefined;
}

function missingIsGone(error: unknown): 'gone' {
  if (error instanceof PortError && error.code === 'not_found') return 'gone';
  throw error;
}

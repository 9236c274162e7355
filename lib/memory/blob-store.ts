// Blobs in a Map: the reference for what the other stores must do.

import { createHash } from 'node:crypto';
import type { Chunks } from '../core/bytes/chunks.ts';
import { BLOB_ID } from '../core/records/ids.ts';
import type { BlobDigest, BlobInfo, BlobStore } from '../ports/blob-store.ts';
import { decodeCursor, encodeCursor } from '../ports/checks.ts';
import type { WallClock } from '../ports/clock.ts';
import { PortError } from '../ports/errors.ts';
import type { Page, PageRequest } from '../ports/pages.ts';

interface StoredBlob {
  bytes: Uint8Array;
  writtenAt: number;
}

/** Small, so that readers meet blobs of several chunks in their tests. */
const CHUNK_BYTES = 64 * 1024;

/** A blob store that forgets everything with the process. `clock` dates the blobs. */
export function createMemoryBlobStore(clock: WallClock = { now: Date.now }): BlobStore {
  const blobs = new Map<string, StoredBlob>();
  const aside = new Map<string, StoredBlob>();

  return {
    async put(blobId, body, expected) {
      if (!BLOB_ID.test(blobId)) {
        throw new PortError('not_found', 'there is no place for a blob with that id');
      }
      const bytes = await collect(body);
      const digest = digestOf(bytes);
      if (expected !== undefined && !sameDigest(digest, expected)) {
        throw new PortError('integrity', 'the blob is not what was announced');
      }
      if (blobs.has(blobId)) {
        throw new PortError('exists', 'a blob with that id exists');
      }
      blobs.set(blobId, { bytes, writtenAt: clock.now() });
      return digest;
    },

    async get(blobId) {
      const blob = blobs.get(blobId);
      if (blob === undefined) {
        throw new PortError('not_found', 'there is no blob with that id');
      }
      return chunksOf(blob.bytes);
    },

    async getRange(blobId, from, to) {
      const blob = blobs.get(blobId);
      if (blob === undefined) {
        throw new PortError('not_found', 'there is no blob with that id');
      }
      return blob.bytes.slice(from, to);
    },

    async delete(blobId) {
      blobs.delete(blobId);
    },

    async list(request) {
      return pageOf(blobs, 'blobs', request, request.writtenBefore);
    },

    async setAside(blobId) {
      const blob = blobs.get(blobId);
      if (blob === undefined) return;
      aside.set(blobId, { ...blob, writtenAt: clock.now() });
      blobs.delete(blobId);
    },

    async listAside(request) {
      return pageOf(aside, 'aside', request, Number.POSITIVE_INFINITY);
    },

    async putBack(blobId) {
      const blob = aside.get(blobId);
      if (blob === undefined) throw new PortError('not_found', 'no blob with that id was set aside');
      if (blobs.has(blobId)) throw new PortError('exists', 'a blob with that id exists');
      blobs.set(blobId, { ...blob, writtenAt: clock.now() });
      aside.delete(blobId);
    },

    async deleteAside(blobId) {
      aside.delete(blobId);
    },

    async check() {},
  };
}

function pageOf(
  blobs: ReadonlyMap<string, StoredBlob>,
  list: string,
  request: PageRequest,
  writtenBefore: number,
): Page<BlobInfo> {
  const after = decodeCursor(list, ['string'], request)?.[0] ?? '';
  const ids = [...blobs]
    .filter(([id, blob]) => id > after && blob.writtenAt < writtenBefore)
    .map(([id]) => id)
    .sort();
  const items = ids.slice(0, request.limit).map((blobId) => {
    const { bytes, writtenAt } = blobs.get(blobId)!;
    return { blobId, bytes: bytes.length, writtenAt };
  });
  const last = items.at(-1);
  return last !== undefined && ids.length > items.length
    ? { items, cursor: encodeCursor(list, [last.blobId]) }
    : { items };
}

async function collect(body: Chunks): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) {
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function* chunksOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
    yield new Uint8Array(bytes.subarray(at, at + CHUNK_BYTES));
  }
}

function digestOf(bytes: Uint8Array): BlobDigest {
  return { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
}

function sameDigest(a: BlobDigest, b: BlobDigest): boolean {
  return a.bytes === b.bytes && a.sha256 === b.sha256;
}

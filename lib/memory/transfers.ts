// Staged uploads in memory. A test that plays the client calls `receive` with the URL.

import { createHash } from 'node:crypto';
import type { Chunks } from '../core/bytes/chunks.ts';
import { PortError } from '../ports/errors.ts';
import type { TransferStore } from '../ports/transfer-store.ts';

export interface MemoryTransferStore extends TransferStore {
  /** What a PUT to the URL would do. */
  receive(url: string, body: Uint8Array): void;
  results: NonNullable<TransferStore['results']>;
  /** What a GET of a result's URL would give. */
  fetch(url: string): Uint8Array | undefined;
}

/** Stages results too; a home that answers itself takes `results` away. */
export function createMemoryTransferStore(): MemoryTransferStore {
  const uploads = new Map<string, { bytesMax: number; body?: Uint8Array }>();
  const staged = new Map<string, Uint8Array>();
  return {
    async createUpload(uploadId, { bytesMax }) {
      uploads.set(uploadId, { bytesMax });
      return { url: `memory:uploads/${uploadId}` };
    },
    receive(url, body) {
      const upload = uploads.get(url.replace('memory:uploads/', ''));
      if (upload === undefined) throw new PortError('not_found', 'no such upload');
      upload.body = body.slice();
    },
    async readUpload(uploadId) {
      const upload = uploads.get(uploadId);
      const body = upload?.body;
      if (upload === undefined || body === undefined)
        throw new PortError('not_found', 'nothing was uploaded');
      if (body.length > upload.bytesMax) {
        throw new PortError('integrity', 'the upload is too large', { reason: 'too_large' });
      }
      const sha256 = createHash('sha256').update(body).digest('hex');
      return { bytes: body.length, mark: sha256, sha256, body: oneChunk(body) };
    },
    async discardUpload(uploadId) {
      uploads.delete(uploadId);
    },
    results: {
      async write(operationId, body) {
        staged.set(operationId, await joined(body));
      },
      async url(operationId) {
        return `memory:results/${operationId}`;
      },
    },
    fetch: (url) => staged.get(url.replace('memory:results/', '')),
  };
}

async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function joined(body: Chunks): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

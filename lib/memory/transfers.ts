// Staged uploads in memory, past the service as on AWS. A test that plays the client calls `put` with the URL.

import { createHash } from 'node:crypto';
import type { Chunks } from '../core/bytes/chunks.ts';
import type { Clock } from '../ports/clock.ts';
import { PortError } from '../ports/errors.ts';
import type { TransferStore } from '../ports/transfer-store.ts';
import { createManualClock } from './clock.ts';

export interface MemoryTransferStore extends TransferStore {
  /** What a PUT to the URL would do; may be done again until the URL's time is over. Throws PortError where it would be refused. */
  put(url: string, body: Uint8Array): void;
  results: NonNullable<TransferStore['results']>;
  /** What a GET of a result's URL would give. */
  fetch(url: string): Uint8Array | undefined;
}

interface StagedUpload {
  expiresAt: number;
  bytesMax: number;
  bytes?: number;
  sha256?: string;
  body?: Uint8Array;
}

/** Stages results too; a home that answers itself takes `results` away. */
export function createMemoryTransferStore(clock: Clock = createManualClock()): MemoryTransferStore {
  const uploads = new Map<string, StagedUpload>();
  const staged = new Map<string, Uint8Array>();
  return {
    async createUpload(uploadId, request) {
      uploads.set(uploadId, { ...request });
      return { url: `memory:uploads/${uploadId}` };
    },
    put(url, body) {
      const upload = uploads.get(url.replace('memory:uploads/', ''));
      if (upload === undefined || upload.expiresAt <= clock.now()) {
        throw new PortError('not_found', 'no such upload');
      }
      if (upload.sha256 !== undefined && upload.sha256 !== hashOf(body)) {
        throw new PortError('integrity', 'the upload is not what was announced', { reason: 'mismatch' });
      }
      upload.body = new Uint8Array(body);
    },
    async readUpload(uploadId) {
      const upload = uploads.get(uploadId);
      const body = upload?.body;
      if (upload === undefined || body === undefined)
        throw new PortError('not_found', 'nothing was uploaded');
      if (body.length > upload.bytesMax) {
        throw new PortError('integrity', 'the upload is too large', { reason: 'too_large' });
      }
      if (upload.bytes !== undefined && upload.bytes !== body.length) {
        throw new PortError('integrity', 'the upload is not what was announced', { reason: 'mismatch' });
      }
      const sha256 = hashOf(body);
      return { bytes: body.length, mark: sha256, sha256, body: oneChunk(new Uint8Array(body)) };
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

const hashOf = (body: Uint8Array): string => createHash('sha256').update(body).digest('hex');

async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function joined(body: Chunks): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

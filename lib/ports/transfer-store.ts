// States and results that are too large for a call.

import type { Chunks } from '../core/bytes/chunks.ts';

/**
 * Bytes too large for a call: clients PUT a state to one URL and GET a result from another, past the API. What is
 * staged here is not a backup: it goes by itself after a day.
 */
export interface TransferStore {
  /**
   * A URL that takes one PUT of at most `bytesMax` bytes until `expiresAt`, from whoever holds it; with `bytes` or `sha256`
   * (hex), of exactly these. The PUT has to carry `headers`, where there are any. The answer has an `expiresAt` of its own where
   * the home cannot keep the URL good for as long.
   */
  createUpload(
    uploadId: string,
    request: { expiresAt: number; bytesMax: number; bytes?: number; sha256?: string },
  ): Promise<{ url: string; headers?: Record<string, string>; expiresAt?: number }>;
  /**
   * What was PUT; can be asked for again and again, each body is read once. `mark` tells it from anything else that was ever PUT
   * under the id. Throws `not_found` if nothing was, `integrity` if it is larger than was allowed (reason `too_large`) or not what
   * was announced. Reading throws `integrity` if it is not what was PUT.
   */
  readUpload(
    uploadId: string,
  ): Promise<{ bytes: number; mark: string; sha256?: string; body: AsyncIterable<Uint8Array> }>;
  /**
   * Only where the home takes PUTs itself: takes one for a URL that `createUpload` gave. Resolves with what was taken once it is
   * durable. Throws `not_found` (no such id, or its time is over), `exists` (the URL has taken one already), or `integrity`
   * with the reason `empty`, `too_large` or `mismatch` (not what was announced), whose message may be shown to whoever PUTs;
   * and what reading `body` throws. Nothing of it is kept then, and the URL is good for another.
   */
  receive?(uploadId: string, body: AsyncIterable<Uint8Array>): Promise<{ bytes: number; sha256: string }>;
  /** Forgets an upload that has been used; one that is not there is no error. A home may leave it to age. */
  discardUpload(uploadId: string): Promise<void>;
  /** Only where the API cannot answer with large results itself. */
  results?: {
    /** Stages the JSON text of a result; the same id again replaces it. */
    write(operationId: string, body: Chunks): Promise<void>;
    /** A URL that gives it to whoever holds it, until `expiresAt` at most. */
    url(operationId: string, expiresAt: number): Promise<string>;
  };
}

// Stored blobs and their keys, as a chain refers to them: whatever is missing or is not what was written is reported
// as that.

import { createHash } from 'node:crypto';
import { keyContextOf } from '../../core/blob/key-context.ts';
import type { BlobBinding, BlobSource } from '../../core/blob/open.ts';
import { hasCode, ServiceError } from '../../core/records/errors.ts';
import type { BackupRecord, BlobRef, WrappedKey } from '../../core/records/model.ts';
import { PortError } from '../../ports/errors.ts';
import type { Deps } from '../contract/deps.ts';
import { pages } from '../kit/collect.ts';

/** What is needed to read a chain; a backup record has it all. */
export type ChainSource = Pick<BackupRecord, 'resourceId' | 'chainId' | 'chain' | 'key'>;

/** The way to a state that lies on the way to a backup's own. */
export function wayTo({ resourceId, chainId, key }: ChainSource, chain: BlobRef[]): ChainSource {
  return { resourceId, chainId, chain, ...(key === undefined ? {} : { key }) };
}

/** Binds a blob to its place: what its authenticated header must say. */
export function bindingTo(
  { resourceId, chainId }: Pick<ChainSource, 'resourceId' | 'chainId'>,
  { bytes: _bytes, sha256: _sha256, ...ref }: BlobRef,
): BlobBinding {
  return { ...ref, resourceId, chainId };
}

/** The chain's data key. Throws ServiceError `integrity_error`, or `broken_chain` if the key cannot be used. */
export async function openKey(
  { keyring }: Pick<Deps, 'keyring'>,
  key: WrappedKey,
  source: Pick<ChainSource, 'resourceId' | 'chainId'>,
): Promise<Uint8Array> {
  try {
    return await keyring.open(key, keyContextOf(source));
  } catch (error) {
    if (error instanceof PortError && error.code === 'integrity') {
      throw new ServiceError('integrity_error', 'The data key does not open.', { cause: error });
    }
    if (error instanceof PortError && (error.code === 'not_found' || error.code === 'denied')) {
      throw new ServiceError('broken_chain', 'The key that wraps the data key cannot be used.', {
        cause: error,
      });
    }
    throw error;
  }
}

/** A stored blob, to be read as often as need be. Reading throws ServiceError `broken_chain` or `integrity_error`. */
export function storedBlob(deps: Pick<Deps, 'blobs'>, ref: BlobRef): BlobSource {
  return { bytes: ref.bytes, read: () => readBlob(deps, ref, !ref.encrypted) };
}

/** The blob in memory. Throws ServiceError `broken_chain` or `integrity_error`. */
export async function fetchBlob(deps: Pick<Deps, 'blobs'>, ref: BlobRef): Promise<Uint8Array[]> {
  // Without a MAC, only the catalog's own record of the bytes tells that nobody has edited them.
  return Array.fromAsync(readBlob(deps, ref, !ref.encrypted));
}

/** Resolves if the store still holds the very bytes that were proven when the backup was made. Throws like `fetchBlob`. */
export async function checkBlob(deps: Pick<Deps, 'blobs'>, ref: BlobRef): Promise<void> {
  for await (const _chunk of readBlob(deps, ref, true));
}

async function* readBlob(
  { blobs }: Pick<Deps, 'blobs'>,
  ref: BlobRef,
  isHashed: boolean,
): AsyncGenerator<Uint8Array, void, undefined> {
  let bytes = 0;
  const hash = isHashed ? createHash('sha256') : undefined;
  try {
    for await (const chunk of await blobs.get(ref.blobId)) {
      bytes += chunk.length;
      if (bytes > ref.bytes) break;
      hash?.update(chunk);
      yield chunk;
    }
  } catch (error) {
    if (error instanceof PortError && error.code === 'not_found') {
      throw brokenBlob('broken_chain', ref, await whereMissing(blobs, ref.blobId), error);
    }
    if (error instanceof PortError && error.code === 'integrity') throw notWhatWasWritten(ref, error);
    throw error;
  }
  if (bytes !== ref.bytes || (hash !== undefined && hash.digest('hex') !== ref.sha256)) {
    throw notWhatWasWritten(ref);
  }
}

/** The shortest way back is that of a blob which has only been set aside: whoever misses it is told. */
async function whereMissing(blobs: Deps['blobs'], blobId: string): Promise<string> {
  try {
    for await (const aside of pages((page) => blobs.listAside(page))) {
      if (aside.blobId > blobId) break;
      if (aside.blobId !== blobId) continue;
      return `is missing: it lies in quarantine, from where "npm run quarantine -- <data folder> put-back ${blobId}" puts it back (on AWS see docs/operations.md)`;
    }
  } catch (error) {
    // That it is missing is what matters, and is known.
    if (!(error instanceof PortError)) throw error;
  }
  return 'is missing';
}

function notWhatWasWritten(ref: BlobRef, cause?: unknown): ServiceError {
  return brokenBlob('integrity_error', ref, 'is not what was written', cause);
}

type Broken = 'integrity_error' | 'broken_chain';

/** Says which blob it is, in words and as members, so that it can be put back from a copy. */
export function brokenBlob(
  code: Broken,
  { backupId, blobId }: BlobRef,
  what: string,
  cause?: unknown,
): ServiceError {
  const detail = `A blob of ${backupId} (${blobId}) ${what}.`;
  return new ServiceError(code, detail, { extra: { backupId, blobId }, cause });
}

/** Opens a blob; a fault that is found inside says which blob it is in. */
export async function opened<T>(ref: BlobRef, open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    const isNamed = error instanceof ServiceError && 'blobId' in error.extra;
    if (isNamed || !hasCode(error, 'integrity_error')) throw error;
    throw brokenBlob(
      'integrity_error',
      ref,
      `is not what was written: ${error.message.replace(/\.$/, '')}`,
      error,
    );
  }
}

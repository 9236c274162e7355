// Rebuilds a state from its chain: the one way in which stored bytes become a state again.

import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { applyDeltaToBuffer } from '../core/delta/apply.ts';
import { type BlobBinding, open } from '../core/envelope.ts';
import { ServiceError } from '../core/errors.ts';
import type { CanonicalText } from '../core/json/text.ts';
import type { BackupRecord, BlobRef, WrappedKey } from '../core/model.ts';
import { PortError } from '../ports.ts';
import type { Deps } from './deps.ts';

const SLICE_BYTES = 8 * 1024 * 1024;

/** A base is bound by its checksum and comes from a blob that has just been opened; the end of the chain is hashed. */
const PROVEN = { baseProven: true };

/** What is needed to read a chain; a backup record has it all. */
export type ChainSource = Pick<BackupRecord, 'resourceId' | 'chainId' | 'chain' | 'key'>;

export interface LoadedState {
  state: CanonicalText;
  /** Of the chain, opened; absent where nothing is encrypted. */
  dataKey?: Uint8Array;
}

/**
 * The state at the end of the chain, proven: every blob's MAC, every delta's base, and the checksum of the result.
 * Blobs and key are fetched in parallel. `onProgress` hears the part done, 0..1.
 * Throws ServiceError `broken_chain` (something is missing) or `integrity_error` (something is not what was written).
 */
export async function loadState(
  deps: Pick<Deps, 'blobs' | 'keyring'>,
  source: ChainSource,
  onProgress: (done: number) => void = () => {},
): Promise<LoadedState> {
  const { chain, key } = source;
  const steps = chain.length * 2;
  let taken = 0;
  const step = (): void => onProgress(++taken / steps);
  const [dataKey, ...sealed] = await Promise.all([
    key === undefined ? undefined : openKey(deps, key, source),
    ...chain.map(async (ref) => {
      const blob = await fetchBlob(deps, ref);
      step();
      return blob;
    }),
  ]);
  let state: CanonicalText | undefined;
  for (const [i, ref] of chain.entries()) {
    const base = ref.kind === 'state' ? undefined : state;
    if (ref.kind === 'delta' && base === undefined)
      throw new ServiceError('broken_chain', 'The chain begins with a delta.');
    const binding = {
      ...bindingTo(source, ref),
      ...(base === undefined ? {} : { baseChecksum: base.checksum }),
    };
    const { plain } = await open(sealed[i]!, binding, dataKey);
    state = {
      bytes: base === undefined ? plain : applyDeltaToBuffer(base.bytes, plain, PROVEN),
      checksum: ref.checksum,
    };
    step();
  }
  if (state === undefined) throw new ServiceError('broken_chain', 'The chain is empty.');
  // A blob's contents are held to their own hash, which for a whole state is the state's; a delta's result is not.
  if (chain.at(-1)!.kind === 'delta' && (await sha256(state.bytes)) !== state.checksum) {
    throw new ServiceError('integrity_error', 'The state does not have its checksum.');
  }
  return dataKey === undefined ? { state } : { state, dataKey };
}

/** Binds a blob to its place: what its authenticated header must say. */
export function bindingTo(
  { resourceId, chainId }: Pick<ChainSource, 'resourceId' | 'chainId'>,
  { bytes: _bytes, sha256: _sha256, ...ref }: BlobRef,
): BlobBinding {
  return { ...ref, resourceId, chainId };
}

/** What a data key is bound to, at the keyring. */
export function keyContextOf(source: Pick<ChainSource, 'resourceId' | 'chainId'>): Record<string, string> {
  return { resourceId: source.resourceId, chainId: source.chainId };
}

async function openKey(
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

async function fetchBlob({ blobs }: Pick<Deps, 'blobs'>, ref: BlobRef): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const hash = ref.encrypted ? undefined : createHash('sha256');
  try {
    for await (const chunk of await blobs.get(ref.blobId)) {
      bytes += chunk.length;
      if (bytes > ref.bytes) break;
      // Without a MAC, only the catalog's own record of the bytes tells that nobody has edited them.
      hash?.update(chunk);
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof PortError && error.code === 'not_found') {
      throw new ServiceError('broken_chain', `A blob of ${ref.backupId} is missing.`, { cause: error });
    }
    if (error instanceof PortError && error.code === 'integrity') {
      const detail = `A blob of ${ref.backupId} is not what was written.`;
      throw new ServiceError('integrity_error', detail, { cause: error });
    }
    throw error;
  }
  if (bytes !== ref.bytes || (hash !== undefined && hash.digest('hex') !== ref.sha256)) {
    throw new ServiceError('integrity_error', `A blob of ${ref.backupId} is not what was written.`);
  }
  return chunks;
}

/** Lets other work run between slices. */
async function sha256(bytes: Uint8Array): Promise<string> {
  const hash = createHash('sha256');
  for (let at = 0; at < bytes.length; at += SLICE_BYTES) {
    if (at > 0) await nextTurn();
    hash.update(bytes.subarray(at, at + SLICE_BYTES));
  }
  return hash.digest('hex');
}

// Seals what a backup adds, proves the sealed bytes, stores them: a blob that has a reference has been restored once.

import {
  type BlobFields,
  type BlobSource,
  beginSeal,
  type ChainKey,
  open,
  prove,
} from '../../core/blob/open.ts';
import type { CanonicalText } from '../../core/bytes/text.ts';
import { isPacked, type ScannedState, sizeOf } from '../../core/json/state-sink.ts';
import { ServiceError } from '../../core/records/errors.ts';
import type { BackupRecord, BlobRef } from '../../core/records/model.ts';
import type { BlobDigest } from '../../ports/blob-store.ts';
import { randomHex } from '../../ports/random.ts';
import type { Deps } from '../contract/deps.ts';
import { bindingTo, storedBlob } from './blobs.ts';

const BLOB_ID_BYTES = 16;

/** What is known of a backup before its blob is. */
export type Draft = Pick<
  BackupRecord,
  'id' | 'encrypted' | Exclude<keyof BlobFields & keyof BackupRecord, 'completedAt'>
>;

export interface BlobContent {
  state: ScannedState;
  /** The delta's text and what it applies to; absent to store the whole state. */
  delta?: { chunks: Uint8Array[]; base: CanonicalText };
  /** The blobs before this one: with a delta at least one. */
  prefix: BlobRef[];
  encryption: ChainKey | 'none';
}

export interface WrittenBlob {
  ref: BlobRef;
  /** Bytes of the gzip stream. */
  compressedBytes: number;
  text?: CanonicalText;
}

/**
 * Resolves with the reference and the bytes of the gzip stream. Sealed bytes in memory are proven while they are being
 * stored; if they fail, what was stored has no name, and goes like every blob that no record names. `isTextWanted`: a whole state's text is
 * given back, as it came out of the proof. `blobId`: what the blob is called; drawn, where nothing is said.
 * Throws ServiceError `integrity_error` if the sealed bytes do not give the state back or the store holds others,
 * PortError from the store.
 */
export async function writeBlob(
  deps: Pick<Deps, 'blobs' | 'options' | 'random' | 'texts'>,
  draft: Draft,
  content: BlobContent,
  isTextWanted = false,
  blobId = randomHex(deps.random, BLOB_ID_BYTES),
): Promise<WrittenBlob> {
  const { random } = deps;
  const { state, delta, encryption } = content;
  const fields = fieldsOf(draft, content, blobId);
  const plain = delta?.chunks ?? (isPacked(state) ? state : state.bytes);
  const sealing = await beginSeal({ fields, plain, encryption, random });
  const { kind, sequence, checksum, size } = fields;
  const encrypted = encryption !== 'none';
  const { compressedBytes } = sealing;
  const refOf = ({ bytes, sha256 }: BlobDigest): BlobRef => ({
    blobId,
    kind,
    backupId: draft.id,
    sequence,
    bytes,
    sha256,
    encrypted,
    checksum,
    size,
  });
  // What is longer is not held: it is proven as it lies in the store.
  if (compressedBytes > deps.options.memory.heldBlobBytesMax) {
    const stored = await deps.blobs.put(blobId, sealing.chunks);
    demandSame(stored, sealing.digest());
    const ref = refOf(stored);
    const text = await proveBlob(deps, draft, ref, storedBlob(deps, ref), content, isTextWanted);
    return { ref, compressedBytes, ...(text && { text }) };
  }
  const sealed = await Array.fromAsync(sealing.chunks);
  const digest = sealing.digest();
  const ref = refOf(digest);
  const [stored, text] = await allSettled([
    deps.blobs.put(blobId, sealed, digest),
    proveBlob(deps, draft, ref, sealed, content, isTextWanted),
  ]);
  demandSame(stored, digest);
  return { ref, compressedBytes, ...(text && { text }) };
}

/**
 * The commit that would have named the blob has definitely not taken place, so nothing ever will: it need not wait for the
 * search for orphans, nor be mistaken for another's of the same sequence. That the attempt was lost, or how, is not changed by a
 * failure.
 */
export async function discardBlob(
  { blobs, log }: Pick<Deps, 'blobs' | 'log'>,
  blobId: string,
): Promise<void> {
  try {
    await blobs.delete(blobId);
  } catch (error) {
    log.warn('the blob of a lost attempt stays until it is found', { blobId, error });
  }
}

/** What the store confirms is compared here too: it is the one thing that nothing later would find before a restore. */
function demandSame(stored: BlobDigest, sealed: BlobDigest): void {
  if (stored.bytes !== sealed.bytes || stored.sha256 !== sealed.sha256) {
    throw new ServiceError('integrity_error', 'The store does not hold the bytes that it was given.');
  }
}

/** Both, or the first error in this order once neither is under way any more. */
async function allSettled<A, B>([a, b]: [Promise<A>, Promise<B>]): Promise<[A, B]> {
  await Promise.allSettled([a, b]);
  return [await a, await b];
}

function fieldsOf(draft: Draft, { state, delta, prefix }: BlobContent, blobId: string): BlobFields {
  const { id, encrypted: _encrypted, ...about } = draft;
  return {
    ...about,
    backupId: id,
    blobId,
    kind: delta === undefined ? 'state' : 'delta',
    checksum: state.checksum,
    size: sizeOf(state),
    ...(delta === undefined ? {} : { baseBlobId: prefix.at(-1)!.blobId, baseChecksum: delta.base.checksum }),
  };
}

/** Opens the sealed bytes as a restore would and compares what comes out with the state. */
async function proveBlob(
  { texts }: Pick<Deps, 'texts'>,
  draft: Draft,
  ref: BlobRef,
  sealed: Uint8Array[] | BlobSource,
  { state, delta, encryption }: BlobContent,
  isTextWanted: boolean,
): Promise<CanonicalText | undefined> {
  const dataKey = encryption === 'none' ? undefined : encryption.dataKey;
  const binding = bindingTo(draft, ref);
  if (delta === undefined) {
    // The header's hash of its contents is the state's checksum, and the contents are held to it.
    if (isTextWanted) return { bytes: (await open(sealed, binding, dataKey)).plain, checksum: ref.checksum };
    await prove(sealed, binding, dataKey);
    return undefined;
  }
  const { plain } = await open(sealed, { ...binding, baseChecksum: delta.base.checksum }, dataKey);
  if ((await texts.hashOfApplied(delta.base, plain)) !== state.checksum) {
    throw new ServiceError('integrity_error', 'The delta does not give the state back; no backup was made.');
  }
  return undefined;
}

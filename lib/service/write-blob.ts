// Seals what a backup adds, proves the sealed bytes, stores them: a blob that has a reference has been restored once.

import { createHash, randomBytes } from 'node:crypto';
import { applyDelta } from '../core/delta/apply.ts';
import { type BlobFields, type ChainKey, open, prove, seal } from '../core/envelope.ts';
import { ServiceError } from '../core/errors.ts';
import type { CanonicalText } from '../core/json/text.ts';
import type { BackupRecord, BlobRef } from '../core/model.ts';
import type { Deps } from './deps.ts';
import { bindingTo } from './state.ts';

/** What is known of a backup before its blob is. */
export type Draft = Pick<
  BackupRecord,
  'id' | 'encrypted' | Exclude<keyof BlobFields & keyof BackupRecord, 'completedAt'>
>;

export interface BlobContent {
  state: CanonicalText;
  /** The delta's text and what it applies to; absent to store the whole state. */
  delta?: { chunks: Uint8Array[]; base: CanonicalText };
  /** The blobs before this one: with a delta at least one. */
  prefix: BlobRef[];
  encryption: ChainKey | 'none';
}

/**
 * Resolves with the reference and the bytes of the gzip stream.
 * Throws ServiceError `integrity_error` if the sealed bytes do not give the state back or the store holds others,
 * PortError from the store.
 */
export async function writeBlob(
  { blobs }: Pick<Deps, 'blobs'>,
  draft: Draft,
  content: BlobContent,
): Promise<{ ref: BlobRef; compressedBytes: number }> {
  const { state, delta, encryption } = content;
  const fields = fieldsOf(draft, content);
  const { chunks, bytes, sha256, compressedBytes } = await seal({
    fields,
    plain: delta === undefined ? state.bytes : delta.chunks,
    encryption,
  });
  const { blobId, kind, sequence, checksum, size } = fields;
  const encrypted = encryption !== 'none';
  const ref: BlobRef = {
    blobId,
    kind,
    backupId: draft.id,
    sequence,
    bytes,
    sha256,
    encrypted,
    checksum,
    size,
  };
  await proveBlob(draft, ref, chunks, content);
  const stored = await blobs.put(blobId, chunks, { bytes, sha256 });
  // What the store confirms is compared here too: it is the one thing that nothing later would find before a restore.
  if (stored.bytes !== bytes || stored.sha256 !== sha256) {
    throw new ServiceError('integrity_error', 'The store does not hold the bytes that it was given.');
  }
  return { ref, compressedBytes };
}

function fieldsOf(draft: Draft, { state, delta, prefix }: BlobContent): BlobFields {
  const { id, encrypted: _encrypted, ...about } = draft;
  return {
    ...about,
    backupId: id,
    blobId: randomBytes(16).toString('hex'),
    kind: delta === undefined ? 'state' : 'delta',
    checksum: state.checksum,
    size: state.bytes.length,
    ...(delta === undefined ? {} : { baseBlobId: prefix.at(-1)!.blobId, baseChecksum: delta.base.checksum }),
  };
}

/** Opens the sealed bytes as a restore would and compares what comes out with the state. */
async function proveBlob(
  draft: Draft,
  ref: BlobRef,
  sealed: Uint8Array[],
  { state, delta, encryption }: BlobContent,
): Promise<void> {
  const dataKey = encryption === 'none' ? undefined : encryption.dataKey;
  const binding = bindingTo(draft, ref);
  if (delta === undefined) {
    // The header's hash of its contents is the state's checksum, and `prove` holds the contents to it.
    await prove(sealed, binding, dataKey);
    return;
  }
  const { plain } = await open(sealed, { ...binding, baseChecksum: delta.base.checksum }, dataKey);
  const hash = createHash('sha256');
  for (const chunk of applyDelta(delta.base.bytes, plain, { baseProven: true })) hash.update(chunk);
  if (hash.digest('hex') !== state.checksum) {
    throw new ServiceError('integrity_error', 'The delta does not give the state back; nothing was stored.');
  }
}

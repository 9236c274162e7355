// Opens blobs: no byte is decrypted before key commitment and MAC hold, and no text leaves before its hash holds. A blob
// is read as often as that takes, once for the MAC and once for its text; so it need not stand in memory.

import { Buffer } from 'node:buffer';
import { createDecipheriv, createHash, createSecretKey, timingSafeEqual } from 'node:crypto';
import {
  type Bytes,
  type Chunks,
  chunksOf,
  eachSlice,
  readerOf,
  recycle,
  slicesOf,
  totalBytes,
} from '../bytes/chunks.ts';
import { decompress, decompressInto, decompressToBuffer } from '../bytes/compress.ts';
import { ServiceError } from '../records/errors.ts';
import type { BlobRef } from '../records/model.ts';
import { blobBytesOf, bodyBytesOf, type FrameHead, readHead, TAG_BYTES, taggerOf } from './frame.ts';
import { type BlobHeader, ivOf } from './header.ts';
import { type BlobKeys, deriveKeys } from './keys.ts';

export type { BlobFields, BlobHeader } from './header.ts';
export {
  beginSeal,
  type ChainKey,
  type Sealed,
  type SealInput,
  type Sealing,
  seal,
} from './seal.ts';

/** A sealed blob that can be read again and again, and its length. */
export interface BlobSource {
  bytes: number;
  read(): Chunks | Promise<Chunks>;
}

/** Where a blob belongs, from a source that is trusted: what its header must say. A BlobRef has most of it. */
export interface BlobBinding extends Omit<BlobRef, 'bytes' | 'sha256'> {
  resourceId: string;
  chainId: string;
  /** Checked where given; a delta's own header always has one. */
  baseChecksum?: string;
}

/**
 * Opens a blob that belongs where `expected` says, and gives its header and its text, both proven.
 *
 * @param dataKey of the chain; not needed for a blob that is not encrypted
 * @throws ServiceError integrity_error, and nothing else of its own, if the bytes, the binding or the key are not what
 * they were
 */
export async function open(
  sealed: Bytes | BlobSource,
  expected: BlobBinding,
  dataKey?: Uint8Array,
): Promise<{ header: BlobHeader; plain: Uint8Array }> {
  const hash = createHash('sha256');
  const opened = await openBase(sealed, expected, dataKey, (chunk) => void hash.update(chunk));
  assertHash(opened.header, hash.digest('hex'));
  return opened;
}

/**
 * Opens a state that only serves to apply deltas to, whose result is held to its own checksum: its bytes are proven by
 * MAC and CRC, and not hashed once more.
 *
 * @param onChunk sees each chunk of the text as it is written
 * @throws ServiceError integrity_error, as `open`
 */
export async function openBase(
  sealed: Bytes | BlobSource,
  expected: BlobBinding,
  dataKey?: Uint8Array,
  onChunk?: (chunk: Uint8Array) => void,
): Promise<{ header: BlobHeader; plain: Uint8Array }> {
  const source = sourceOf(sealed);
  const proven = await authenticate(source, expected, dataKey);
  const { header } = proven.head;
  return { header, plain: await decompressToBuffer(gzipOf(source, proven), header.plainBytes, onChunk) };
}

/**
 * Does all that `open` does, but keeps nothing: the proof that a blob can be restored.
 *
 * @param onChunk is handed the text in order, in chunks of at most 1 MiB, each of them gone once it returns; only when this
 * resolves is all of it proven
 * @throws ServiceError integrity_error, as `open`
 */
export async function prove(
  sealed: Bytes | BlobSource,
  expected: BlobBinding,
  dataKey?: Uint8Array,
  onChunk: (chunk: Uint8Array) => void = () => undefined,
): Promise<BlobHeader> {
  const source = sourceOf(sealed);
  const proven = await authenticate(source, expected, dataKey);
  const { header } = proven.head;
  const hash = createHash('sha256');
  await decompressInto(gzipOf(source, proven), header.plainBytes, (chunk) => {
    hash.update(chunk);
    onChunk(chunk);
    recycle(chunk);
  });
  assertHash(header, hash.digest('hex'));
  return header;
}

/**
 * The text of a blob that `prove` has just accepted, in chunks of at most 1 MiB, for what does not fit into memory. It
 * is checked once more on the way: if the store has other bytes by now, the last chunk never comes.
 *
 * @throws ServiceError integrity_error, as `open`, the hash before the last chunk
 */
export async function* streamProven(
  source: BlobSource,
  expected: BlobBinding,
  dataKey?: Uint8Array,
): AsyncGenerator<Uint8Array, void, undefined> {
  const proven = await authenticate(source, expected, dataKey);
  const { header } = proven.head;
  const hash = createHash('sha256');
  let held: Uint8Array | undefined;
  for await (const chunk of decompress(gzipOf(source, proven), header.plainBytes)) {
    if (held !== undefined) yield held;
    hash.update(chunk);
    held = chunk;
  }
  assertHash(header, hash.digest('hex'));
  if (held !== undefined) yield held;
}

/**
 * Reads the header of a blob, or of its beginning, WITHOUT proving anything: to find the data key when there is no catalog.
 * Then `open(sealed, bindingOf(header), dataKey)` proves that the blob is whole and says this of itself.
 *
 * @throws ServiceError integrity_error if there is no well-formed header
 */
export async function readUnauthenticatedHeader(sealed: Bytes): Promise<BlobHeader> {
  return (await readHead(readerOf(chunksOf(sealed)))).header;
}

/**
 * Proves that every byte of a blob is what was sealed under this data key, and that it says of itself what `expected` says;
 * nothing is decrypted.
 *
 * @throws ServiceError integrity_error, as `open` before it decrypts
 */
export async function proveSeal(
  sealed: Bytes | BlobSource,
  expected: BlobBinding,
  dataKey?: Uint8Array,
): Promise<BlobHeader> {
  return (await authenticate(sourceOf(sealed), expected, dataKey)).head.header;
}

/** Where a blob says it belongs. */
export function bindingOf(header: BlobHeader): BlobBinding {
  const { blobId, kind, resourceId, backupId, sequence, chainId, checksum, size, baseChecksum } = header;
  const encrypted = header.cipher !== 'none';
  const base = baseChecksum === undefined ? {} : { baseChecksum };
  return { blobId, kind, resourceId, backupId, sequence, chainId, checksum, size, encrypted, ...base };
}

function sourceOf(sealed: Bytes | BlobSource): BlobSource {
  if ('read' in sealed) return sealed;
  const chunks = chunksOf(sealed);
  return { bytes: totalBytes(chunks), read: () => chunks };
}

/** What the tag of a blob has proven. */
export interface Proven {
  head: FrameHead;
  keys: BlobKeys | undefined;
}

/** Checks everything there is to check before decryption: form, binding, key commitment, tag. In that order. Throws as `open`. */
export async function authenticate(
  source: BlobSource,
  expected: BlobBinding,
  dataKey: Uint8Array | undefined,
): Promise<Proven> {
  const reader = readerOf(await source.read());
  try {
    const head = await readHead(reader);
    const { header } = head;
    if (source.bytes !== blobBytesOf(head)) throw wrongLength();
    assertBinding(header, expected);
    const keys = header.cipher === 'none' ? undefined : committedKeys(header, dataKey);
    const tagger = taggerOf(keys?.macKey);
    for (const view of head.views) tagger.update(view);
    const bodyBytes = bodyBytesOf(header);
    await eachSlice(reader.views(bodyBytes), tagger.update);
    const tag = await reader.take(TAG_BYTES);
    if (tag === undefined || !(await reader.ended())) throw wrongLength();
    if (!timingSafeEqual(tagger.finish(head.headerBytes, bodyBytes), tag)) {
      throw new ServiceError('integrity_error', 'A blob has been changed since it was written.');
    }
    return { head, keys };
  } finally {
    await reader.close();
  }
}

function wrongLength(): ServiceError {
  return new ServiceError('integrity_error', 'A blob does not have the length that its header says.');
}

/** By name, not by what `expected` happens to hold: a member that a caller forgot must not go unchecked. */
const BOUND = [
  'blobId',
  'kind',
  'resourceId',
  'backupId',
  'sequence',
  'chainId',
  'checksum',
  'size',
  'encrypted',
] as const satisfies (keyof BlobBinding)[];

function assertBinding(header: BlobHeader, expected: BlobBinding): void {
  const actual = bindingOf(header);
  const bound = expected.baseChecksum === undefined ? BOUND : [...BOUND, 'baseChecksum' as const];
  const differing = bound.find((name) => actual[name] !== expected[name]);
  if (differing !== undefined) {
    throw new ServiceError('integrity_error', `A blob does not belong here: its ${differing} is another.`);
  }
}

function committedKeys(
  header: Extract<BlobHeader, { cipher: 'aes-256-cbc' }>,
  dataKey: Uint8Array | undefined,
): BlobKeys {
  if (!dataKey) throw new ServiceError('integrity_error', 'A blob is encrypted, but its chain has no key.');
  const keys = deriveKeys(dataKey, Buffer.from(header.messageId, 'base64'));
  if (!timingSafeEqual(keys.commitment, Buffer.from(header.commitment, 'base64'))) {
    throw new ServiceError('integrity_error', 'A blob was sealed with another data key.');
  }
  return keys;
}

/** The gzip stream of a blob whose tag holds, decrypted as it is read. */
export async function* gzipOf(
  source: BlobSource,
  { head, keys }: Proven,
): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = readerOf(await source.read());
  try {
    await reader.take(head.bytes);
    const body = slicesOf(reader.views(bodyBytesOf(head.header)));
    if (keys === undefined) {
      yield* body;
      return;
    }
    const decryptor = createDecipheriv('aes-256-cbc', createSecretKey(keys.cipherKey), ivOf(head.header));
    for await (const slice of body) {
      const gzip = decryptor.update(slice);
      yield gzip;
      recycle(gzip);
    }
    let last: Uint8Array;
    try {
      last = decryptor.final();
    } catch (cause) {
      throw new ServiceError('integrity_error', 'A blob is not padded as it should be.', { cause });
    }
    yield last;
  } finally {
    await reader.close();
  }
}

function assertHash(header: BlobHeader, sha256: string): void {
  if (sha256 !== header.plainSha256) {
    throw new ServiceError('integrity_error', 'The contents of a blob do not have their checksum.');
  }
}

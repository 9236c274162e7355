// Seals and opens blobs: gzip, then AES-256-CBC, then a MAC over all of it. CBC alone would let whoever can write blobs
// edit them unseen; so no byte is decrypted before key commitment and MAC hold, and no text leaves before its hash holds.

import { Buffer } from 'node:buffer';
import { createCipheriv, createDecipheriv, createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { type Bytes, chunksOf, drained, eachSlice, readerOf, slicesOf, totalBytes } from './chunks.ts';
import { compress, decompressInto, decompressToBuffer } from './compress.ts';
import { type Frame, prefixOf, readFrame, readHead, taggerOf } from './envelope-frame.ts';
import {
  type BlobCipher,
  type BlobFields,
  type BlobHeader,
  encodeHeader,
  IV_BYTES,
} from './envelope-header.ts';
import { type BlobKeys, DATA_KEY_BYTES, deriveKeys, MESSAGE_ID_BYTES } from './envelope-keys.ts';
import { ServiceError } from './errors.ts';
import type { BlobRef, WrappedKey } from './model.ts';

export type { BlobFields, BlobHeader } from './envelope-header.ts';

/** A data key, in clear and wrapped, as a keyring gives it. */
export interface ChainKey {
  dataKey: Uint8Array;
  key: WrappedKey;
}

export interface SealInput {
  fields: BlobFields;
  /**
   * The canonical text of the state, or the delta's text. Not to be modified until sealed. A state is taken to have the
   * checksum that the fields give; if it has not, the blob does not open.
   */
  plain: Bytes;
  /** Said outright, because nothing that is left out should leave a backup unencrypted. */
  encryption: ChainKey | 'none';
}

export interface Sealed {
  /** The blob: these in order. */
  chunks: Uint8Array[];
  bytes: number;
  /** Of all the chunks, lower-case hex. */
  sha256: string;
  /** Of the gzip stream inside. */
  compressedBytes: number;
}

/** Where a blob belongs, from a source that is trusted: what its header must say. A BlobRef has most of it. */
export interface BlobBinding extends Omit<BlobRef, 'bytes' | 'sha256'> {
  resourceId: string;
  chainId: string;
  /** Checked where given; a delta's own header always has one. */
  baseChecksum?: string;
}

/**
 * Seals one blob under a fresh random message id and IV.
 *
 * @throws Error for fields that contradict each other or the text: a fault of the caller
 */
export async function seal({ fields, plain, encryption }: SealInput): Promise<Sealed> {
  const text = chunksOf(plain);
  const compressed = await compress(text);
  const compressedBytes = totalBytes(compressed);
  const [cipher, keys] = encryption === 'none' ? [NO_CIPHER, undefined] : freshCipher(encryption);
  const header: BlobHeader = {
    ...fields,
    plainBytes: totalBytes(text),
    // The scanner has hashed a state already, and the proof of the sealed bytes hashes it again.
    plainSha256: fields.kind === 'state' ? fields.checksum : await sha256Of(text),
    codec: 'gzip',
    compressedBytes,
    ...cipher,
  };
  const headerBytes = encodeHeader(header);

  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const tagger = taggerOf(keys?.macKey);
  const digest = createHash('sha256');
  const emit = (chunk: Uint8Array): void => {
    digest.update(chunk);
    chunks.push(chunk);
    bytes += chunk.length;
  };
  const emitTagged = (chunk: Uint8Array): void => {
    tagger.update(chunk);
    emit(chunk);
  };

  emitTagged(prefixOf(headerBytes.length));
  emitTagged(headerBytes);
  const bodyStart = bytes;
  const encryptor = keys && createCipheriv('aes-256-cbc', keys.cipherKey, ivOf(header));
  await eachSlice(drained(compressed), (slice) => emitTagged(encryptor ? encryptor.update(slice) : slice));
  if (encryptor) emitTagged(encryptor.final());
  emit(tagger.finish(headerBytes.length, bytes - bodyStart));
  return { chunks, bytes, sha256: digest.digest('hex'), compressedBytes };
}

/**
 * Opens a blob that belongs where `expected` says, and gives its header and its text, both proven.
 *
 * @param dataKey of the chain; not needed for a blob that is not encrypted
 * @throws ServiceError integrity_error, and nothing else, if the bytes, the binding or the key are not what they were
 */
export async function open(
  sealed: Bytes,
  expected: BlobBinding,
  dataKey?: Uint8Array,
): Promise<{ header: BlobHeader; plain: Uint8Array }> {
  const { header, gzip } = await authenticate(sealed, expected, dataKey);
  const hash = createHash('sha256');
  const plain = await decompressToBuffer(gzip, header.plainBytes, (chunk) => void hash.update(chunk));
  assertHash(header, hash.digest('hex'));
  return { header, plain };
}

/**
 * Does all that `open` does, but keeps nothing: the proof that a blob can be restored.
 *
 * @param onChunk is handed the text in order, in chunks of at most 1 MiB; only once this resolves is all of it proven
 * @throws ServiceError integrity_error, as `open`
 */
export async function prove(
  sealed: Bytes,
  expected: BlobBinding,
  dataKey?: Uint8Array,
  onChunk: (chunk: Uint8Array) => void = () => undefined,
): Promise<BlobHeader> {
  const { header, gzip } = await authenticate(sealed, expected, dataKey);
  const hash = createHash('sha256');
  await decompressInto(gzip, header.plainBytes, (chunk) => {
    hash.update(chunk);
    onChunk(chunk);
  });
  assertHash(header, hash.digest('hex'));
  return header;
}

/**
 * Reads the header of a blob, or of its beginning, WITHOUT proving anything: to find the data key when there is no catalog.
 * Then `open(sealed, bindingOf(header), dataKey)` proves that the blob is whole and says this of itself.
 *
 * @throws ServiceError integrity_error if there is no well-formed header
 */
export function readUnauthenticatedHeader(sealed: Bytes): BlobHeader {
  return readHead(readerOf(chunksOf(sealed)).take).header;
}

/** Where a blob says it belongs. */
export function bindingOf(header: BlobHeader): BlobBinding {
  const { blobId, kind, resourceId, backupId, sequence, chainId, checksum, size, baseChecksum } = header;
  const encrypted = header.cipher !== 'none';
  const base = baseChecksum === undefined ? {} : { baseChecksum };
  return { blobId, kind, resourceId, backupId, sequence, chainId, checksum, size, encrypted, ...base };
}

const NO_CIPHER: BlobCipher = { cipher: 'none' };

function freshCipher({ dataKey, key }: ChainKey): [BlobCipher, BlobKeys] {
  if (dataKey.length !== DATA_KEY_BYTES) throw new Error('A data key has 32 bytes');
  const messageId = randomBytes(MESSAGE_ID_BYTES);
  const keys = deriveKeys(dataKey, messageId);
  const cipher: BlobCipher = {
    cipher: 'aes-256-cbc',
    key,
    messageId: messageId.toString('base64'),
    iv: randomBytes(IV_BYTES).toString('base64'),
    commitment: Buffer.from(keys.commitment).toString('base64'),
  };
  return [cipher, keys];
}

/** Checks everything there is to check before decryption: form, binding, key commitment, tag. In that order. */
async function authenticate(
  sealed: Bytes,
  expected: BlobBinding,
  dataKey: Uint8Array | undefined,
): Promise<{ header: BlobHeader; gzip: Iterable<Uint8Array> }> {
  const frame = readFrame(sealed);
  const { header } = frame;
  assertBinding(header, expected);
  const keys = header.cipher === 'none' ? undefined : committedKeys(header, dataKey);
  await assertTag(frame, keys?.macKey);
  return { header, gzip: keys ? decrypted(frame, keys) : frame.body };
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

async function assertTag(frame: Frame, macKey: Uint8Array | undefined): Promise<void> {
  const tagger = taggerOf(macKey);
  for (const view of frame.head) tagger.update(view);
  await eachSlice(frame.body, tagger.update);
  if (!timingSafeEqual(tagger.finish(frame.headerBytes, frame.bodyBytes), frame.tag)) {
    throw new ServiceError('integrity_error', 'A blob has been changed since it was written.');
  }
}

/** The gzip stream of an encrypted body whose tag holds, decrypted as it is read. */
function* decrypted({ header, body }: Frame, { cipherKey }: BlobKeys): Generator<Uint8Array> {
  const decryptor = createDecipheriv('aes-256-cbc', cipherKey, ivOf(header));
  for (const slice of slicesOf(body)) yield decryptor.update(slice);
  let last: Uint8Array;
  try {
    last = decryptor.final();
  } catch (cause) {
    throw new ServiceError('integrity_error', 'A blob is not padded as it should be.', { cause });
  }
  yield last;
}

function ivOf(header: BlobHeader): Uint8Array {
  if (header.cipher === 'none') throw new Error('A blob that is not encrypted has no IV');
  return Buffer.from(header.iv, 'base64');
}

function assertHash(header: BlobHeader, sha256: string): void {
  if (sha256 !== header.plainSha256) {
    throw new ServiceError('integrity_error', 'The contents of a blob do not have their checksum.');
  }
}

async function sha256Of(chunks: readonly Uint8Array[]): Promise<string> {
  const hash = createHash('sha256');
  await eachSlice(chunks, (slice) => void hash.update(slice));
  return hash.digest('hex');
}

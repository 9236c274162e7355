// Seals blobs: gzip, then AES-256-CBC, then a MAC over all of it. CBC alone would let whoever can write blobs edit them
// unseen.

import { Buffer } from 'node:buffer';
import { createCipheriv, createHash, createSecretKey } from 'node:crypto';
import { bufferOf } from '../bytes/buffer.ts';
import { type Bytes, chunksOf, drained, slicesOf, totalBytes } from '../bytes/chunks.ts';
import { compress } from '../bytes/compress.ts';
import type { PackedText } from '../bytes/packed.ts';
import type { RandomBytes } from '../bytes/random-bytes.ts';
import { sha256Of } from '../bytes/sha256.ts';
import type { WrappedKey } from '../records/model.ts';
import { prefixOf, taggerOf } from './frame.ts';
import { type BlobCipher, type BlobFields, type BlobHeader, encodeHeader, IV_BYTES, ivOf } from './header.ts';
import { type BlobKeys, DATA_KEY_BYTES, deriveKeys, MESSAGE_ID_BYTES } from './keys.ts';

/** A data key, in clear and wrapped, as a keyring gives it. */
export interface ChainKey {
  dataKey: Uint8Array;
  key: WrappedKey;
}

export interface SealInput {
  fields: BlobFields;
  /**
   * The canonical text of the state, as it is or compressed already, or the delta's text. Not to be modified until
   * sealed. A state is taken to have the checksum that the fields give; if it has not, the blob does not open.
   */
  plain: Bytes | PackedText;
  /** Said outright, because nothing that is left out should leave a backup unencrypted. */
  encryption: ChainKey | 'none';
  /** Gives the message id and the IV, if it is encrypted. */
  random: RandomBytes;
}

export interface Digest {
  bytes: number;
  /** Lower-case hex. */
  sha256: string;
}

/** A blob in the making: read `chunks` to their end, once, then ask for the digest of what they were. */
export interface Sealing {
  chunks: AsyncGenerator<Uint8Array, void, undefined>;
  /** Of the gzip stream inside. */
  compressedBytes: number;
  digest(): Digest;
}

export interface Sealed extends Digest {
  /** The blob: these in order. */
  chunks: Uint8Array[];
  /** Of the gzip stream inside. */
  compressedBytes: number;
}

/**
 * Seals one blob under a fresh random message id and IV, as its chunks are read.
 *
 * @throws Error for fields that contradict each other or the text: a fault of the caller
 */
export async function beginSeal({ fields, plain, encryption, random }: SealInput): Promise<Sealing> {
  const { contents, gzip } = await contentsOf(fields, plain);
  const [cipher, keys] = encryption === 'none' ? [NO_CIPHER, undefined] : freshCipher(encryption, random);
  const header: BlobHeader = { ...fields, ...contents, ...cipher };
  const headerBytes = encodeHeader(header);
  const tagger = taggerOf(keys?.macKey);
  const sha256 = createHash('sha256');
  let bytes = 0;
  let whole: Digest | undefined;
  const counted = (chunk: Uint8Array): Uint8Array => {
    sha256.update(chunk);
    bytes += chunk.length;
    return chunk;
  };
  const tagged = (chunk: Uint8Array): Uint8Array => {
    tagger.update(chunk);
    return counted(chunk);
  };

  async function* chunks(): AsyncGenerator<Uint8Array, void, undefined> {
    yield tagged(prefixOf(headerBytes.length));
    yield tagged(headerBytes);
    const bodyStart = bytes;
    const encryptor = keys && createCipheriv('aes-256-cbc', createSecretKey(keys.cipherKey), ivOf(header));
    for await (const slice of slicesOf(gzip())) yield tagged(encryptor ? encryptor.update(slice) : slice);
    if (encryptor) yield tagged(encryptor.final());
    yield counted(tagger.finish(headerBytes.length, bytes - bodyStart));
    whole = { bytes, sha256: sha256.digest('hex') };
  }
  return {
    chunks: chunks(),
    compressedBytes: contents.compressedBytes,
    digest() {
      if (whole === undefined) throw new Error('A blob has no digest before it is sealed');
      return whole;
    },
  };
}

/** As `beginSeal`, and holds the blob in memory. */
export async function seal(input: SealInput): Promise<Sealed> {
  const sealing = await beginSeal(input);
  const chunks: Uint8Array[] = [];
  for await (const chunk of sealing.chunks) chunks.push(chunk);
  return { chunks, compressedBytes: sealing.compressedBytes, ...sealing.digest() };
}

async function contentsOf(fields: BlobFields, plain: Bytes | PackedText) {
  if ('members' in plain) {
    const { size, checksum, compressedBytes } = plain;
    const contents = { plainBytes: size, plainSha256: checksum, codec: 'gzip' as const, compressedBytes };
    return { contents, gzip: () => plain.members() };
  }
  const text = chunksOf(plain);
  const members = await compress(text);
  const contents = {
    plainBytes: totalBytes(text),
    // The scanner has hashed a state already, and the proof of the sealed bytes hashes it again.
    plainSha256: fields.kind === 'state' ? fields.checksum : await sha256Of(text),
    codec: 'gzip' as const,
    compressedBytes: totalBytes(members),
  };
  return { contents, gzip: () => drained(members) };
}

const NO_CIPHER: BlobCipher = { cipher: 'none' };

function freshCipher({ dataKey, key }: ChainKey, random: RandomBytes): [BlobCipher, BlobKeys] {
  if (dataKey.length !== DATA_KEY_BYTES) throw new Error('A data key has 32 bytes');
  const messageId = bufferOf(random.bytes(MESSAGE_ID_BYTES));
  const keys = deriveKeys(dataKey, messageId);
  const cipher: BlobCipher = {
    cipher: 'aes-256-cbc',
    key,
    messageId: messageId.toString('base64'),
    iv: bufferOf(random.bytes(IV_BYTES)).toString('base64'),
    commitment: Buffer.from(keys.commitment).toString('base64'),
  };
  return [cipher, keys];
}

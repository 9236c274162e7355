// The outer form of a sealed blob, format version 1:
//
//   magic "BKUP" | version u8 | header length u32 BE | header, JSON in UTF-8 | body | tag, 32 bytes
//
// The body is the gzip stream, encrypted or in clear. The tag is HMAC-SHA-512 cut to 32 bytes (RFC 2104, RFC 4868), or, in a
// blob that is not encrypted, SHA-256, of everything before it and then the lengths of header and body, each as u64 BE.
// A SHA-256 tells accidents, not forgeries: whoever can write blobs can make one.

import { Buffer } from 'node:buffer';
import { createHash, createHmac, createSecretKey } from 'node:crypto';
import type { ByteReader } from '../bytes/chunks.ts';
import { ServiceError } from '../records/errors.ts';
import { LIMITS } from '../records/limits.ts';
import { type BlobHeader, parseHeader } from './header.ts';

export const TAG_BYTES = 32;
const MAGIC = Buffer.from('BKUP');
const VERSION = 1;
const PREFIX_BYTES = MAGIC.length + 1 + 4;
const CIPHER_BLOCK_BYTES = 16;

/** What stands before the body. Unproven until the tag is. */
export interface FrameHead {
  header: BlobHeader;
  /** The bytes themselves. */
  views: Uint8Array[];
  headerBytes: number;
  /** Of prefix and header. */
  bytes: number;
}

/** Everything before the header. */
export function prefixOf(headerBytes: number): Uint8Array {
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.set(MAGIC);
  prefix.writeUInt8(VERSION, MAGIC.length);
  prefix.writeUInt32BE(headerBytes, MAGIC.length + 1);
  return prefix;
}

/** Bytes of the body: CBC pads to whole blocks (PKCS#7, RFC 5652, section 6.3) and always adds at least one byte. */
export function bodyBytesOf({ cipher, compressedBytes }: BlobHeader): number {
  if (cipher === 'none') return compressedBytes;
  return compressedBytes - (compressedBytes % CIPHER_BLOCK_BYTES) + CIPHER_BLOCK_BYTES;
}

/** Bytes of a whole blob whose head is this. */
export function blobBytesOf(head: FrameHead): number {
  return head.bytes + bodyBytesOf(head.header) + TAG_BYTES;
}

/**
 * Reads a blob up to its body. Proves nothing.
 *
 * @throws ServiceError integrity_error if it is not a blob of this format
 */
export async function readHead(reader: ByteReader): Promise<FrameHead> {
  const prefix = await reader.take(PREFIX_BYTES);
  if (!prefix || !MAGIC.equals(prefix.subarray(0, MAGIC.length))) {
    throw new ServiceError('integrity_error', 'What is stored is not a blob.');
  }
  const view = new DataView(prefix.buffer, prefix.byteOffset);
  if (view.getUint8(MAGIC.length) !== VERSION) {
    throw new ServiceError('integrity_error', 'A blob is of a format that this version does not know.');
  }
  const headerBytes = view.getUint32(MAGIC.length + 1);
  // Checked before it is read: nothing of it is authenticated yet.
  if (headerBytes > LIMITS.blobHeaderBytesMax) {
    throw new ServiceError('integrity_error', 'The header of a blob is too long.');
  }
  const header = await reader.take(headerBytes);
  if (!header) throw new ServiceError('integrity_error', 'A blob is cut short.');
  return {
    header: parseHeader(header),
    views: [prefix, header],
    headerBytes,
    bytes: PREFIX_BYTES + headerBytes,
  };
}

/** Computes a tag as the bytes come by. */
export interface Tagger {
  /** The next bytes of head and body. */
  update(bytes: Uint8Array): void;
  /** The tag, once all have been given. */
  finish(headerBytes: number, bodyBytes: number): Uint8Array;
}

/** With a key an HMAC-SHA-512, without one a SHA-256. */
export function taggerOf(macKey: Uint8Array | undefined): Tagger {
  const hash = macKey ? createHmac('sha512', createSecretKey(macKey)) : createHash('sha256');
  return {
    update: (bytes) => void hash.update(bytes),
    finish(headerBytes, bodyBytes) {
      const lengths = Buffer.alloc(16);
      lengths.writeBigUInt64BE(BigInt(headerBytes), 0);
      lengths.writeBigUInt64BE(BigInt(bodyBytes), 8);
      return hash.update(lengths).digest().subarray(0, TAG_BYTES);
    },
  };
}

// A segment of the trail: what was committed, in order, sealed like a blob and written once beside the blobs.
//
//   magic "BKTR" | version u8 | header length u32 BE | header, JSON in UTF-8 | body | tag, 32 bytes
//
// The body is gzip of lines of JSON, encrypted with AES-256-CBC; the tag is HMAC-SHA-512 cut to 32 bytes over everything
// before it and then the lengths of header and body, each as u64 BE: the keys are derived as those of a blob are. Each
// segment names the hash of the one before it, and has room for a signature.

import { Buffer } from 'node:buffer';
import { createCipheriv, createDecipheriv, createHash, createSecretKey, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzipSync, gzip } from 'node:zlib';
import * as check from '../blob/checks.ts';
import { TAG_BYTES, taggerOf } from '../blob/frame.ts';
import { IV_BYTES } from '../blob/header.ts';
import { COMMITMENT_BYTES, deriveKeys, MESSAGE_ID_BYTES } from '../blob/keys.ts';
import type { ChainKey } from '../blob/open.ts';
import { bufferOf } from '../bytes/buffer.ts';
import type { RandomBytes } from '../bytes/random-bytes.ts';
import { ServiceError } from '../records/errors.ts';
import { LIMITS } from '../records/limits.ts';
import type { WrappedKey } from '../records/model.ts';

const MAGIC = Buffer.from('BKTR');
const VERSION = 1;
const PREFIX_BYTES = MAGIC.length + 1 + 4;
const CIPHER = 'aes-256-cbc';
/** Bound into every key, so that no blob can pass for a segment, nor a segment for a blob. */
const PURPOSE = 'backup trail, format 1, aes-256-cbc, hmac-sha-512: ';
/** Nothing of a header is authenticated before it is read. */
const HEADER_BYTES_MAX = 64 * 1024;

const compress = promisify(gzip);

export interface SegmentHeader {
  /** Which store it belongs to. */
  store: string;
  /** 1, 2, 3 ...: gaps never, twice never. */
  number: number;
  /** Lower-case hex SHA-256 of the whole segment before it; absent in the first one. */
  previous?: string;
  /** Epoch milliseconds. */
  writtenAt: number;
  lines: number;
  /** Of the lines together, before compression: bounds what is allocated. */
  plainBytes: number;
  key: WrappedKey;
  /** Base64, as in the header of a blob. */
  messageId: string;
  iv: string;
  commitment: string;
  /** Room for a signature of all members before it; nothing writes one yet. */
  signature?: string;
}

const SHAPE = check.object({
  store: check.text,
  number: check.integer(1),
  previous: check.optional(check.hex(64)),
  writtenAt: check.integer(0),
  lines: check.integer(1),
  plainBytes: check.integer(1, LIMITS.trailSegmentBytesMax),
  key: check.object({ keyId: check.text, keyVersion: check.anyText, wrapped: check.text }),
  messageId: check.base64(MESSAGE_ID_BYTES),
  iv: check.base64(IV_BYTES),
  commitment: check.base64(COMMITMENT_BYTES),
  signature: check.optional(check.text),
});

export type SegmentPlace = Pick<SegmentHeader, 'store' | 'number' | 'previous' | 'writtenAt'>;

/** What a segment's data key is bound to, at the keyring. */
export function trailKeyContext(store: string): Record<string, string> {
  return { purpose: 'trail', store };
}

/** Seals lines, none of which may hold a line feed. Together they may have `trailSegmentBytesMax` (limits) bytes. */
export async function sealSegment(
  place: SegmentPlace,
  lines: readonly string[],
  { dataKey, key }: ChainKey,
  random: RandomBytes,
): Promise<Uint8Array> {
  const plain = Buffer.from(`${lines.join('\n')}\n`);
  const packed = await compress(plain);
  const messageId = bufferOf(random.bytes(MESSAGE_ID_BYTES));
  const iv = bufferOf(random.bytes(IV_BYTES));
  const { cipherKey, macKey, commitment } = deriveKeys(dataKey, messageId, PURPOSE);
  const header: SegmentHeader = {
    ...place,
    lines: lines.length,
    plainBytes: plain.length,
    key,
    messageId: messageId.toString('base64'),
    iv: iv.toString('base64'),
    commitment: Buffer.from(commitment).toString('base64'),
  };
  const headerBytes = Buffer.from(JSON.stringify(header));
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.set(MAGIC);
  prefix.writeUInt8(VERSION, MAGIC.length);
  prefix.writeUInt32BE(headerBytes.length, MAGIC.length + 1);
  const cipher = createCipheriv(CIPHER, createSecretKey(cipherKey), iv);
  const body = Buffer.concat([cipher.update(packed), cipher.final()]);
  const tagger = taggerOf(macKey);
  for (const part of [prefix, headerBytes, body]) tagger.update(part);
  return Buffer.concat([prefix, headerBytes, body, tagger.finish(headerBytes.length, body.length)]);
}

/** The header, unproven. Throws ServiceError `integrity_error` if there is none. */
export function readSegmentHeader(segment: Uint8Array): SegmentHeader {
  return headOf(Buffer.from(segment.buffer, segment.byteOffset, segment.length)).header;
}

/**
 * The lines of the segment with that number of that store. Throws ServiceError `integrity_error` unless every byte of it is
 * what was sealed, there.
 */
export function openSegment(
  segment: Uint8Array,
  place: Pick<SegmentPlace, 'store' | 'number'>,
  dataKey: Uint8Array,
): string[] {
  const bytes = Buffer.from(segment.buffer, segment.byteOffset, segment.length);
  const { header, bodyAt } = headOf(bytes);
  if (header.store !== place.store || header.number !== place.number) throw damaged('belongs elsewhere');
  const keys = deriveKeys(dataKey, Buffer.from(header.messageId, 'base64'), PURPOSE);
  if (!timingSafeEqual(keys.commitment, Buffer.from(header.commitment, 'base64'))) {
    throw damaged('was sealed with another key');
  }
  const tagAt = bytes.length - TAG_BYTES;
  if (tagAt <= bodyAt) throw damaged('is cut short');
  const tagger = taggerOf(keys.macKey);
  tagger.update(bytes.subarray(0, tagAt));
  if (!timingSafeEqual(tagger.finish(bodyAt - PREFIX_BYTES, tagAt - bodyAt), bytes.subarray(tagAt))) {
    throw damaged('has been changed since it was written');
  }
  const decipher = createDecipheriv(
    CIPHER,
    createSecretKey(keys.cipherKey),
    Buffer.from(header.iv, 'base64'),
  );
  const gzip = Buffer.concat([decipher.update(bytes.subarray(bodyAt, tagAt)), decipher.final()]);
  const lines = gunzipSync(gzip, { maxOutputLength: header.plainBytes }).toString().split('\n');
  if (lines.pop() !== '' || lines.length !== header.lines) throw damaged('does not have its lines');
  return lines;
}

/** Lower-case hex SHA-256 of a segment: what the next one names. */
export function segmentHash(segment: Uint8Array): string {
  return createHash('sha256').update(segment).digest('hex');
}

function headOf(bytes: Buffer): { header: SegmentHeader; bodyAt: number } {
  if (bytes.length < PREFIX_BYTES || !MAGIC.equals(bytes.subarray(0, MAGIC.length))) throw damaged('is none');
  if (bytes.readUInt8(MAGIC.length) !== VERSION)
    throw damaged('is of a format that this version does not know');
  const bodyAt = PREFIX_BYTES + bytes.readUInt32BE(MAGIC.length + 1);
  if (bodyAt - PREFIX_BYTES > HEADER_BYTES_MAX) throw damaged('has too long a header');
  if (bodyAt > bytes.length) throw damaged('is cut short');
  let header: unknown;
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    header = JSON.parse(text.decode(bytes.subarray(PREFIX_BYTES, bodyAt)));
  } catch {
    throw damaged('has no header');
  }
  const fault = SHAPE(header, 'header');
  if (fault !== undefined) throw damaged(`has a header that is none: ${fault}`);
  return { header: header as SegmentHeader, bodyAt };
}

function damaged(how: string): ServiceError {
  return new ServiceError('integrity_error', `A segment of the trail ${how}.`);
}

// The header of a sealed blob: what binds the blob to its place, and enough to rebuild its catalog record without the catalog.

import { Buffer } from 'node:buffer';
import { ServiceError } from '../records/errors.ts';
import { LIMITS } from '../records/limits.ts';
import type { BackupRecord, BlobRef } from '../records/model.ts';
import * as check from './checks.ts';
import { COMMITMENT_BYTES, MESSAGE_ID_BYTES } from './keys.ts';

export const IV_BYTES = 16;

/** A bound of the format, far above every limit of the service: lowering a limit must not close what was sealed before. */
const PLAIN_BYTES_MAX = 2 ** 40;
/** deflate makes at most that many bytes of one (zlib, "Maximum Compression Factor"). */
const EXPANSION_MAX = 1032;

/**
 * What the writer of a blob says of it. Members that a backup record has too mean the same here.
 * Of a record, `key` and `encrypted` follow from the blob itself; holds, locks and tombstones are not in blobs.
 */
export interface BlobFields
  extends Pick<
    BackupRecord,
    | 'resourceId'
    | 'resourceType'
    | 'sequence'
    | 'type'
    | 'requestedType'
    | 'baseBackupId'
    | 'chainId'
    | 'checksum'
    | 'size'
    | 'metadata'
    | 'createdAt'
    | 'importedAt'
    | 'expiresAt'
    | 'changes'
  > {
  /** Of this blob; a backup can have had others before. */
  blobId: string;
  kind: BlobRef['kind'];
  /** The backup whose state this blob completes. */
  backupId: string;
  /**
   * For a delta: the blob that stood before it when it was written. A rebase may have replaced that one since, so it
   * binds nothing: it is where to begin to look.
   */
  baseBlobId?: string;
  /** For a delta: the checksum of the state that it applies to. No rebase changes that. */
  baseChecksum?: string;
  /** Known only to who seals late: a record is completed after its blob is stored. */
  completedAt?: number;
}

/** What sealing adds: what is inside. */
export interface BlobContents {
  /** Length and SHA-256 (lower-case hex) of what is inside: the canonical text of the state, or the delta's text. */
  plainBytes: number;
  plainSha256: string;
  /** How it is compressed, and the length of that: a record's `compressedSize`. */
  codec: 'gzip';
  compressedBytes: number;
}

/** What sealing adds: how it is encrypted. The binary members are base64. */
export type BlobCipher =
  | {
      cipher: 'aes-256-cbc';
      /** The chain's data key, as wrapped when this blob was written. */
      key: NonNullable<BackupRecord['key']>;
      /** 32 random bytes: the salt from which this blob's own keys are derived. */
      messageId: string;
      /** 16 random bytes. */
      iv: string;
      /** 32 bytes: see BlobKeys. */
      commitment: string;
    }
  | { cipher: 'none' };

export type BlobHeader = BlobFields & BlobContents & BlobCipher;

/** Members of a header that every blob has or may have; exactly these, or it is not a header of this format. */
const COMMON: check.Shape = {
  blobId: check.hex(32),
  kind: check.oneOf('state', 'delta'),
  resourceId: check.text,
  resourceType: check.text,
  backupId: check.text,
  sequence: check.integer(1),
  type: check.oneOf('full', 'incremental', 'differential'),
  requestedType: check.optional(check.oneOf('full', 'incremental', 'differential')),
  baseBackupId: check.optional(check.text),
  baseBlobId: check.optional(check.hex(32)),
  baseChecksum: check.optional(check.hex(64)),
  chainId: check.text,
  checksum: check.hex(64),
  size: check.integer(0),
  plainBytes: check.integer(0, PLAIN_BYTES_MAX),
  plainSha256: check.hex(64),
  codec: check.oneOf('gzip'),
  compressedBytes: check.integer(1),
  metadata: check.object({
    version: check.anyText,
    source: check.anyText,
    tags: check.recordOf(check.anyText),
    retentionDays: check.integer(0),
    customFields: check.optional(check.recordOf(check.anything)),
  }),
  createdAt: check.integer(0),
  completedAt: check.optional(check.integer(0)),
  expiresAt: check.optional(check.integer(0)),
  importedAt: check.optional(check.integer(0)),
  changes: check.optional(
    check.object({
      additions: check.integer(0),
      changes: check.integer(0),
      deletions: check.integer(0),
      moves: check.integer(0),
    }),
  ),
};

const HEADER_BY_CIPHER: ReadonlyMap<unknown, check.Check> = new Map([
  ['none', check.object({ ...COMMON, cipher: check.oneOf('none') })],
  [
    'aes-256-cbc',
    check.object({
      ...COMMON,
      cipher: check.oneOf('aes-256-cbc'),
      key: check.object({ keyId: check.text, keyVersion: check.anyText, wrapped: check.text }),
      messageId: check.base64(MESSAGE_ID_BYTES),
      iv: check.base64(IV_BYTES),
      commitment: check.base64(COMMITMENT_BYTES),
    }),
  ],
]);

/**
 * Reads a header strictly, without copying it member by member: a tag named `__proto__` stays a tag.
 *
 * @throws ServiceError integrity_error unless the bytes are UTF-8 JSON with exactly the members of a header, each of its
 * type, none contradicting another
 */
export function parseHeader(bytes: Uint8Array): BlobHeader {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (cause) {
    throw new ServiceError('integrity_error', 'The header of a blob cannot be read.', { cause });
  }
  const fault = faultOf(header);
  if (fault !== undefined) {
    throw new ServiceError('integrity_error', `The header of a blob is not one: ${fault}.`);
  }
  return header as BlobHeader;
}

/**
 * Writes a header.
 *
 * @throws Error if it could not be read again: that is a fault of the caller, and nothing may be stored under it
 */
export function encodeHeader(header: BlobHeader): Uint8Array {
  const bytes = Buffer.from(JSON.stringify(header));
  if (bytes.length > LIMITS.blobHeaderBytesMax) throw new Error('The header of a blob is too long');
  try {
    parseHeader(bytes);
  } catch (cause) {
    throw new Error('The header of a blob would not be readable', { cause });
  }
  return bytes;
}

function faultOf(header: unknown): string | undefined {
  const cipher = check.isObject(header) && Object.hasOwn(header, 'cipher') ? header.cipher : undefined;
  const shape = HEADER_BY_CIPHER.get(cipher);
  if (!shape) return 'its cipher is unknown';
  return shape(header, 'header') ?? contradictionIn(header as BlobHeader);
}

function contradictionIn(header: BlobHeader): string | undefined {
  const { kind, baseBlobId, baseChecksum, plainBytes, compressedBytes, plainSha256, size, checksum } = header;
  // A buffer of plainBytes is allocated before the contents prove it: what cannot be is not tried.
  if (plainBytes > compressedBytes * EXPANSION_MAX) return 'no compression is that good';
  if (kind === 'delta') {
    if (baseBlobId === undefined || baseChecksum === undefined) return 'a delta builds on a blob and a state';
    return baseBlobId === header.blobId ? 'a delta does not build on itself' : undefined;
  }
  if (baseBlobId !== undefined || baseChecksum !== undefined) return 'a state builds on nothing';
  if (plainBytes !== size || plainSha256 !== checksum) return 'a state blob holds the state itself';
  return undefined;
}

/** The initialization vector of a blob that is encrypted. */
export function ivOf(header: BlobHeader): Uint8Array {
  if (header.cipher === 'none') throw new Error('A blob that is not encrypted has no IV');
  return Buffer.from(header.iv, 'base64');
}

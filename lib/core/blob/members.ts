// Where in an encrypted state blob each piece of its text lies, so that one can be read without those before it: the text is compressed in
// members of 1 MiB, and CBC decrypts from any block on. A piece that is read alone is proven by the hash that was taken of it while all of
// the blob was.

import { createDecipheriv, createHash, createSecretKey, timingSafeEqual } from 'node:crypto';
import { inflateMember, MEMBER_BYTES, membersOf } from '../bytes/compress.ts';
import { ServiceError } from '../records/errors.ts';
import { deriveKeys } from './keys.ts';
import { authenticate, type BlobBinding, type BlobSource, gzipOf } from './open.ts';

const CIPHER_BLOCK_BYTES = 16;
const HASH_BYTES = 32;

/** Of one state blob. */
export interface MemberTable {
  /** Lower-case hex SHA-256 of the text, and its bytes. */
  checksum: string;
  size: number;
  /** Where the body begins in the blob. */
  bodyAt: number;
  messageId: Uint8Array;
  iv: Uint8Array;
  /** Bytes of each member, as it is compressed. */
  bytes: number[];
  /** SHA-256 of each member, as it is compressed, one after the other. */
  hashes: Uint8Array;
}

/**
 * Reads a whole state blob twice: to prove it, and for the table. Undefined of one that is not encrypted: of that nothing would be proven.
 * Throws ServiceError `integrity_error` if it is not what was sealed.
 */
export async function readMemberTable(
  source: BlobSource,
  expected: BlobBinding,
  dataKey: Uint8Array,
): Promise<MemberTable | undefined> {
  const proven = await authenticate(source, expected, dataKey);
  const { header, bytes: bodyAt } = proven.head;
  if (header.cipher === 'none' || header.kind !== 'state') return undefined;
  const bytes: number[] = [];
  const hashes: Uint8Array[] = [];
  for await (const { gzip } of membersOf(gzipOf(source, proven), header.plainBytes)) {
    bytes.push(gzip.length);
    hashes.push(createHash('sha256').update(gzip).digest());
  }
  return {
    ...{ checksum: header.checksum, size: header.size, bodyAt, bytes, hashes: Buffer.concat(hashes) },
    messageId: Buffer.from(header.messageId, 'base64'),
    iv: Buffer.from(header.iv, 'base64'),
  };
}

/** The member that has the byte of the text at `at`. */
export function memberAt(at: number): number {
  return Math.floor(at / MEMBER_BYTES);
}

/** Where the text of a member begins. */
export function textAt(member: number): number {
  return member * MEMBER_BYTES;
}

/** The bytes [from, to) of the blob that a member is read from, and the block before it. */
export function spanOf({ bodyAt, bytes }: MemberTable, member: number): { from: number; to: number } {
  const start = startOf(bytes, member);
  const end = start + bytes[member]!;
  const first = start - (start % CIPHER_BLOCK_BYTES);
  const last = end + ((CIPHER_BLOCK_BYTES - (end % CIPHER_BLOCK_BYTES)) % CIPHER_BLOCK_BYTES);
  return { from: bodyAt + Math.max(0, first - CIPHER_BLOCK_BYTES), to: bodyAt + last };
}

/**
 * The text of a member, of the bytes of the blob that `spanOf` names.
 * Throws ServiceError `integrity_error` if it is not what the table was made of.
 */
export async function openMember(
  table: MemberTable,
  member: number,
  sealed: Uint8Array,
  dataKey: Uint8Array,
): Promise<Uint8Array> {
  const start = startOf(table.bytes, member);
  const isFirst = start < CIPHER_BLOCK_BYTES;
  const iv = isFirst ? table.iv : sealed.subarray(0, CIPHER_BLOCK_BYTES);
  const blocks = isFirst ? sealed : sealed.subarray(CIPHER_BLOCK_BYTES);
  const { cipherKey } = deriveKeys(dataKey, table.messageId);
  const decipher = createDecipheriv('aes-256-cbc', createSecretKey(cipherKey), iv);
  decipher.setAutoPadding(false);
  const plain = decipher.update(blocks);
  const offset = isFirst ? start : start % CIPHER_BLOCK_BYTES;
  const length = table.bytes[member]!;
  if (blocks.length % CIPHER_BLOCK_BYTES !== 0 || plain.length < offset + length) throw changed();
  const gzip = Buffer.from(plain.subarray(offset, offset + length));
  const hash = createHash('sha256').update(gzip).digest();
  const known = table.hashes.subarray(member * HASH_BYTES, (member + 1) * HASH_BYTES);
  if (!timingSafeEqual(hash, known)) throw changed();
  return inflateMember({ gzip, bytes: Math.min(MEMBER_BYTES, table.size - textAt(member)) });
}

function startOf(bytes: readonly number[], member: number): number {
  let start = 0;
  for (let k = 0; k < member; k++) start += bytes[k]!;
  return start;
}

function changed(): ServiceError {
  return new ServiceError(
    'integrity_error',
    'A piece of a blob is not what it was when the blob was proven.',
  );
}

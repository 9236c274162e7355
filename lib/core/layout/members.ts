// The table of a state blob's members, written down.

import type { MemberTable } from '../blob/members.ts';
import {
  createWriter,
  demandEnd,
  putBytes,
  putNumber,
  type Reader,
  takeBytes,
  takeNumber,
  unsound,
  written,
} from './numbers.ts';

const HASH_BYTES = 32;
const MESSAGE_ID_BYTES = 32;
const IV_BYTES = 16;

export function encodeMembers(table: MemberTable): Uint8Array {
  const writer = createWriter();
  putBytes(writer, Buffer.from(table.checksum, 'hex'));
  for (const number of [table.size, table.bodyAt, table.bytes.length]) putNumber(writer, number);
  for (const bytes of table.bytes) putNumber(writer, bytes);
  for (const bytes of [table.messageId, table.iv, table.hashes]) putBytes(writer, bytes);
  return written(writer);
}

/** Throws ServiceError `integrity_error` if that is not what was written. */
export function decodeMembers(bytes: Uint8Array): MemberTable {
  const reader: Reader = { bytes, at: 0 };
  const checksum = Buffer.from(takeBytes(reader)).toString('hex');
  const size = takeNumber(reader);
  const bodyAt = takeNumber(reader);
  const count = takeNumber(reader);
  if (count > bytes.length) throw unsound();
  const members = Array.from({ length: count }, () => takeNumber(reader));
  const messageId = takeBytes(reader);
  const iv = takeBytes(reader);
  const hashes = takeBytes(reader);
  demandEnd(reader);
  const isWhole =
    messageId.length === MESSAGE_ID_BYTES && iv.length === IV_BYTES && hashes.length === count * HASH_BYTES;
  if (!isWhole) throw unsound();
  return { checksum, size, bodyAt, messageId, iv, bytes: members, hashes };
}

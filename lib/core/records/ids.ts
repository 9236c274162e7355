// Ids of 128 bits, as 32 lower-case hex digits: random ones, and blobs that are named after their backups. Whoever takes one
// from outside asks here whether it is one.

const DIGITS = '[0-9a-f]{32}';

/** Of a blob: the name of its file or object. */
export const BLOB_ID = new RegExp(`^${DIGITS}$`);
/** Of an upload: the only key to it. */
export const UPLOAD_ID = new RegExp(`^${DIGITS}$`);
/** Of a store: what ties blobs and catalog together. */
export const STORE_ID = new RegExp(`^${DIGITS}$`);
/** Of a blob that was set aside: its id, and since when it lies there, in epoch milliseconds. */
export const ASIDE_NAME = new RegExp(`^(${DIGITS})\\.(\\d{1,16})$`);

/** An id of a backup that is 128 bits, too, in base 32. */
const WIDE_BACKUP_ID = /^backup-[0-7][0-9a-v]{25}$/;

/**
 * The blob that is named after a backup: the same bits, the other way round, as ids begin with their time and names of blobs are to spread.
 * Undefined where the id has fewer.
 */
export function blobNamedAfter(backupId: string): string | undefined {
  if (!WIDE_BACKUP_ID.test(backupId)) return undefined;
  let bits = 0n;
  for (const character of backupId.slice('backup-'.length))
    bits = bits * 32n + BigInt(Number.parseInt(character, 32));
  return turned(bits.toString(16).padStart(32, '0'));
}

/** The backup that a blob is named after, if it is named after one. */
export function backupNamedBy(blobId: string): string {
  return `backup-${BigInt(`0x${turned(blobId)}`)
    .toString(32)
    .padStart(26, '0')}`;
}

export function isNamedAfter(blobId: string, backupId: string): boolean {
  return BLOB_ID.test(blobId) && backupNamedBy(blobId) === backupId;
}

/** Byte by byte. */
function turned(hex: string): string {
  return (hex.match(/../g) ?? []).reverse().join('');
}

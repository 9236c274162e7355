// What the catalog says of a backup, held to what its own blob says under its MAC. A record alone is believed in nothing.

import { isDeepStrictEqual } from 'node:util';
import type { BlobHeader } from '../../core/blob/header.ts';
import { ServiceError } from '../../core/records/errors.ts';
import type { BackupRecord, BaseRef } from '../../core/records/model.ts';
import type { ChainSource } from './blobs.ts';

/** Members that a record and the header of its own blob have in common, by the record's name. */
const SHARED = [
  'resourceId',
  'resourceType',
  'sequence',
  'type',
  'requestedType',
  'baseBackupId',
  'chainId',
  'checksum',
  'size',
  'metadata',
  'createdAt',
  'importedAt',
  'expiresAt',
  'changes',
] as const satisfies (keyof BackupRecord & keyof BlobHeader)[];

/** What of a record does not agree with the header of its own blob; undefined if all does. */
export function disagreementOf(record: BackupRecord, header: BlobHeader): string | undefined {
  if (header.backupId !== record.id) return 'id';
  if (header.compressedBytes !== record.compressedSize) return 'compressedSize';
  if ((header.cipher !== 'none') !== record.encrypted) return 'encrypted';
  return SHARED.find((member) => !isDeepStrictEqual(record[member], header[member]));
}

/** Throws ServiceError `integrity_error` unless the record agrees with the header, which has been proven. */
export function demandAgreement(source: ChainSource | BackupRecord, header: BlobHeader): void {
  if (!isRecord(source)) return;
  const member = disagreementOf(source, header);
  if (member === undefined) return;
  throw new ServiceError(
    'integrity_error',
    `The record of ${source.id} is not what its blob says: its ${member} is another.`,
    { extra: { backupId: source.id } },
  );
}

/** Whoever reads only the way to a state gives no record to compare. */
function isRecord(source: ChainSource | BackupRecord): source is BackupRecord {
  return 'compressedSize' in source;
}

/** Throws ServiceError `integrity_error` unless a chain ends with the own blob of what it is the chain of. */
export function demandOwnTip(source: ChainSource | BackupRecord | BaseRef): void {
  if (!('checksum' in source)) return;
  const { id, sequence, checksum, size, chain } = source;
  const tip = chain.at(-1);
  if (tip === undefined) return;
  if (tip.backupId === id && tip.sequence === sequence && tip.checksum === checksum && tip.size === size)
    return;
  throw new ServiceError('integrity_error', `The chain of ${id} does not end with it.`, {
    extra: { backupId: id },
  });
}

/** Throws ServiceError `integrity_error` unless what stands behind a name is what has it. */
export function demandSameBackup(
  record: Pick<BackupRecord, 'id' | 'resourceId' | 'sequence' | 'createdAt'>,
  asked: Partial<Pick<BackupRecord, 'id' | 'resourceId' | 'sequence' | 'createdAt'>>,
): void {
  const names = Object.keys(asked) as (keyof typeof asked)[];
  if (names.every((name) => record[name] === asked[name])) return;
  throw new ServiceError(
    'integrity_error',
    'The catalog leads to another backup than the one that was asked for.',
    {
      extra: { backupId: record.id },
    },
  );
}

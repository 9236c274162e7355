// Records that have chains, as their rows hold them: the length in the place of the chain, which stands in links. Records of
// before hold their chains themselves, until they are written again.

import type { BackupRecord, BaseRef, BlobRef, ResourceHead } from '../../core/records/model.ts';
import { type DocRow, damagedRow, recordOf } from './schema.ts';

/** Gives the chain of a link. */
export type ChainOf = (link: number | null) => BlobRef[];

/** What is read of a row of `backup`, as SQL. */
export const BACKUP_COLUMNS = 'doc, sum, link, own_blob';
/** What is read of a row of `head`, as SQL. */
export const HEAD_COLUMNS = 'doc, sum, latest, latest_full';

export interface BackupRow extends DocRow {
  link: number | null;
  own_blob: string;
}

export interface HeadRow extends DocRow {
  latest: number | null;
  latest_full: number | null;
}

type Unchained<T extends { chain: BlobRef[] }> = Omit<T, 'chain'> & { chain: number | BlobRef[] };

/** A record to be written, without its chain. */
export function withoutChain<T extends { chain: BlobRef[] }>(record: T): Unchained<T> {
  return { ...record, chain: record.chain.length };
}

/** A head to be written, without its chains. */
export function headWithoutChains(head: ResourceHead): unknown {
  const { latest, latestFull } = head;
  return {
    ...head,
    ...(latest === undefined ? {} : { latest: withoutChain(latest) }),
    ...(latestFull === undefined ? {} : { latestFull: withoutChain(latestFull) }),
  };
}

/** The record in a row of `backup`. Throws PortError `integrity` if it, or its chain, is not what was written. */
export function backupOf(row: BackupRow, chainOf: ChainOf): BackupRecord {
  const record = recordOf<Unchained<BackupRecord>>('backup', row);
  const { chain } = chained('backup', record, row.link, chainOf);
  // The number of the link stands in no checksum: it may have become another's.
  if (chain.at(-1)?.blobId !== row.own_blob) throw damagedRow('backup');
  return Object.assign(record, { chain });
}

/** The head in a row of `head`. Throws as `backupOf`. */
export function headOf(row: HeadRow, chainOf: ChainOf): ResourceHead {
  const head = recordOf<
    Omit<ResourceHead, 'latest' | 'latestFull'> &
      Record<'latest' | 'latestFull', Unchained<BaseRef> | undefined>
  >('head', row);
  const { latest, latestFull } = head;
  if (latest !== undefined) Object.assign(latest, based(latest, row.latest, chainOf));
  if (latestFull !== undefined) Object.assign(latestFull, based(latestFull, row.latest_full, chainOf));
  return head as ResourceHead;
}

function based(base: Unchained<BaseRef>, link: number | null, chainOf: ChainOf): { chain: BlobRef[] } {
  const { chain } = chained('head', base, link, chainOf);
  if (chain.at(-1)?.backupId !== base.id) throw damagedRow('head');
  return { chain };
}

function chained(
  table: string,
  { chain: stored }: { chain: number | BlobRef[] },
  link: number | null,
  chainOf: ChainOf,
): { chain: BlobRef[] } {
  if (Array.isArray(stored)) return { chain: stored };
  const chain = chainOf(link);
  if (chain.length !== stored) throw damagedRow(table);
  return { chain };
}

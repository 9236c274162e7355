// Records that have chains, as their rows hold them: the length in the place of the chain, which stands in links, and nothing that
// follows from it. Records of before have their chains, or all else, in their documents, until they are written again.

import type { BackupRecord, BaseRef, BlobRef, ResourceHead } from '../../core/records/model.ts';
import { isShort, type PlainRow, ROW_COLUMNS, unchainedOf } from './backup-doc.ts';
import type { Chain, ChainOf } from './chain-links.ts';
import { type DocRow, damagedRow, docOf, recordOf } from './schema.ts';

/** What is read of a row of `backup`, as SQL. */
export const BACKUP_COLUMNS = `${ROW_COLUMNS}, link`;
/** What is read of a row of `head`, as SQL. */
export const HEAD_COLUMNS = 'doc, sum, latest, latest_full';

export interface BackupRow extends PlainRow {
  link: number | null;
}

export interface HeadRow extends DocRow {
  latest: number | null;
  latest_full: number | null;
}

/** As releases before wrote a record: whole, but for its chain, or with that. */
type BackupOfBefore = Omit<BackupRecord, 'chain'> & { chain: number | BlobRef[] };

/** What a head says of a base: what follows from the chain is not said. */
type StoredBase = Pick<BaseRef, 'id'> & Partial<Omit<BaseRef, 'chain'>> & { chain: number | BlobRef[] };

/** The values of `doc` and `sum` in the row of a head. */
export function headDoc(head: ResourceHead): [doc: string, sum: number] {
  const { latest, latestFull } = head;
  return docOf({
    ...head,
    ...(latest === undefined ? {} : { latest: storedBase(latest) }),
    ...(latestFull === undefined ? {} : { latestFull: storedBase(latestFull) }),
  });
}

function storedBase({ chainId: _chainId, key: _key, chain, ...base }: BaseRef): StoredBase {
  const own = chain.at(-1);
  const stored: StoredBase = { ...base, chain: chain.length };
  for (const name of ['sequence', 'checksum', 'size'] as const) {
    if (own?.[name] === base[name]) delete stored[name];
  }
  return stored;
}

/** The record in a row of `backup`. Throws PortError `integrity` if it, or its chain, is not what was written. */
export function backupOf(row: BackupRow, chainOf: ChainOf): BackupRecord {
  if (!isShort(row)) return backupOfBefore(row, chainOf);
  const { length, on } = unchainedOf(row);
  const chained = chainOf(row.link);
  demandLength('backup', chained, length);
  // The number of the link stands in no checksum: it may have become another's.
  if (chained.chain.at(-1)?.blobId !== row.own_blob) throw damagedRow('backup');
  return on(chained);
}

function backupOfBefore(row: BackupRow, chainOf: ChainOf): BackupRecord {
  const record = recordOf<BackupOfBefore>('backup', row);
  const { chain } = chainIn('backup', record, row.link, chainOf);
  if (chain.at(-1)?.blobId !== row.own_blob) throw damagedRow('backup');
  return Object.assign(record, { chain });
}

/** The head in a row of `head`. Throws as `backupOf`. */
export function headOf(row: HeadRow, chainOf: ChainOf): ResourceHead {
  const { latest, latestFull, ...head } = recordOf<
    Omit<ResourceHead, 'latest' | 'latestFull'> & Partial<Record<'latest' | 'latestFull', StoredBase>>
  >('head', row);
  return {
    ...head,
    ...(latest === undefined ? {} : { latest: based(latest, row.latest, chainOf) }),
    ...(latestFull === undefined ? {} : { latestFull: based(latestFull, row.latest_full, chainOf) }),
  };
}

function based(base: StoredBase, link: number | null, chainOf: ChainOf): BaseRef {
  const chained = chainIn('head', base, link, chainOf);
  const own = chained.chain.at(-1);
  if (own?.backupId !== base.id) throw damagedRow('head');
  const { sequence, checksum, size } = own;
  return { sequence, checksum, size, ...base, ...chained } as BaseRef;
}

function chainIn(
  table: string,
  { chain: stored }: { chain: number | BlobRef[] },
  link: number | null,
  chainOf: ChainOf,
): Chain {
  if (Array.isArray(stored)) return { chain: stored };
  const chained = chainOf(link);
  demandLength(table, chained, stored);
  return chained;
}

function demandLength(table: string, { chain }: Chain, length: number): void {
  if (chain.length !== length) throw damagedRow(table);
}

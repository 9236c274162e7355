// Chains, kept once. A chain is a blob behind the chain before it: so what a hundred records share stands in the catalog once,
// as links that are never changed. A record has the number of its last link. The key of a chain stands at its first link.

import { LIMITS } from '../../core/records/limits.ts';
import type { BlobRef, WrappedKey } from '../../core/records/model.ts';
import type { Database } from './database.ts';
import { damagedRow, sumOf } from './schema.ts';

/** Before the first link of a chain. */
const NONE = 0;

const READ = 'SELECT id, before, ref, sum FROM link WHERE id = ?';
/** Those before it as well, as many as a chain has: one look where there would be dozens. A circle ends there too. */
const READ_CHAIN = `WITH RECURSIVE way AS (
    SELECT id, before, ref, sum FROM link WHERE id = ?
    UNION ALL SELECT link.id, link.before, link.ref, link.sum FROM way JOIN link ON link.id = way.before
  ) SELECT * FROM way LIMIT ${LIMITS.chainDeltasMax + 1}`;

interface LinkRow {
  id: number;
  before: number;
  ref: string;
  sum: number;
}

/** A chain, and what all records that go through it have in common; absent in links of before, whose records say it themselves. */
export interface Chain {
  chain: BlobRef[];
  chainId?: string;
  key?: WrappedKey;
}

/** Gives the chain of a link. */
export type ChainOf = (link: number | null) => Chain;

export interface ChainLinks {
  /**
   * Serialises a chain; what it gives runs inside the transaction that writes its record, makes the links that are not
   * there, and gives the number of the last one.
   */
  put(chained: Readonly<Chain>): () => number;
  /** Inside a transaction: removes a link that nobody has any more, and those before it of which the same is true by then. */
  release(link: number | null | undefined): void;
  /** Reads chains; what several of them share is read once. Throws PortError `integrity` for what is not as it was written. */
  reader(): ChainOf;
}

type Statements = Pick<Database, 'statement'>;

export function createChainLinks(database: Database): ChainLinks {
  const find = database.statement<LinkRow>('SELECT id, ref FROM link WHERE before = ? AND sum = ?');
  const insert = database.statement<LinkRow>(
    'INSERT INTO link (before, ref, sum) VALUES (?, ?, ?) RETURNING id',
  );
  const read = database.statement<LinkRow>(READ);
  const isUsed = database.statement<{ used: 1 }>(
    `SELECT 1 AS used WHERE EXISTS (SELECT 1 FROM link WHERE before = ?1) OR EXISTS (SELECT 1 FROM backup WHERE link = ?1)
       OR EXISTS (SELECT 1 FROM head WHERE latest = ?1) OR EXISTS (SELECT 1 FROM head WHERE latest_full = ?1)`,
  );
  const remove = database.statement('DELETE FROM link WHERE id = ?');

  function linkTo(before: number, ref: string): number {
    const sum = sumOfLink(before, ref);
    const found = find.all(before, sum).find((row) => row.ref === ref);
    return found?.id ?? insert.get(before, ref, sum)!.id;
  }

  return {
    put({ chain, chainId, key }) {
      const common = [chainId, ...(key === undefined ? [] : [key.keyId, key.keyVersion, key.wrapped])];
      const refs = chain.map((ref, i) => textOf(ref, chain[i - 1], common));
      return () => refs.reduce(linkTo, NONE);
    },

    release(link) {
      for (let id = link ?? NONE; id !== NONE; ) {
        const row = read.get(id);
        if (row === undefined || isUsed.get(id) !== undefined) return;
        remove.run(id);
        id = row.before;
      }
    },

    reader: () => createChainReader(database),
  };
}

interface KnownLink {
  before: number;
  link: Link;
  /** Once what stands before it is known as well. */
  ref?: BlobRef;
}

/** Reads chains, of a catalog that is only read too. As `ChainLinks.reader`. */
export function createChainReader(database: Statements): ChainOf {
  const read = database.statement<LinkRow>(READ);
  const readChain = database.statement<LinkRow>(READ_CHAIN);
  const known = new Map<number, KnownLink>();
  const linkAt = (id: number): KnownLink => {
    // What comes after the first chain begins, more often than not, with what is known.
    const rows = known.size === 0 ? readChain.all(id) : read.all(id);
    for (const { id: found, before, ref, sum } of rows) {
      if (sumOfLink(before, ref) !== sum) throw damagedRow('link');
      known.set(found, { before, link: JSON.parse(ref) as Link });
    }
    const link = known.get(id);
    if (link === undefined) throw damagedRow('link');
    return link;
  };
  return (last) => {
    const way: KnownLink[] = [];
    for (let id = last ?? NONE; id !== NONE; ) {
      const one = known.get(id) ?? linkAt(id);
      way.push(one);
      // A bit that has flipped may lead in a circle.
      if (way.length > known.size) throw damagedRow('link');
      id = one.before;
    }
    const chain: BlobRef[] = [];
    let before: BlobRef | undefined;
    for (let i = way.length - 1; i >= 0; i--) {
      const one = way[i]!;
      before = one.ref ??= refOf(one.link, before);
      chain.push({ ...before });
    }
    return { chain, ...commonOf(way.at(-1)?.link) };
  };
}

/** What a link says, and behind what it stands. */
function sumOfLink(before: number, ref: string): number {
  return sumOf(`${before} ${ref}`);
}

/** Without the names of the members: they are as long as what they name. Without the state, where that is the one before. */
type Link = [
  blobId: string,
  kind: BlobRef['kind'],
  backupId: string,
  sequence: number,
  bytes: number,
  sha256: string,
  encrypted: boolean,
  checksum?: string,
  size?: number,
  /** In a first link: what the records of the chain have in common. */
  chainId?: string,
  keyId?: string,
  keyVersion?: string,
  wrapped?: string,
];

/** Where a link says its state, if it does. */
const STATE_AT = 7;

function textOf(ref: BlobRef, before: BlobRef | undefined, common: unknown[]): string {
  const { blobId, kind, backupId, sequence, bytes, sha256, encrypted, checksum, size } = ref;
  const said: unknown[] = [blobId, kind, backupId, sequence, bytes, sha256, encrypted];
  if (before?.checksum !== checksum || before.size !== size) said.push(checksum, size);
  if (before === undefined) said.push(...common);
  return JSON.stringify(said);
}

/** Throws PortError `integrity` if it says that it has the state of one before it, and there is none. */
function refOf(link: Link, before: BlobRef | undefined): BlobRef {
  const [blobId, kind, backupId, sequence, bytes, sha256, encrypted] = link;
  const state = link.length > STATE_AT ? { checksum: link[7]!, size: link[8]! } : before;
  if (state === undefined) throw damagedRow('link');
  const { checksum, size } = state;
  return { blobId, kind, backupId, sequence, bytes, sha256, encrypted, checksum, size };
}

/** What the records of a chain have in common, by its first link. */
function commonOf(first: Link | undefined): Omit<Chain, 'chain'> {
  const [, , , , , , , , , chainId, keyId, keyVersion, wrapped] = first ?? [];
  if (chainId === undefined) return {};
  if (keyId === undefined) return { chainId };
  return { chainId, key: { keyId, keyVersion: keyVersion!, wrapped: wrapped! } };
}

// Chains, kept once. A chain is a blob behind the chain before it: so what a hundred records share stands in the catalog once,
// as links that are never changed. A record has the number of its last link.

import type { BlobRef } from '../../core/records/model.ts';
import type { Database } from './database.ts';
import { damagedRow, sumOf } from './schema.ts';

/** Before the first link of a chain. */
const NONE = 0;

interface LinkRow {
  id: number;
  before: number;
  ref: string;
  sum: number;
}

export interface ChainLinks {
  /**
   * Serialises a chain; what it gives runs inside the transaction that writes its record, makes the links that are not
   * there, and gives the number of the last one.
   */
  put(chain: readonly BlobRef[]): () => number;
  /** Inside a transaction: removes a link that nobody has any more, and those before it of which the same is true by then. */
  release(link: number | null | undefined): void;
  /** Reads chains; what several of them share is read once. Throws PortError `integrity` for what is not as it was written. */
  reader(): (link: number | null) => BlobRef[];
}

export function createChainLinks(database: Database): ChainLinks {
  const find = database.statement<LinkRow>('SELECT id, ref FROM link WHERE before = ? AND sum = ?');
  const insert = database.statement<LinkRow>(
    'INSERT INTO link (before, ref, sum) VALUES (?, ?, ?) RETURNING id',
  );
  const read = database.statement<LinkRow>('SELECT before, ref, sum FROM link WHERE id = ?');
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
    put(chain) {
      const refs = chain.map(textOf);
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

    reader() {
      const known = new Map<number, { before: number; ref: BlobRef }>();
      const linkAt = (id: number) => {
        const row = read.get(id);
        if (row === undefined || sumOfLink(row.before, row.ref) !== row.sum) throw damagedRow('link');
        const link = { before: row.before, ref: refOf(row.ref) };
        known.set(id, link);
        return link;
      };
      return (link) => {
        const chain: BlobRef[] = [];
        const seen = new Set<number>();
        for (let id = link ?? NONE; id !== NONE; ) {
          // A bit that has flipped may lead in a circle.
          if (seen.has(id)) throw damagedRow('link');
          seen.add(id);
          const { before, ref } = known.get(id) ?? linkAt(id);
          chain.push({ ...ref });
          id = before;
        }
        return chain.reverse();
      };
    },
  };
}

/** What a link says, and behind what it stands. */
function sumOfLink(before: number, ref: string): number {
  return sumOf(`${before} ${ref}`);
}

/** Without the names of the members: they are as long as what they name. */
function textOf(ref: BlobRef): string {
  const { blobId, kind, backupId, sequence, bytes, sha256, encrypted, checksum, size } = ref;
  return JSON.stringify([blobId, kind, backupId, sequence, bytes, sha256, encrypted, checksum, size]);
}

function refOf(text: string): BlobRef {
  const [blobId, kind, backupId, sequence, bytes, sha256, encrypted, checksum, size] = JSON.parse(text) as [
    string,
    BlobRef['kind'],
    string,
    number,
    number,
    string,
    boolean,
    string,
    number,
  ];
  return { blobId, kind, backupId, sequence, bytes, sha256, encrypted, checksum, size };
}

// Chains, kept once. What a chain is made of stands where its blobs are accounted for: a link each, which says what its record said of
// its own blob, and is never changed. A record has the ids of its chain's blobs, and reads the links by them, all at once.

import { BLOB_ID } from '../../core/records/ids.ts';
import type { BackupRecord, BaseRef, BlobRef, ResourceHead, WrappedKey } from '../../core/records/model.ts';
import { PortError } from '../../ports/errors.ts';
import { ownBlobKey } from './catalog-keys.ts';
import { type Item, keyOf, recordOf } from './item.ts';
import { sizeOfItem, UNIT_BYTES } from './item-size.ts';
import { packed, unpacked } from './packed.ts';
import { addressOf, type TableClient } from './table-client.ts';

/** What a link says: of its blob, and of the key that it is sealed under. */
export interface Link {
  ref: BlobRef;
  key?: WrappedKey;
}

/** What stands in the place of a blob, or of a key, that its link tells of. */
const LINKED = 0;
type Linked = typeof LINKED;

/** As a record or a head has it. One of before has all of its chain. */
interface Stored {
  chain: (BlobRef | Linked)[];
  key?: WrappedKey | Linked;
  /** What has links of what is shown here as well: its own blob, or all of the chain. */
  linked?: 'own' | 'all';
}

/** Whether a blob has its link: then its record need not say it again. */
export type IsLinked = (ref: BlobRef) => boolean;

/** Links that were read. */
export interface Links {
  /** That of a blob, for the caller to keep. */
  take(blobId: string): Link | undefined;
  /** Hears of a blob that has its link, though that was not read. */
  note(ref: BlobRef): void;
}

export interface ChainLinks {
  /** Those that these items need. Throws PortError. */
  load(items: Iterable<Item>): Promise<Links>;
  /** Those of these blobs, as far as there are some. Throws PortError. */
  loadOf(blobIds: Iterable<string>): Promise<Links>;
  /** Whether it was read from a link: nobody removes that from under a chain that is read. */
  isLinked: IsLinked;
}

export function createChainLinks(table: TableClient): ChainLinks {
  const known = new WeakSet<BlobRef>();

  async function loadOf(blobIds: Iterable<string>): Promise<Links> {
    const keys = [...new Set(blobIds)].map(ownBlobKey);
    const found = keys.length === 0 ? new Map<string, Item>() : await table.getUnchanging(keys, ['link']);
    return {
      note: (ref) => void known.add(ref),
      take(blobId) {
        const bytes = found.get(addressOf(ownBlobKey(blobId)))?.link?.B;
        if (bytes === undefined) return undefined;
        const link = unpacked(bytes) as Link;
        if (link.ref.blobId !== blobId) return undefined;
        known.add(link.ref);
        return link;
      },
    };
  }

  return {
    load: (items) => loadOf([...items].flatMap(idsIn)),
    loadOf,
    isLinked: (ref) => known.has(ref),
  };
}

/** What is kept of a record's own blob. */
export function linkAttributes({ chain, key }: Pick<BackupRecord, 'chain' | 'key'>): Item {
  const ref = chain.at(-1)!;
  return { link: packed({ ref, ...(key === undefined ? {} : { key }) } satisfies Link) };
}

/**
 * A record as attributes, beside `others`, which its item has too. What links say it says again as long as that fits into one write
 * unit: then whoever reads it reads less.
 */
export function chainedAttributes(record: BackupRecord, isLinked: IsLinked, others: Item): Item {
  return fitting((shown) => attributesOf(record, [record], isLinked, shown), others);
}

/** Likewise, of a head. */
export function headAttributes(head: ResourceHead, isLinked: IsLinked, others: Item): Item {
  const bases = [head.latest, head.latestFull].filter((base) => base !== undefined);
  return fitting((shown) => attributesOf(head, bases, isLinked, shown), others);
}

/** How much of a chain is shown though it has links. */
type ShownOf = 'all' | 'own' | 'none';

function fitting(attributesShowing: (shown: ShownOf) => Item, others: Item): Item {
  const room = UNIT_BYTES - sizeOfItem(others);
  for (const shown of ['all', 'own'] as const) {
    const attributes = attributesShowing(shown);
    if (sizeOfItem(attributes) <= room) return attributes;
  }
  return attributesShowing('none');
}

function attributesOf(
  record: BackupRecord | ResourceHead,
  chained: readonly Pick<BaseRef, 'chain' | 'key'>[],
  isLinked: IsLinked,
  shown: ShownOf,
): Item {
  const ids: string[] = [];
  const stored = new Map<unknown, unknown>(
    chained.map((one) => [one, storedOf(one, isLinked, shown, (blobId) => ids.push(blobId))]),
  );
  const { latest, latestFull } = record as ResourceHead;
  const doc = stored.get(record) ?? {
    ...record,
    ...(latest && { latest: stored.get(latest) }),
    ...(latestFull && { latestFull: stored.get(latestFull) }),
  };
  return {
    packed: packed(doc),
    ...(ids.length === 0 ? {} : { blobs: { B: Buffer.from(ids.join(''), 'hex') } }),
  };
}

function storedOf<T extends Pick<BaseRef, 'chain' | 'key'>>(
  one: T,
  isLinked: IsLinked,
  shown: ShownOf,
  leave: (blobId: string) => void,
): Omit<T, 'chain' | 'key'> & Stored {
  const { chain, key } = one;
  const hasLink = (ref: BlobRef) => isLinked(ref) && BLOB_ID.test(ref.blobId);
  const isAllLinked = chain.every(hasLink);
  const isOwnLinked = chain.slice(-1).every(hasLink);
  const stored = chain.map((ref, i) => {
    const isOwn = i === chain.length - 1;
    const isShown = isOwn ? shown !== 'none' : shown === 'all' && isAllLinked;
    if (isShown || !hasLink(ref)) return ref;
    leave(ref.blobId);
    return LINKED;
  });
  const isKeyLeft = shown === 'none' && isOwnLinked && key !== undefined;
  const linked = isAllLinked && shown === 'all' ? 'all' : isOwnLinked && shown !== 'none' ? 'own' : undefined;
  // In the places of their members, which come back in the order in which they were given.
  return {
    ...one,
    chain: stored,
    ...(isKeyLeft ? { key: LINKED } : {}),
    ...(linked === undefined ? {} : { linked }),
  };
}

function idsIn({ blobs, packed: isPacked }: Item): string[] {
  if (blobs?.B === undefined || isPacked === undefined) return [];
  return Buffer.from(blobs.B).toString('hex').match(/.{32}/g) ?? [];
}

/** The record in an item, with its chain. Throws PortError `integrity` if a link is missing, or is none of this chain. */
export function chainedRecordOf(item: Item, links: Links): BackupRecord {
  const record = recordOf<BackupRecord>(item);
  complete(record, idsIn(item), links, item);
  return record;
}

const UNKNOWN_KEY: WrappedKey = { keyId: '', keyVersion: '', wrapped: '' };

/**
 * The record in an item that is being replaced by `next`: a link that both have says the same, and of the others only the blobs are
 * known, which is all that its other items are found by.
 */
export function replacedRecordOf(item: Item, next?: BackupRecord): BackupRecord {
  const same = new Map(next?.chain.map((ref) => [ref.blobId, ref]));
  const take = (blobId: string): Link => {
    const ref = same.get(blobId) ?? ({ blobId } as BlobRef);
    return { ref, key: next?.key ?? UNKNOWN_KEY };
  };
  return chainedRecordOf(item, { take, note: () => {} });
}

/** The head in an item, with its chains. Throws likewise. */
export function chainedHeadOf(item: Item, links: Links): ResourceHead {
  const head = recordOf<ResourceHead>(item);
  const ids = idsIn(item);
  for (const base of [head.latest, head.latestFull]) if (base !== undefined) complete(base, ids, links, item);
  return head;
}

/** What an item shows of a record without its links. */
export interface Shown {
  /** Without what stands at its own link. */
  record: Omit<BackupRecord, 'chain'>;
  /** Of its chain, in order. */
  blobIds: string[];
  /** Its own blob, if its link is not what tells of it. */
  own: BlobRef | undefined;
  isKeyLinked: boolean;
}

export function shownIn(item: Item): Shown {
  const ids = idsIn(item);
  const {
    chain,
    key,
    linked: _linked,
    ...record
  } = recordOf<Omit<BackupRecord, 'chain' | 'key'> & Stored>(item);
  const own = chain.at(-1);
  return {
    record: key === undefined || key === LINKED ? record : { ...record, key },
    blobIds: chain.map((ref) => (ref === LINKED ? (ids.shift() ?? '') : ref.blobId)),
    own: own === LINKED ? undefined : own,
    isKeyLinked: key === LINKED,
  };
}

/** Fills in what stands at links; `ids` are taken from its beginning. */
function complete(record: BackupRecord | BaseRef, ids: string[], links: Links, item: Item): void {
  const stored = record as unknown as Stored;
  const { linked } = stored;
  delete stored.linked;
  const noted = linked === undefined ? [] : linked === 'own' ? stored.chain.slice(-1) : stored.chain;
  for (const ref of noted) if (ref !== LINKED) links.note(ref);
  for (const [i, ref] of stored.chain.entries()) {
    if (ref !== LINKED) continue;
    const blobId = ids.shift() ?? '';
    const link = links.take(blobId) ?? linkOfLate(record, blobId);
    if (link === undefined) throw noLink(item);
    stored.chain[i] = link.ref;
    if (i === stored.chain.length - 1 && stored.key === LINKED) {
      if (link.key === undefined) throw noLink(item);
      stored.key = link.key;
    }
  }
}

/**
 * A tombstone whose time is over may outlive what it went through: it is still to be removed, and nothing that it says of that is
 * used for anything else. What is asked of such a blob ends with `broken_chain`, as there is none.
 */
function linkOfLate(record: BackupRecord | BaseRef, blobId: string): Link | undefined {
  if ((record as BackupRecord).deletedAt === undefined || !BLOB_ID.test(blobId)) return undefined;
  const { id: backupId, sequence, encrypted } = record as BackupRecord;
  const unknown = { sha256: '', checksum: '', bytes: 0, size: 0 };
  return { ref: { blobId, kind: 'delta', backupId, sequence, encrypted, ...unknown }, key: UNKNOWN_KEY };
}

function noLink(item: Item): PortError {
  return new PortError('integrity', `the chain of ${addressOf(keyOf(item))} is not what was written`);
}

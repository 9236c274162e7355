// Chains, kept once. What a blob of a chain is stands where it is accounted for, and is never changed: at the record of the backup that it
// is named after, or at a link of its own. Records name the blobs of their chain, and read by that what they are, all at once.

import { BLOB_ID, backupNamedBy } from '../../core/records/ids.ts';
import type { BackupRecord, BaseRef, BlobRef, ResourceHead, WrappedKey } from '../../core/records/model.ts';
import { PortError } from '../../ports/errors.ts';
import { backupKey, type Key, ownBlobKey } from './catalog-keys.ts';
import { type Item, keyOf, recordOf } from './item.ts';
import {
  inOrder,
  isTeller,
  KEY_OF_FIRST,
  KEY_OF_OWN,
  type Known,
  type Left,
  type Link,
  linkIn,
  type Stored,
  type Teller,
  type Told,
  tellersOf,
  toldIn,
} from './stored-chain.ts';
import { addressOf, type TableClient } from './table-client.ts';

/** What was read of blobs. */
export interface Links {
  /** For the caller to keep. */
  take(blobId: string): Link | undefined;
  /** Hears of a blob that something tells of, though that was not read. */
  note(ref: BlobRef, teller: Teller): void;
}

export interface ChainLinks extends Known {
  /** What these items need. Throws PortError. */
  load(items: Iterable<Item>): Promise<Links>;
  /** Of these blobs, as far as something tells of them. Throws PortError. */
  loadOf(told: Iterable<Told>): Promise<Links>;
}

export function createChainLinks(table: TableClient): ChainLinks {
  const known = new WeakMap<BlobRef, { teller: Teller; keyText?: string }>();

  async function linksAt(blobIds: readonly string[]): Promise<Map<string, Item>> {
    const found = await table.getUnchanging(blobIds.map(ownBlobKey), ['link']);
    return byBlob(blobIds, ownBlobKey, found);
  }

  /** A record may have got another blob since: then its former one has a link. */
  async function recordsAt(blobIds: readonly string[]): Promise<Map<string, Item>> {
    const keyOfRecord = (blobId: string) => backupKey(backupNamedBy(blobId));
    const keys = blobIds.map(keyOfRecord);
    const found = byBlob(blobIds, keyOfRecord, await table.getUnchanging(keys, ['packed', 'isLink']));
    const moved = blobIds.filter((blobId) => linkIn(found.get(blobId), blobId) === undefined);
    return new Map([
      ...found,
      ...byBlob(moved, ownBlobKey, await table.getMany(moved.map(ownBlobKey), ['link'])),
    ]);
  }

  async function loadOf(told: Iterable<Told>): Promise<Links> {
    const wanted = [...told];
    const of = (one: Teller) => [
      ...new Set(wanted.flatMap(({ blobId, teller }) => (teller === one ? [blobId] : []))),
    ];
    const [atLinks, atRecords] = await Promise.all([linksAt(of('link')), recordsAt(of('record'))]);
    return {
      note: (ref, teller) => void known.set(ref, { teller }),
      take(blobId) {
        const item = atLinks.get(blobId) ?? atRecords.get(blobId);
        const link = linkIn(item, blobId);
        if (link === undefined) return undefined;
        const { ref, key } = link;
        known.set(ref, {
          teller: item!.link === undefined ? 'record' : 'link',
          ...(key === undefined ? {} : { keyText: JSON.stringify(key) }),
        });
        return link;
      },
    };
  }

  return {
    load: (items) => loadOf([...items].flatMap(toldIn)),
    loadOf,
    tellerOf: (ref) => known.get(ref)?.teller,
    keyTextOf: (ref) => known.get(ref)?.keyText,
  };
}

function byBlob(
  blobIds: readonly string[],
  keyOfBlob: (blobId: string) => Key,
  found: ReadonlyMap<string, Item>,
): Map<string, Item> {
  return new Map(
    blobIds.flatMap((blobId) => {
      const item = found.get(addressOf(keyOfBlob(blobId)));
      return item === undefined ? [] : [[blobId, item] as const];
    }),
  );
}

/** The record in an item, with its chain. Throws PortError `integrity` if nothing tells of a blob, or of another than was written. */
export function chainedRecordOf(item: Item, links: Links): BackupRecord {
  const record = recordOf<BackupRecord>(item);
  complete(record, inOrder(item), links, item);
  return record;
}

const UNKNOWN_KEY: WrappedKey = { keyId: '', keyVersion: '', wrapped: '' };

/**
 * The record in an item that is being replaced by `next`: what both have of a chain says the same, and of the rest only the blobs are
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
  const next = inOrder(item);
  for (const base of [head.latest, head.latestFull])
    if (base !== undefined) complete(base, next, links, item);
  return head;
}

/** What an item shows of a record by itself. */
export interface Shown {
  /** Without what is told elsewhere. */
  record: Omit<BackupRecord, 'chain'>;
  /** Of its chain, in order. */
  blobIds: string[];
  /** Its own blob, if it says what that is. */
  own: BlobRef | undefined;
  /** What else tells of its own blob, if something must. */
  toldOfOwn: Told | undefined;
  /** What tells of its key, if something must. */
  toldOfKey: Told | undefined;
}

export function shownIn(item: Item): Shown {
  const {
    chain,
    key,
    linked: _linked,
    ...record
  } = recordOf<Omit<BackupRecord, 'chain' | 'key'> & Stored>(item);
  const next = inOrder(item);
  const told = chain.map((ref) => (isTeller(ref) ? next(ref) : undefined));
  const own = chain.at(-1);
  return {
    record: key === undefined || isTeller(key) ? record : { ...record, key },
    blobIds: chain.map((ref, i) => told[i]?.blobId ?? (ref as BlobRef).blobId),
    own: own === undefined || isTeller(own) ? undefined : own,
    toldOfOwn: told.at(-1),
    toldOfKey: key === KEY_OF_FIRST ? told[0] : key === KEY_OF_OWN ? told.at(-1) : undefined,
  };
}

/** Fills in what is told elsewhere; `next` gives what that is, one after the other. */
function complete(
  record: BackupRecord | BaseRef,
  next: (left: Left) => Told,
  links: Links,
  item: Item,
): void {
  const stored = record as unknown as Stored;
  const { chain } = stored;
  for (const [i, teller] of tellersOf(stored).reverse().entries()) {
    const ref = chain.at(-1 - i);
    if (ref !== undefined && !isTeller(ref)) links.note(ref, teller);
  }
  delete stored.linked;
  const keys: (WrappedKey | undefined)[] = [];
  for (const [i, ref] of chain.entries()) {
    if (!isTeller(ref)) continue;
    const { blobId } = next(ref);
    const link = links.take(blobId) ?? linkOfLate(record, blobId);
    if (link === undefined) throw noLink(item);
    chain[i] = link.ref;
    keys[i] = link.key;
  }
  const { key } = stored;
  if (!isTeller(key)) return;
  // What was named after its backup may have left its key to the first of the chain.
  const found = (key === KEY_OF_OWN ? keys[chain.length - 1] : undefined) ?? keys[0];
  if (found === undefined) throw noLink(item);
  stored.key = found;
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

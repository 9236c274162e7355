// How a chain is stored: the blobs that something else tells of are left out, and named; and what is shown all the same, so that whoever
// reads a record reads less.

import { BLOB_ID, isNamedAfter } from '../../core/records/ids.ts';
import type { BackupRecord, BaseRef, BlobRef, ResourceHead, WrappedKey } from '../../core/records/model.ts';
import { packedNames, unpackedNames } from './blob-names.ts';
import { type Item, recordOf } from './item.ts';
import { sizeOfItem, UNIT_BYTES } from './item-size.ts';
import { packed, unpacked } from './packed.ts';

/** What a link says: of its blob, and of the key that it is sealed under. */
export interface Link {
  ref: BlobRef;
  key?: WrappedKey;
}

/** What tells of a blob. */
export type Teller = 'link' | 'record';
const TELLERS: readonly Teller[] = ['link', 'record'];
export const isTeller = (value: unknown): value is 0 | 1 => value === 0 || value === 1;

/** A blob that something else tells of. */
export interface Told {
  blobId: string;
  teller: Teller;
}

/** In the place of a blob: the number of what tells of it, in `TELLERS`. */
export type Left = 0 | 1;
/** In the place of a key: that it is the one that its own blob is sealed under, or the first of its chain. */
export const KEY_OF_OWN = 0;
export const KEY_OF_FIRST = 1;

/** As a record or a head has it. One of before has all of its chain. */
export interface Stored {
  chain: (BlobRef | Left)[];
  key?: WrappedKey | typeof KEY_OF_OWN | typeof KEY_OF_FIRST;
  /** What tells of the last blobs of what is shown here, a digit each. In records of before: by links, its own, or all. */
  linked?: string;
}

/** What is known of blobs as records and heads are written. Nobody removes what tells of one from under a chain that is read. */
export interface Known {
  /** What tells of a blob, if something does: then others need not say it again. */
  tellerOf(ref: BlobRef): Teller | undefined;
  /** The key that a blob is sealed under, as text, if that was read. */
  keyTextOf(ref: BlobRef): string | undefined;
}

/** What is kept of a record's own blob, at a link. */
export function linkAttributes({ chain, key }: Pick<BackupRecord, 'chain' | 'key'>): Item {
  const ref = chain.at(-1)!;
  return { link: packed({ ref, ...(key === undefined ? {} : { key }) } satisfies Link) };
}

/** What a record that is given another blob leaves as a link of the one that told of itself so far: chains may go through it still. */
export function leftLinkAttributes(item: Item): Item {
  const { chain, key } = recordOf<Stored>(item);
  const ref = chain.at(-1) as BlobRef;
  return linkAttributes({ chain: [ref], ...(key === undefined || isTeller(key) ? {} : { key }) });
}

/** How much of a chain is shown though something else tells of it: all, its own blob and the key, its own blob, nothing. */
type ShownOf = 'all' | 'own' | 'ref' | 'none';

/**
 * A record as attributes, beside `others`, which its item has too. What is told elsewhere it says again as long as that fits into one write
 * unit: then whoever reads it reads less. What is told by itself alone it says in any case.
 */
export function chainedAttributes(record: BackupRecord, known: Known, others: Item): Item {
  const isLink = isNamedAfter(ownBlobOf(record), record.id);
  const least = isLink ? (['ref'] as const) : (['none'] as const);
  const mark: Item = isLink ? { isLink: { BOOL: true } } : {};
  return {
    ...mark,
    ...fitting((shown) => attributesOf(record, [record], known, shown), ['all', 'own', ...least], {
      ...others,
      ...mark,
    }),
  };
}

/** Likewise, of a head. */
export function headAttributes(head: ResourceHead, known: Known, others: Item): Item {
  const bases = [head.latest, head.latestFull].filter((base) => base !== undefined);
  return fitting((shown) => attributesOf(head, bases, known, shown), ['all', 'own', 'none'], others);
}

const ownBlobOf = ({ chain }: Pick<BackupRecord, 'chain'>): string => chain.at(-1)?.blobId ?? '';

function fitting(
  attributesShowing: (shown: ShownOf) => Item,
  ways: readonly [...ShownOf[], ShownOf],
  others: Item,
): Item {
  const room = UNIT_BYTES - sizeOfItem(others);
  for (const shown of ways.slice(0, -1)) {
    const attributes = attributesShowing(shown);
    if (sizeOfItem(attributes) <= room) return attributes;
  }
  return attributesShowing(ways.at(-1)!);
}

function attributesOf(
  record: BackupRecord | ResourceHead,
  chained: readonly Pick<BaseRef, 'chain' | 'key'>[],
  known: Known,
  shown: ShownOf,
): Item {
  const left: Record<Teller, string[]> = { link: [], record: [] };
  const stored = new Map<unknown, unknown>(
    chained.map((one) => [
      one,
      storedOf(one, known, shown, ({ blobId, teller }) => left[teller].push(blobId)),
    ]),
  );
  const { latest, latestFull } = record as ResourceHead;
  const doc = stored.get(record) ?? {
    ...record,
    ...(latest && { latest: stored.get(latest) }),
    ...(latestFull && { latestFull: stored.get(latestFull) }),
  };
  return {
    packed: packed(doc),
    ...(left.link.length === 0 ? {} : { blobs: { B: Buffer.from(left.link.join(''), 'hex') } }),
    ...(left.record.length === 0 ? {} : { names: { B: packedNames(left.record) } }),
  };
}

function storedOf<T extends Pick<BaseRef, 'chain' | 'key'>>(
  one: T,
  { tellerOf, keyTextOf }: Known,
  shown: ShownOf,
  leave: (told: Told) => void,
): Omit<T, 'chain' | 'key'> & Stored {
  const { chain, key } = one;
  const tellers = chain.map((ref) => (BLOB_ID.test(ref.blobId) ? tellerOf(ref) : undefined));
  const isAllTold = tellers.every((teller) => teller !== undefined);
  const shownOfEnd = shown === 'none' ? 0 : shown === 'all' && isAllTold ? chain.length : 1;
  const stored = chain.map((ref, i): BlobRef | Left => {
    const teller = tellers[i];
    if (teller === undefined || i >= chain.length - shownOfEnd) return ref;
    leave({ blobId: ref.blobId, teller });
    return TELLERS.indexOf(teller) as Left;
  });
  const [first] = chain;
  const isKeyOfFirst =
    chain.length > 1 && isTeller(stored[0]) && key !== undefined && keyTextOf(first!) === JSON.stringify(key);
  const isKeyOfOwn = shown === 'none' && key !== undefined && isTeller(stored.at(-1)) && isTeller(stored[0]);
  const toldOfEnd = tellers.slice(chain.length - shownOfEnd);
  const linked = toldOfEnd.every((teller) => teller !== undefined)
    ? toldOfEnd.map((teller) => TELLERS.indexOf(teller)).join('')
    : '';
  // In the places of their members, which come back in the order in which they were given.
  return {
    ...one,
    chain: stored,
    ...(isKeyOfOwn ? { key: KEY_OF_OWN } : shown === 'ref' && isKeyOfFirst ? { key: KEY_OF_FIRST } : {}),
    ...(linked === '' ? {} : { linked }),
  };
}

/** What tells of the last blobs that are shown, the last one last. */
export function tellersOf({ chain, linked = '' }: Stored): Teller[] {
  if (linked === 'own') return ['link'];
  if (linked === 'all') return chain.map(() => 'link');
  return [...linked].map((digit) => TELLERS[Number(digit)]!);
}

export function toldIn(item: Item): Told[] {
  const { links, records } = idsIn(item);
  return [
    ...links.map((blobId) => ({ blobId, teller: 'link' as const })),
    ...records.map((blobId) => ({ blobId, teller: 'record' as const })),
  ];
}

function idsIn({ blobs, names, packed: isPacked }: Item): { links: string[]; records: string[] } {
  // A place has blobs too, and no chain.
  if (isPacked === undefined) return { links: [], records: [] };
  const links = blobs?.B === undefined ? [] : Buffer.from(blobs.B).toString('hex').match(/.{32}/g);
  return { links: links ?? [], records: names?.B === undefined ? [] : unpackedNames(names.B) };
}

/** Gives the blobs of an item's chains one after the other, each by what tells of it. */
export function inOrder(item: Item): (left: Left) => Told {
  const { links, records } = idsIn(item);
  return (left) => {
    const teller = TELLERS[left]!;
    return { blobId: (teller === 'link' ? links : records).shift() ?? '', teller };
  };
}

/** What an item says of a blob: a link of it, or the record that it is the own of. */
export function linkIn(item: Item | undefined, blobId: string): Link | undefined {
  if (item?.link?.B !== undefined) {
    const link = unpacked(item.link.B) as Link;
    return link.ref.blobId === blobId ? link : undefined;
  }
  if (item?.isLink === undefined) return undefined;
  const { chain, key } = recordOf<Stored>(item);
  const ref = chain.at(-1);
  if (ref === undefined || isTeller(ref) || ref.blobId !== blobId) return undefined;
  return { ref, ...(key === undefined || isTeller(key) ? {} : { key }) };
}

// Lists in pages. A list is one or more partitions, each sorted; their items are merged by sort key, which no two items
// of a list share. So the sort key of the last item is all that a cursor has to remember, whatever the number of
// partitions, and what comes or goes between two pages neither repeats nor skips anything else.

import type { PartQuery } from '../../ports/catalog.ts';
import { checkLimit } from '../../ports/checks.ts';
import type { Page, PageRequest } from '../../ports/pages.ts';
import type { IndexName } from '../names/table.ts';
import { FIRST, type Key, LAST, PARTS, partPartitions, SHARDS } from './catalog-keys.ts';
import type { ChainLinks, Links } from './chain-links.ts';
import type { Cursors, ListName } from './cursors.ts';
import { type Item, keyOf, recordOf, textOf } from './item.ts';
import { addressOf, type RangeQuery, type TableClient } from './table-client.ts';

export interface ListPlan<T> {
  name: ListName;
  /** Where the entries stand: an index, or the table itself. */
  index?: IndexName;
  partitions: readonly string[];
  /** Over so many of them what is of one word is spread. */
  spread?: number;
  /** Where entries of before stand: in another index, or under another name. */
  before?: { index: IndexName; partitions: readonly string[] };
  /** Gives the entries itself, behind a place, in place of what the partitions have. */
  walk?(after: string | undefined, pageItems: number): AsyncGenerator<Entry>;
  /** First and last sort key, both included. */
  from: string;
  to: string;
  direction: 'rising' | 'falling';
  /** Leaves out entries. */
  accepts?(entry: Item, place: string): boolean;
  /** How many entries a page looks at at most, where most may be left out: it is then short, and has a cursor. */
  looksMax?: number;
  /** Whether an entry of the table has all that is read. */
  isWhole?(entry: Item): boolean;
  /** Where the record of an entry stands; the entry's own place without it. */
  recordKey?(entry: Item): Key;
  /** Whether records have chains, which stand beside them. */
  hasChains?: boolean;
  /** The record in an item; undefined if it no longer belongs in the list. */
  read(item: Item, links: Links): T | undefined;
}

/** All that an index has under a name, in the order of its sort key. */
export function inIndex<T>(
  name: readonly string[],
  index: IndexName,
  partitions: readonly string[],
  direction: 'rising' | 'falling',
): ListPlan<T> {
  return { name, index, partitions, from: FIRST, to: LAST, direction, read: recordOf<T> };
}

/** Of what is spread by resource all, or a part: no cursor of one is taken for that of another. */
export function inParts<T>(name: string, word: string, { part }: PartQuery): ListPlan<T> {
  const plan = inIndex<T>(
    part === undefined ? [name] : [name, String(part)],
    'gsi3',
    partPartitions(word, part),
    'rising',
  );
  return { ...plan, spread: PARTS };
}

export interface Listings {
  /** Throws RangeError for a limit out of bounds, PortError `not_found` for a cursor of another list. */
  page<T>(plan: ListPlan<T>, request: PageRequest): Promise<Page<T>>;
  /** The first items of a list, without cursors. */
  first<T>(plan: ListPlan<T>, limit: number): Promise<T[]>;
}

/** What one call reads at least where entries are left out: not one call for each that stays. */
const FILTERED_PAGE_ITEMS_MIN = 200;
/** The shards of a list are nearly of one size; so much more is read of each at first. */
const SHARD_SLACK = 1.5;

export function createListings(table: TableClient, cursors: Cursors, chains: ChainLinks): Listings {
  /** The entries behind `after`, up to `count` of them, in order; and where it was given up to look for more. */
  async function entriesOf<T>(
    plan: ListPlan<T>,
    after: string | undefined,
    count: number,
  ): Promise<{ entries: Entry[]; givenUpAt?: string }> {
    const { direction, partitions, index, before, looksMax = Number.POSITIVE_INFINITY } = plan;
    const bounds = after === undefined ? {} : direction === 'rising' ? { from: after } : { to: after };
    const range = { from: plan.from, to: plan.to, ...bounds, direction, pageItems: pageItemsOf(plan, count) };
    const sources = [
      ...partitions.map((pk) => entriesIn(table, index, { pk, ...range })),
      ...(before?.partitions ?? []).map((pk) => entriesIn(table, before?.index, { pk, ...range })),
    ];
    const entries: Entry[] = [];
    let looks = 0;
    const walked = plan.walk?.(after, pageItemsOf(plan, count)) ?? merged(sources, direction);
    for await (const entry of walked) {
      const { place, item } = entry;
      // Ranges include their ends, and pages do not overlap.
      if (place === after) continue;
      if (plan.accepts?.(item, place) !== false) entries.push(entry);
      if (entries.length === count) break;
      if (++looks >= looksMax) return { entries, givenUpAt: place };
    }
    return { entries };
  }

  /** What the entries stand for, read strongly consistent: an index may tell of what has changed since. */
  async function recordsOf<T>(plan: ListPlan<T>, entries: Entry[]): Promise<T[]> {
    const { recordKey = keyOf, isWhole = () => false, hasChains } = plan;
    const stored = await table.getMany(
      entries.filter(({ item }) => !isWhole(item)).map(({ item }) => recordKey(item)),
    );
    const items = entries.flatMap(({ item: entry, index }) => {
      const item = isWhole(entry) ? entry : stored.get(addressOf(recordKey(entry)));
      return item === undefined || (index !== undefined && !standsAt(item, entry, index)) ? [] : [item];
    });
    const links = await chains.load(hasChains ? items : []);
    return items.flatMap((item) => {
      const record = plan.read(item, links);
      return record === undefined ? [] : [record];
    });
  }

  return {
    async page(plan, request) {
      const { limit, cursor } = request;
      checkLimit(limit);
      const after = cursor === undefined ? undefined : await cursors.open(plan.name, cursor);
      // One more than asked for tells whether this page is the last.
      const { entries, givenUpAt } = await entriesOf(plan, after, limit + 1);
      const shown = entries.slice(0, limit);
      const items = await recordsOf(plan, shown);
      if (entries.length === shown.length) {
        return givenUpAt === undefined
          ? { items }
          : { items, cursor: await cursors.seal(plan.name, givenUpAt) };
      }
      return { items, cursor: await cursors.seal(plan.name, shown.at(-1)!.place) };
    },

    async first(plan, limit) {
      checkLimit(limit);
      return recordsOf(plan, (await entriesOf(plan, undefined, limit)).entries);
    },
  };
}

/** As it stands in a list. */
export interface Entry {
  /** Its sort key there. */
  place: string;
  item: Item;
  index: IndexName | undefined;
}

async function* entriesIn(
  table: TableClient,
  index: IndexName | undefined,
  range: Omit<RangeQuery, 'index'>,
): AsyncGenerator<Entry> {
  const sortAttribute = index === undefined ? 'sk' : `${index}sk`;
  for await (const item of table.query({ ...range, ...(index === undefined ? {} : { index }) })) {
    yield { place: textOf(item, sortAttribute), item, index };
  }
}

function pageItemsOf({ partitions, accepts, spread = SHARDS }: ListPlan<unknown>, count: number): number {
  if (accepts !== undefined) return Math.max(count + 1, FILTERED_PAGE_ITEMS_MIN);
  // All may be of one word.
  const shards = Math.min(partitions.length, spread);
  const share = shards === 1 ? count : (count / shards) * SHARD_SLACK;
  // One more: the range begins with the last entry of the page before.
  return Math.ceil(share) + 1;
}

function standsAt(item: Item, entry: Item, index: IndexName): boolean {
  return [`${index}pk`, `${index}sk`].every((name) => textOf(item, name) === textOf(entry, name));
}

/** Merges sorted sources into one. Each is a page ahead, all first pages are read at once. */
async function* merged(
  sources: AsyncGenerator<Entry>[],
  direction: 'rising' | 'falling',
): AsyncGenerator<Entry> {
  const heads = await Promise.all(sources.map((source) => source.next()));
  const sign = direction === 'rising' ? 1 : -1;
  for (;;) {
    let best = -1;
    for (const [i, head] of heads.entries()) {
      if (head.done) continue;
      const before = heads[best];
      if (before === undefined || sign * compare(head.value, before.value) < 0) best = i;
    }
    if (best < 0) return;
    yield heads[best]!.value;
    heads[best] = await sources[best]!.next();
  }
}

/** DynamoDB sorts texts by their UTF-8 bytes, which is not how JavaScript does. */
function compare(a: Entry, b: Entry): number {
  return Buffer.compare(Buffer.from(a.place), Buffer.from(b.place));
}

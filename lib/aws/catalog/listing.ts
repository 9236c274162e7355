// Lists in pages. A list is one or more partitions, each sorted; their items are merged by sort key, which no two items
// of a list share. So the sort key of the last item is all that a cursor has to remember, whatever the number of
// partitions, and what comes or goes between two pages neither repeats nor skips anything else.

import { checkLimit } from '../../ports/checks.ts';
import type { Page, PageRequest } from '../../ports/pages.ts';
import type { IndexName } from '../names/table.ts';
import { type Item, keyOf, recordOf, textOf } from './catalog-items.ts';
import { FIRST, type Key, LAST } from './catalog-keys.ts';
import type { Cursors, ListName } from './cursors.ts';
import { addressOf, type TableClient } from './table-client.ts';

export interface ListPlan<T> {
  name: ListName;
  /** Where the entries stand: an index, or the table itself. */
  index?: IndexName;
  partitions: readonly string[];
  /** First and last sort key, both included. */
  from: string;
  to: string;
  direction: 'rising' | 'falling';
  /** Leaves out entries of the table. */
  accepts?(entry: Item): boolean;
  /** How many entries a page looks at at most, where most may be left out: it is then short, and has a cursor. */
  looksMax?: number;
  /** Whether an entry of the table has all that is read. */
  isWhole?(entry: Item): boolean;
  /** Where the record of an entry stands; the entry's own place without it. */
  recordKey?(entry: Item): Key;
  /** The record in an item; undefined if it no longer belongs in the list. */
  read(item: Item): T | undefined;
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

export function createListings(table: TableClient, cursors: Cursors): Listings {
  /** The entries behind `after`, up to `count` of them, in order; and where it was given up to look for more. */
  async function entriesOf<T>(
    plan: ListPlan<T>,
    after: string | undefined,
    count: number,
  ): Promise<{ entries: Item[]; givenUpAt?: string }> {
    const { direction, partitions, index, looksMax = Number.POSITIVE_INFINITY } = plan;
    const bounds = after === undefined ? {} : direction === 'rising' ? { from: after } : { to: after };
    const range = { from: plan.from, to: plan.to, ...bounds };
    const sortAttribute = index === undefined ? 'sk' : `${index}sk`;
    const sources = partitions.map((pk) =>
      table.query({
        ...(index === undefined ? {} : { index }),
        pk,
        ...range,
        direction,
        pageItems: pageItemsOf(plan, count),
      }),
    );
    const entries: Item[] = [];
    let looks = 0;
    for await (const entry of merged(sources, sortAttribute, direction)) {
      const place = textOf(entry, sortAttribute);
      // Ranges include their ends, and pages do not overlap.
      if (place === after) continue;
      if (plan.accepts?.(entry) !== false) entries.push(entry);
      if (entries.length === count) break;
      if (++looks >= looksMax) return { entries, givenUpAt: place };
    }
    return { entries };
  }

  /** What the entries stand for, read strongly consistent: an index may tell of what has changed since. */
  async function recordsOf<T>(plan: ListPlan<T>, entries: Item[]): Promise<T[]> {
    const { index, recordKey = keyOf, isWhole = () => false } = plan;
    const items = await table.getMany(entries.filter((entry) => !isWhole(entry)).map(recordKey));
    return entries.flatMap((entry) => {
      const item = isWhole(entry) ? entry : items.get(addressOf(recordKey(entry)));
      if (item === undefined || (index !== undefined && !standsAt(item, entry, index))) return [];
      const record = plan.read(item);
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
      const last = textOf(shown.at(-1)!, plan.index === undefined ? 'sk' : `${plan.index}sk`);
      return { items, cursor: await cursors.seal(plan.name, last) };
    },

    async first(plan, limit) {
      checkLimit(limit);
      return recordsOf(plan, (await entriesOf(plan, undefined, limit)).entries);
    },
  };
}

function pageItemsOf({ partitions, accepts }: ListPlan<unknown>, count: number): number {
  if (accepts !== undefined) return Math.max(count + 1, FILTERED_PAGE_ITEMS_MIN);
  const share = partitions.length === 1 ? count : (count / partitions.length) * SHARD_SLACK;
  // One more: the range begins with the last entry of the page before.
  return Math.ceil(share) + 1;
}

function standsAt(item: Item, entry: Item, index: IndexName): boolean {
  return [`${index}pk`, `${index}sk`].every((name) => textOf(item, name) === textOf(entry, name));
}

/** Merges sorted sources into one. Each is a page ahead, all first pages are read at once. */
async function* merged(
  sources: AsyncGenerator<Item>[],
  sortAttribute: string,
  direction: 'rising' | 'falling',
): AsyncGenerator<Item> {
  const heads = await Promise.all(sources.map((source) => source.next()));
  const sign = direction === 'rising' ? 1 : -1;
  for (;;) {
    let best = -1;
    for (const [i, head] of heads.entries()) {
      if (head.done) continue;
      const before = heads[best];
      if (before === undefined || sign * compare(head.value, before.value, sortAttribute) < 0) best = i;
    }
    if (best < 0) return;
    yield heads[best]!.value;
    heads[best] = await sources[best]!.next();
  }
}

/** DynamoDB sorts texts by their UTF-8 bytes, which is not how JavaScript does. */
function compare(a: Item, b: Item, attribute: string): number {
  return Buffer.compare(Buffer.from(textOf(a, attribute)), Buffer.from(textOf(b, attribute)));
}

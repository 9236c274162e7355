// Forgets what is past its time. Nothing is removed for what an index says of it: the item itself has to agree.

import { forEachAtOnce } from '../../core/at-once.ts';
import type { PurgeRequest } from '../../ports/catalog.ts';
import type { IndexName } from '../names/table.ts';
import { INDEXED } from './catalog-items.ts';
import { FIRST, LAST, padded, partitionsOf, upTo } from './catalog-keys.ts';
import { keyOf, textOf, whole } from './item.ts';
import type { Condition, TableClient } from './table-client.ts';

const REMOVED_AT_ONCE = 16;
const PAGE_ITEMS = 200;

interface Purge {
  index: IndexName;
  /** Its sharded partitions. */
  word: string;
  /** The last sort key that goes. */
  to: string;
  condition: Condition;
  isOver: () => boolean;
}

/** `Catalog.purge` on a table. */
export async function purge(
  table: TableClient,
  { now, operationsBefore, eventsBefore, isOver = () => false }: PurgeRequest,
): Promise<void> {
  // An answer that has expired may have been replaced by a new one under its key since the index was read.
  for (const word of [INDEXED.answers, INDEXED.expiringDocuments]) {
    await purgeIndexed(table, {
      index: 'gsi3',
      word,
      to: upTo(now),
      condition: { expression: 'expiresAt <= :now', values: { ':now': whole(now) } },
      isOver,
    });
  }
  const to = padded(operationsBefore);
  // Operations that are not finished stand in the third index; those of before all do, each under its own word.
  await purgeIndexed(table, {
    index: 'gsi1',
    word: INDEXED.operations,
    to,
    condition: {
      expression: 'attribute_not_exists(gsi3pk) OR NOT begins_with(gsi3pk, :unfinished)',
      values: { ':unfinished': { S: `${INDEXED.unfinishedOperations}#` } },
    },
    isOver,
  });
  await purgeIndexed(table, {
    index: 'gsi3',
    word: INDEXED.finishedRequests,
    to,
    condition: {
      expression: 'begins_with(gsi3pk, :word)',
      values: { ':word': { S: `${INDEXED.finishedRequests}#` } },
    },
    isOver,
  });
  if (eventsBefore !== undefined) await purgeEvents(table, eventsBefore, isOver);
}

/** One that waits for the trail or the sink stands in the third index; the last of all tells when the clock was last believed. */
async function purgeEvents(table: TableClient, before: number, isOver: () => boolean): Promise<void> {
  const partitions = partitionsOf(INDEXED.events);
  const ends = await Promise.all(partitions.map((pk) => lastKeyOf(table, pk)));
  const last = ends
    .filter((key) => key !== undefined)
    .sort()
    .at(-1);
  for (const pk of partitions) {
    const past = table.query({
      index: 'gsi1',
      pk,
      from: FIRST,
      to: padded(before),
      direction: 'rising',
      pageItems: PAGE_ITEMS,
    });
    await forEachAtOnce(until(past, isOver), REMOVED_AT_ONCE, async (entry) => {
      if (textOf(entry, 'gsi1sk') === last) return;
      await table.delete(keyOf(entry), { expression: 'attribute_not_exists(gsi3pk)' });
    });
  }
}

/** Where the newest event of a partition is sorted. */
async function lastKeyOf(table: TableClient, pk: string): Promise<string | undefined> {
  const range = { index: 'gsi1', pk, from: FIRST, to: LAST, direction: 'falling', pageItems: 1 } as const;
  for await (const entry of table.query(range)) return textOf(entry, 'gsi1sk');
  return undefined;
}

async function purgeIndexed(
  table: TableClient,
  { index, word, to, condition, isOver }: Purge,
): Promise<void> {
  for (const pk of partitionsOf(word)) {
    const past = table.query({
      index,
      pk,
      from: FIRST,
      to,
      direction: 'rising',
      pageItems: PAGE_ITEMS,
    });
    await forEachAtOnce(until(past, isOver), REMOVED_AT_ONCE, async (entry) => {
      await table.delete(keyOf(entry), condition);
    });
  }
}

async function* until<T>(source: AsyncIterable<T>, isOver: () => boolean): AsyncGenerator<T> {
  for await (const item of source) {
    if (isOver()) return;
    yield item;
  }
}

// Forgets what is past its time. Nothing is removed for what an index says of it: the item itself has to agree.

import { forEachAtOnce } from '../calls/parallel.ts';
import { INDEXED, keyOf, whole } from './catalog-items.ts';
import { FIRST, padded, partitionsOf, upTo } from './catalog-keys.ts';
import type { Condition, TableClient } from './table-client.ts';

const REMOVED_AT_ONCE = 16;
const PAGE_ITEMS = 200;

interface Purge {
  /** The sharded partitions of the third index. */
  word: string;
  /** The last sort key that goes. */
  to: string;
  condition: Condition;
}

/** `Catalog.purge` on a table. */
export async function purge(
  table: TableClient,
  { now, operationsBefore }: { now: number; operationsBefore: number },
): Promise<void> {
  // An answer that has expired may have been replaced by a new one under its key since the index was read.
  await purgeIndexed(table, {
    word: INDEXED.answers,
    to: upTo(now),
    condition: { expression: 'expiresAt <= :now', values: { ':now': whole(now) } },
  });
  for (const word of [INDEXED.finishedOperations, INDEXED.finishedRequests]) {
    await purgeIndexed(table, {
      word,
      to: padded(operationsBefore),
      condition: { expression: 'begins_with(gsi3pk, :word)', values: { ':word': { S: `${word}#` } } },
    });
  }
}

async function purgeIndexed(table: TableClient, { word, to, condition }: Purge): Promise<void> {
  for (const pk of partitionsOf(word)) {
    const past = table.query({
      index: 'gsi3',
      pk,
      from: FIRST,
      to,
      direction: 'rising',
      pageItems: PAGE_ITEMS,
    });
    await forEachAtOnce(past, REMOVED_AT_ONCE, async (entry) => {
      await table.delete(keyOf(entry), condition);
    });
  }
}

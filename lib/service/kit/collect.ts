// Reads a paged list to its end.

import { setImmediate as nextTurn } from 'node:timers/promises';
import { LIMITS } from '../../core/records/limits.ts';
import type { Page, PageRequest } from '../../ports/pages.ts';

/** Every page's items, in order, one page at a time. */
export async function* pages<T>(read: (page: PageRequest) => Promise<Page<T>>): AsyncGenerator<T> {
  let cursor: string | undefined;
  do {
    const page = await read({ limit: LIMITS.listPageMax, ...(cursor === undefined ? {} : { cursor }) });
    yield* page.items;
    cursor = page.cursor;
    // A catalog may answer at once, every time: others are to have their turn all the same.
    if (cursor !== undefined) await nextTurn();
  } while (cursor !== undefined);
}

/** All items at once; only for lists that one resource bounds. */
export function collect<T>(read: (page: PageRequest) => Promise<Page<T>>): Promise<T[]> {
  return Array.fromAsync(pages(read));
}

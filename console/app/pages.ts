// Lists that are shown page after page: as many pages as were asked for, and whether there are more.

export interface Pages<Page> {
  pages: Page[];
  /** There is more behind them. */
  hasMore: boolean;
}

/** Asks for pages, one after the other; `cursor` is to be spread into the query. */
export async function pagesOf<Page extends { nextCursor?: string }>(
  count: number,
  ask: (cursor: { cursor?: string }) => Promise<Page>,
): Promise<Pages<Page>> {
  const pages: Page[] = [];
  let next: string | undefined;
  do {
    const page = await ask(next === undefined ? {} : { cursor: next });
    pages.push(page);
    next = page.nextCursor;
  } while (next !== undefined && pages.length < count);
  return { pages, hasMore: next !== undefined };
}

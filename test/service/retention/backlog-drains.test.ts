// A backlog drains, whatever is kept before it: `npm run bench -- backlog` does the same with a million.

import { afterAll, expect, test } from '@jest/globals';
import { createCatalog } from '../../../lib/embedded/catalog/catalog.ts';
import { openDatabase } from '../../../lib/embedded/catalog/database.ts';
import { createMemoryCatalog } from '../../../lib/memory/catalog.ts';
import type { Catalog } from '../../../lib/ports/catalog.ts';
import { sweep } from '../../../lib/service/retention/sweep.ts';
import { createDataDirs } from '../../contract/data-dirs.ts';
import { DAY } from '../world.ts';
import { createBacklog } from './backlog-world.ts';

const dataDirs = createDataDirs();
afterAll(dataDirs.removeAll);

/** Sweeps with so little time each that it takes several, until one comes to its end; what they did together. */
async function drain(
  deps: Parameters<typeof sweep>[0],
  budgetMs: number,
  atOnce: number,
): Promise<{ sweeps: number; expired: number; blobsRemoved: number }> {
  const all = { sweeps: 0, expired: 0, blobsRemoved: 0 };
  for (let finished = false; !finished; all.sweeps++) {
    expect(all.sweeps).toBeLessThan(1000);
    const done = await sweep(deps, deps.clock.now() + budgetMs, atOnce);
    all.expired += done.expired;
    all.blobsRemoved += done.blobsRemoved;
    ({ finished } = done);
  }
  return all;
}

test.each<[string, () => { catalog: Catalog; close(): void }, number, number]>([
  [
    'on one machine',
    () => {
      const database = openDatabase(dataDirs.make());
      return { catalog: createCatalog(database), close: () => database.close() };
    },
    5000,
    800,
  ],
  ['in memory', () => ({ catalog: createMemoryCatalog(), close() {} }), 500, 300],
])(
  '%s: thousands that are due go, behind as many that are kept, in as many sweeps as it takes',
  async (_, open, total, budgetMs) => {
    const { catalog, close } = open();
    try {
      const due = 10;
      const size = { resources: total / due, due, kept: total };
      const { deps, removed, pass } = await createBacklog(catalog, size, true);
      const hidden = await drain(deps, budgetMs, 500);
      expect(hidden).toMatchObject({ expired: total, blobsRemoved: 0 });
      expect(hidden.sweeps).toBeGreaterThan(1);
      pass(2 * DAY);
      expect(await drain(deps, budgetMs, 500)).toMatchObject({ expired: 0, blobsRemoved: total });
      expect(removed.size).toBe(total);
      // What is kept is there, and so is the newest of each.
      expect(await catalog.hasLive(total + total / due)).toBe(true);
      expect(await catalog.hasLive(total + total / due + 1)).toBe(false);
      expect((await catalog.dueGarbage({ before: deps.clock.now() + DAY, limit: 1 })).items).toEqual([]);
    } finally {
      close();
    }
  },
  180_000,
);

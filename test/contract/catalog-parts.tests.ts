import { describe, expect } from '@jest/globals';
import type { Catalog, PartQuery } from '../../lib/ports/catalog.ts';
import type { Page, PageRequest } from '../../lib/ports/pages.ts';
import { testWhere } from './harness.ts';
import { backup, drain, garbage, head, inserted, T0 } from './samples.ts';

export function partTests(suite: string, catalog: () => Catalog): void {
  describe('parts', () => {
    const where = testWhere({
      suite,
      harness: catalog,
      what: 'parts',
      has: ({ capabilities }) => (capabilities?.parts ?? 1) > 1,
    });
    const resources = Array.from({ length: 24 }, (_, n) => `resource-${n}`);

    where('all of a list is in its parts, once, and all of a resource in one of them', async () => {
      const { parts } = catalog().capabilities!;
      for (const [n, resourceId] of resources.entries()) {
        const records = [1, 2, 3].map((sequence) =>
          backup({ resourceId, sequence, expiresAt: T0 + n + sequence }),
        );
        const entries = [1, 2].map((sequence) => garbage({ resourceId, sequence, dueAt: T0 + n }));
        await catalog().commit([
          ...records.map(inserted),
          ...entries.map((entry) => ({ kind: 'garbage.put', entry }) as const),
          { kind: 'head.put', head: { ...head({ resourceId }), isUndecided: true, version: 1 }, expect: 0 },
        ]);
      }
      const before = T0 + 1000;
      const lists: [string, (request: PageRequest & PartQuery) => Promise<Page<string>>][] = [
        [
          'expiring',
          async (request) => {
            const page = await catalog().expiring({ ...request, before });
            return { ...page, items: page.items.map(({ record }) => record.resourceId) };
          },
        ],
        [
          'undecidedHeads',
          async (request) => {
            const page = await catalog().undecidedHeads(request);
            return { ...page, items: page.items.map(({ resourceId }) => resourceId) };
          },
        ],
        [
          'dueGarbage',
          async (request) => {
            const page = await catalog().dueGarbage({ ...request, before });
            return { ...page, items: page.items.map(({ resourceId }) => resourceId) };
          },
        ],
      ];
      for (const [, read] of lists) {
        const all = await drain(read, 50);
        expect(new Set(all).size).toBe(resources.length);
        const inParts: string[][] = [];
        // Page by page, each shorter than what a resource has.
        for (let part = 0; part < parts!; part++) {
          inParts.push(await drain((page) => read({ ...page, part }), 2));
        }
        expect(inParts.flat().sort()).toEqual(all.sort());
        for (const resourceId of resources) {
          expect(inParts.filter((one) => one.includes(resourceId))).toHaveLength(1);
        }
        expect(inParts.filter((one) => one.length > 0).length).toBeGreaterThan(1);
      }
    });

    where('a part is in the order of the whole, and no cursor of it is one of another', async () => {
      for (const [n, resourceId] of resources.entries()) {
        await catalog().commit([inserted(backup({ resourceId, expiresAt: T0 + 100 - n }))]);
      }
      const read = (request: PageRequest & PartQuery) =>
        catalog().expiring({ ...request, before: T0 + 1000 });
      const all = (await read({ limit: 100 })).items.map(({ at }) => at);
      const full = [];
      for (let part = 0; part < catalog().capabilities!.parts!; part++) {
        const some = (await read({ limit: 100, part })).items.map(({ at }) => at);
        expect(some).toEqual(all.filter((at) => some.includes(at)));
        if (some.length > 1) full.push(part);
      }
      const [one, other] = full;
      const { cursor } = await read({ limit: 1, part: one! });
      for (const elsewhere of [{ part: other! }, {}]) {
        await expect(read({ limit: 1, cursor: cursor!, ...elsewhere })).rejects.toMatchObject({
          code: 'not_found',
        });
      }
    });
  });
}

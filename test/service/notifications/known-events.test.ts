// Events that come again are known, whatever came in between and however they came; and to know them costs few bytes a delivery.

import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { AuditEvent } from '../../../lib/core/records/model.ts';
import type { Change } from '../../../lib/ports/change.ts';
import { give } from '../../../lib/service/notifications/fan-out.ts';
import { createScene } from './scene.ts';

const START = 1_000_000;
/** As ids are. */
const idOf = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const eventOf = (n: number, at = START + n): AuditEvent => ({
  ...{ id: idOf(n), at, action: 'backup.created', actor: 'tester', resourceId: `r${n % 7}` },
});
const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

function scene() {
  const { world } = createScene();
  const { deps } = world;
  const commits: Change[][] = [];
  const catalog = {
    ...deps.catalog,
    async commit(changes: Change[]) {
      await deps.catalog.commit(changes);
      commits.push(changes);
    },
  };
  return {
    commits,
    catalog,
    give: (events: AuditEvent[]) => give({ catalog, clock: deps.clock }, 'all', events),
  };
}

test('the last 500 are known, in whatever portions they came, and what is later than all is not looked for', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 25 }), { minLength: 40, maxLength: 60 }),
      async (portions) => {
        const { give, catalog } = scene();
        let given = 0;
        for (const size of portions) {
          expect(await give(numbers(given, given + size).map((n) => eventOf(n)))).toBe(size);
          given += size;
        }
        for (let from = Math.max(0, given - 500); from < given; from += 25)
          expect(await give(numbers(from, Math.min(from + 25, given)).map((n) => eventOf(n)))).toBe(0);
        // Not given before, and yet no later than others.
        expect(await give([eventOf(given, START), eventOf(given - 1)])).toBe(1);
        expect(await give([eventOf(given, START)])).toBe(0);
        const all = await catalog.listDocuments({ collection: 'delivery', prefix: 'all/d/', limit: 1000 });
        expect(all.items).toHaveLength(Math.min(given + 1, 1000));
        const pages = await catalog.listDocuments({
          collection: 'delivery',
          prefix: 'all/known/',
          limit: 1000,
        });
        expect(pages.items.length).toBeLessThanOrEqual(28);
      },
    ),
    { numRuns: 8 },
  );
});

test('one after the other they write a KB of it at most, and a page for every eighteen', async () => {
  const { give, commits } = scene();
  for (const n of numbers(0, 600)) await give([eventOf(n)]);
  const documents = commits
    .flat()
    .flatMap((change) => (change.kind === 'document.put' ? [change.record] : []));
  const bytesOf = (word: string) =>
    documents.filter(({ id }) => id.startsWith(`all/${word}`)).map((one) => JSON.stringify(one).length);
  expect(bytesOf('given')).toHaveLength(600);
  expect(Math.max(...bytesOf('given'), ...bytesOf('known'))).toBeLessThanOrEqual(900);
  expect(bytesOf('known')).toHaveLength(33);
});

test('a list of before, all in one, is taken over with the next delivery', async () => {
  const { give, catalog } = scene();
  const recent = numbers(0, 500).map(idOf);
  const body = { given: 900, recent };
  const record = { collection: 'delivery', id: 'all/given', body, version: 1 } as const;
  await catalog.commit([{ kind: 'document.put', record, expect: 0 }]);
  const late = numbers(480, 500).map((n) => eventOf(n, START + 10_000));
  expect(await give(late)).toBe(0);
  expect(await give(numbers(500, 525).map((n) => eventOf(n)))).toBe(25);
  // What it was given before may be later than what it was given since.
  expect(await give(late)).toBe(0);
  expect(await give(numbers(0, 25).map((n) => eventOf(n)))).toBe(0);
  const counter = await catalog.getDocument('delivery', 'all/given');
  expect(counter?.body).toMatchObject({ given: 925, pages: 2 });
});

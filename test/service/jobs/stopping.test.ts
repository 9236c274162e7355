// A process that is to end does not wait for a sweep: it ends between two steps, and the next one goes on from there.

import { expect, test } from '@jest/globals';
import { counting, createCallCounts } from '../../../lib/decorators/counting.ts';
import type { Catalog } from '../../../lib/ports/catalog.ts';
import { sweep } from '../../../lib/service/retention/sweep.ts';
import { createWorld, DAY, inputOf } from '../world.ts';

test('a sweep ends after the step that it is at, wherever it is, and leaves everything restorable', async () => {
  const calls = createCallCounts<Catalog>();
  let stopAfter = Number.POSITIVE_INFINITY;
  const world = createWorld((deps) => ({
    catalog: counting(deps.catalog, calls),
    isStopping: () => calls.of('commit') >= stopAfter,
    options: { ...deps.options, graceMs: 0 },
  }));
  const rows = (n: number) =>
    JSON.stringify(Array.from({ length: 40 }, (_, id) => ({ id, v: id === 3 ? n : 0 })));
  const kept: [string, string][] = [];
  for (let n = 0; n < 6; n++) {
    const days = n % 2 === 0 ? 1 : 30;
    const metadata = { ...inputOf('db', '1').metadata, retentionDays: days };
    const { id } = await world.make('db', rows(n), n === 0 ? 'full' : 'incremental', { metadata });
    if (days === 30) kept.push([id, rows(n)]);
  }
  world.clock.advance(2 * DAY);
  let passes = 0;
  for (let finished = false; !finished; passes++) {
    calls.reset();
    // One step at least, so that it gets on.
    stopAfter = 1;
    ({ finished } = await sweep(world.deps));
    for (const [id, json] of kept) {
      stopAfter = Number.POSITIVE_INFINITY;
      expect(await world.text(id)).toBe(json);
    }
    expect(passes).toBeLessThan(50);
  }
  expect(passes).toBeGreaterThan(2);
  expect((await world.service.listBackups({ limit: 10 })).items.map(({ id }) => id).sort()).toEqual(
    kept.map(([id]) => id),
  );
});

// One writer beside upkeep that always has work: it never hears of others, for there are none.

import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { type FaultyCall, faulty, faultyBlobStore } from '../../../lib/decorators/faulty.ts';
import type { Change } from '../../../lib/ports/change.ts';
import { hideBackup } from '../../../lib/service/backups/hide.ts';
import type { Deps } from '../../../lib/service/contract/deps.ts';
import { sweep } from '../../../lib/service/retention/sweep.ts';
import { createWorld, DAY } from '../world.ts';

const state = (n: number): string =>
  JSON.stringify({ rows: Array.from({ length: 50 }, (_, id) => ({ id, text: `${n} of ${id}` })) });

/** Blobs take their time, more than a commit does, and a hidden backup writes none: whoever may, comes in between. */
function slowly(deps: Deps): Partial<Deps> {
  const pause = (slow: string, turns: number) => ({
    async before({ method }: FaultyCall): Promise<void> {
      for (let turn = 0; method === slow && turn < turns; turn++) await nextTurn();
    },
  });
  return {
    blobs: faultyBlobStore(deps.blobs, pause('put', 100)),
    catalog: faulty(deps.catalog, pause('commit', 10)),
  };
}

/** No gate holds between processes. */
const OPEN_GATE = { run: <T>(_key: string, work: () => Promise<T>) => work() };

describe.each([
  ['in one process', {}],
  ['in different processes', { gate: OPEN_GATE }],
])('a writer and sweeps %s', (_name, more) => {
  test('a lone writer never loses to a sweep', async () => {
    const world = createWorld((deps) => ({ ...slowly(deps), ...more }));
    const metadata = { version: '1.0', source: 'test', tags: {}, retentionDays: 1 };
    for (let n = 0; n < 100; n++) {
      await world.make('db', state(n), n % 4 === 0 ? 'full' : 'incremental', { metadata });
    }
    // All of them expire at once, and each one that is hidden or rebased moves the head.
    world.clock.advance(2 * DAY);
    let swept = false;
    const sweeping = sweep(world.deps).finally(() => {
      swept = true;
    });
    const made: string[] = [];
    for (let n = 200; !swept; n++) made.push((await world.make('db', state(n), 'incremental')).id);
    await sweeping;
    expect(made.length).toBeGreaterThan(0);
    expect(await world.text(made.at(-1)!)).toBe(state(200 + made.length - 1));
  });
});

test('a create that loses to upkeep alone goes on; one that loses to writers says so, and when to come back', async () => {
  let between = async (): Promise<void> => {};
  const world = createWorld((deps) => ({
    gate: OPEN_GATE,
    catalog: faulty(deps.catalog, {
      before: async ({ method, args }) => {
        // What it leaves behind of itself is an event alone.
        if (method === 'commit' && (args[0] as Change[]).some(({ kind }) => kind === 'head.put'))
          await between();
      },
    }),
  }));
  for (let n = 0; n < 30; n++) await world.make('db', state(n), 'full');
  const others = { ...world.plain, gate: OPEN_GATE };
  let victim = 1;
  between = async () => {
    if (victim <= 20) await hideBackup(others, `backup-${victim++}`, 'expired', { actor: 'retention' });
  };
  expect((await world.make('db', state(50), 'incremental')).sequence).toBe(31);
  expect(victim).toBe(21);

  const other = createWorld(() => ({ ...world.plain, gate: OPEN_GATE }));
  let writes = 0;
  between = async () => {
    writes++;
    await other.make('db', state(60 + writes), 'full');
  };
  await expect(world.make('db', state(51), 'full')).rejects.toMatchObject({
    code: 'write_conflict',
    retryAfterSeconds: 1,
  });
  expect(writes).toBe(5);
});

// State and history agree with an oracle that looks at whole texts only, over fuzzed chains of every kind of backup.

import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Sight } from '../../../lib/core/history/along.ts';
import type { AskedMoment } from '../../../lib/core/records/asked-moment.ts';
import type { PathChange } from '../../../lib/service/contract/looks.ts';
import type { World } from '../world.ts';
import { createHistoryWorld, type Kept, makeHistory, pathsIn, steps, textAt } from './chains.ts';

/** `DELTA_RUNS=20000` for a long run. */
const numRuns = Number(process.env.DELTA_RUNS ?? 100);
const CALLER = { actor: 'ann' };
const OPTIONS = { textBytesMax: 1_000_000 };

async function historyOf(
  world: World,
  path: string[],
  limit: number,
  since?: AskedMoment,
): Promise<PathChange[]> {
  const changes: PathChange[] = [];
  for (let cursor: string | undefined, isOver = false; !isOver; isOver = cursor === undefined) {
    const page = await world.service.readHistory(
      {
        ...{ resourceId: 'db', steps: path, path: '', options: OPTIONS, limit },
        ...(cursor && { cursor }),
        ...(since && { since }),
      },
      CALLER,
    );
    changes.push(...page.items);
    cursor = page.cursor;
  }
  return changes;
}

/** What an oracle would say has changed at a path. */
function expectedChanges(live: readonly Kept[], path: readonly string[]) {
  return live.flatMap(({ id, json }, i) => {
    const before = live[i + 1];
    const to = textAt(json, path);
    const from = before === undefined ? undefined : textAt(before.json, path);
    return from === to ? [] : [{ id, before: before?.id, from, to }];
  });
}

/** Only scalars are told in full: of containers there is their size, and that they are others. */
const told = (sight: Sight) =>
  typeof sight === 'string' ? sight : (sight.value.text ?? [sight.value.kind, sight.value.bytes]);
const expectedTold = (text: string | undefined) => {
  if (text === undefined) return 'nothing';
  const kind = ({ '{': 'object', '[': 'array' } as Record<string, string>)[text[0]!];
  return kind === undefined ? text : [kind, Buffer.byteLength(text)];
};

test('any chain: each state is what it was, and each path changed when it did', async () => {
  await fc.assert(
    fc.asyncProperty(steps, fc.integer({ min: 1, max: 3 }), async (history, limit) => {
      const world = createHistoryWorld();
      const live = await makeHistory(world, history);
      for (const [back, { id, json }] of live.entries()) {
        const { record, read } = await world.service.openState({ resourceId: 'db', at: { back } }, CALLER);
        const { chunks } = await read();
        expect([record.id, Buffer.concat(chunks as Uint8Array[]).toString()]).toEqual([id, json]);
      }
      for (const path of pathsIn(live.map(({ json }) => json))) {
        // A name that no path over HTTP could carry.
        if (!path.every((step) => step.isWellFormed())) continue;
        const found = await historyOf(world, path, limit);
        expect(
          found.map(({ backup, previous, from, to }) => ({
            id: backup.backupId,
            before: previous?.backupId,
            from: told(from),
            to: told(to),
          })),
        ).toEqual(
          expectedChanges(live, path).map(({ from, to, ...ids }) => ({
            ...ids,
            from: expectedTold(from),
            to: expectedTold(to),
          })),
        );
        // The same from any state on, the other way round.
        const back = limit % live.length;
        const after = live.slice(0, back).map(({ id }) => id);
        expect(await historyOf(world, path, limit, { back })).toEqual(
          found.filter(({ backup }) => after.includes(backup.backupId)).reverse(),
        );
      }
    }),
    { numRuns },
  );
});

// The periodic work of the function that writes the trail, and how it is called for.

import type { Context, DynamoDBStreamEvent } from 'aws-lambda';
import { fanningOut } from '../service/notifications/fan-out.ts';
import { demandCurrentCatalog } from '../service/retention/rollback.ts';
import { relayTrail } from '../service/trail/relay.ts';
import type { TrailWritten } from '../service/trail/write.ts';
import type { Task, Upkeep } from '../service/upkeep/runner.ts';
import { type Home, trailOf } from './home.ts';
import { AWS_BOUNDS } from './names/bounds.ts';
import { awsPlans, TRAIL_TASK } from './names/upkeep.ts';

/** Nothing is written or published from a table that is older than its trail. */
export function trailTasks(home: Home): Record<typeof TRAIL_TASK, Task> {
  const { deps, config } = home;
  const trail = trailOf(home);
  return {
    [TRAIL_TASK]: {
      everyMs: awsPlans(config.retentionEveryMinutes)[TRAIL_TASK].everyMs,
      async run(deadline) {
        await demandCurrentCatalog(deps);
        // The function that tells others looks for what is due by itself.
        const events = fanningOut(deps, deps.events, () => {});
        return relayTrail({ trail, catalog: deps.catalog, events }, deadline);
      },
      says: 'trail written',
    },
  };
}

/** By the schedule, which names the task, or by the stream, which names the keys of new events. */
export type TrailCall = { task: string } | Pick<DynamoDBStreamEvent, 'Records'>;

/** So late behind the table an index is at most, but for rare moments. */
const INDEX_LATE_MS = 500;

/**
 * The handler of the function. Of the stream only counts how much it tells of: what was committed, and whether it still waits, the
 * table says. A run that finds less looks once more, after `wait`: either its index does not show it yet, or another run has
 * taken it. Throws what a run throws, and an Error for another task.
 */
export function createTrailHandler(
  { run }: Pick<Upkeep, 'run'>,
  wait: (ms: number) => Promise<unknown>,
): (call: TrailCall, context: Pick<Context, 'getRemainingTimeInMillis'>) => Promise<object> {
  return async (call, context) => {
    if (!('Records' in call) && call.task !== TRAIL_TASK) {
      throw new Error(`there is no task ${JSON.stringify(call.task)}`);
    }
    const runTrail = () => run(TRAIL_TASK, context.getRemainingTimeInMillis() - AWS_BOUNDS.trailMarginMs);
    const done = await runTrail();
    const told = 'Records' in call ? call.Records.length : 0;
    if ((done as TrailWritten).events >= told) return done;
    await wait(INDEX_LATE_MS);
    return runTrail();
  };
}

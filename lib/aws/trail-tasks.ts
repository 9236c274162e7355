// The periodic work of the function that writes the trail.

import { demandCurrentCatalog } from '../service/retention/rollback.ts';
import { relayTrail } from '../service/trail/relay.ts';
import type { Task } from '../service/upkeep/runner.ts';
import { type Home, trailOf } from './home.ts';
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
        return relayTrail({ trail, catalog: deps.catalog, events: deps.events }, deadline);
      },
      says: 'trail written',
    },
  };
}

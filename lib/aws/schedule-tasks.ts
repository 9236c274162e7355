// The work of the function that reads sources: what is due is decided, then what was queued is worked on. It answers calls of the API that
// try a source, too.

import type { Context } from 'aws-lambda';
import { demandCurrentCatalog } from '../service/retention/rollback.ts';
import { createTick } from '../service/schedules/tick.ts';
import { workRuns } from '../service/schedules/worker.ts';
import type { Task, Upkeep } from '../service/upkeep/runner.ts';
import type { GatewayHandler } from './gateway/gateway.ts';
import type { Home } from './home.ts';
import { AWS_BOUNDS } from './names/bounds.ts';
import { awsPlans, RUNS_TASK, SCHEDULES_TASK } from './names/upkeep.ts';

/** Nothing is decided or made on a table that is older than its trail. */
export function scheduleTasks(home: Home): Record<typeof SCHEDULES_TASK | typeof RUNS_TASK, Task> {
  const { deps, config } = home;
  const plans = awsPlans(config.retentionEveryMinutes);
  const tick = createTick(deps);
  return {
    [SCHEDULES_TASK]: {
      everyMs: plans[SCHEDULES_TASK].everyMs,
      async run() {
        await demandCurrentCatalog(deps);
        return tick();
      },
    },
    [RUNS_TASK]: {
      everyMs: plans[RUNS_TASK].everyMs,
      // One state may fill the memory alone; others are taken by the next minute's call.
      run: (deadline) => workRuns(deps, deadline, 1),
      says: 'runs worked on',
    },
  };
}

type Call = { task: string } | Parameters<GatewayHandler>[0];

/**
 * The handler of the function. A run may take longer than the minute after which it is called again: then another environment decides
 * what is due, and works on what is queued. Throws what a task throws, and an Error for another task.
 */
export function createScheduleHandler({ run }: Pick<Upkeep, 'run'>, api: GatewayHandler) {
  return async (call: Call, context: Pick<Context, 'getRemainingTimeInMillis'>): Promise<unknown> => {
    if (!('task' in call)) return api(...([call, context] as unknown as Parameters<GatewayHandler>));
    if (call.task !== SCHEDULES_TASK) throw new Error(`there is no task ${JSON.stringify(call.task)}`);
    const budgetMs = () => context.getRemainingTimeInMillis() - AWS_BOUNDS.schedulesMarginMs;
    const decided = await run(SCHEDULES_TASK, budgetMs());
    return { ...decided, ...(await run(RUNS_TASK, budgetMs())) };
  };
}

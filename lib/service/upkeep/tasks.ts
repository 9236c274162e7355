// The periodic work that is the same in every home; what only one has it adds to this table.

import type { TaskName } from '../../core/records/upkeep.ts';
import type { Deps } from '../contract/deps.ts';
import { relayEvents } from '../kit/events.ts';
import { resumeJobs } from '../kit/jobs.ts';
import { ifWritable, writeLateOperations } from '../restores/late-operations.ts';
import { failAbandoned } from '../restores/operations.ts';
import { findOrphans } from '../retention/orphans.ts';
import { sweep } from '../retention/sweep.ts';
import { createTick } from '../schedules/tick.ts';
import { workRuns } from '../schedules/worker.ts';
import type { Task } from './runner.ts';

/** What a sweep says of itself that is counted and measured. */
export const SWEEP_FIGURES = {
  counts: { retention_expired: 'expired', retention_due: 'due' },
  times: { retention_overdue: 'overdueMs' },
} as const satisfies Partial<Task>;

/**
 * `mayRun`: asked before anything is removed or built on; what is not to be done now is done another time. Where it throws the run
 * has failed. `orphansRestMs`: between two searches for orphans, where the task is run more often than one is wanted: each may take many runs.
 */
export function sharedTasks(
  deps: Deps,
  mayRun: (name: TaskName) => Promise<boolean>,
  orphansRestMs = 0,
): Record<'sweep' | 'abandoned' | 'orphans' | 'lost_jobs' | 'relay' | 'schedules' | 'runs', Task> {
  const guarded =
    (name: TaskName, work: (deadline: number) => Promise<object>) =>
    async (deadline: number): Promise<object> =>
      (await mayRun(name)) ? work(deadline) : {};
  return {
    sweep: {
      run: guarded('sweep', (deadline) => sweep(deps, deadline)),
      says: 'retention swept',
      ...SWEEP_FIGURES,
    },
    abandoned: {
      run: guarded('abandoned', async () => {
        // First: what was answered while nothing could be written has not been abandoned by anybody.
        await ifWritable(deps, 'late restores', () => writeLateOperations(deps), 0);
        const abandoned = () => failAbandoned(deps, { interrupted: false });
        return { operationsFailed: await ifWritable(deps, 'abandoned work', abandoned, 0) };
      }),
    },
    orphans: {
      run: guarded('orphans', (deadline) => findOrphans(deps, { deadline, restMs: orphansRestMs })),
      says: 'orphans looked for',
    },
    lost_jobs: {
      run: guarded('lost_jobs', async () => {
        const sent = await resumeJobs(deps);
        if (sent > 0) deps.log.warn('lost jobs were sent again', { sent });
        return { sent };
      }),
    },
    schedules: { run: createTick(deps) },
    runs: { run: (deadline) => workRuns(deps, deadline), says: 'runs worked on' },
    relay: { run: async () => ({ relayed: await relayEvents(deps) }) },
  };
}

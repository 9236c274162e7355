// The periodic work of the retention function: the shared table, with what is particular here.

import { LIMITS } from '../core/records/limits.ts';
import type { TaskName } from '../core/records/upkeep.ts';
import type { OrphanSearch } from '../service/retention/orphans.ts';
import { protectBytes } from '../service/retention/protect-bytes.ts';
import { demandCurrentCatalog } from '../service/retention/rollback.ts';
import { helpSweep } from '../service/retention/sweep.ts';
import { type CensusBounds, takeCensus } from '../service/upkeep/census.ts';
import type { Task } from '../service/upkeep/runner.ts';
import { scrub } from '../service/upkeep/scrub.ts';
import { SWEEP_FIGURES, sharedTasks } from '../service/upkeep/tasks.ts';
import type { Home } from './home.ts';
import { AWS_BOUNDS } from './names/bounds.ts';
import { awsPlans, type RetentionTask } from './names/upkeep.ts';

/** What one of them does that another has called. */
export function helpingTask({ deps }: Home): Task {
  return {
    async run(deadline) {
      await demandCurrentCatalog(deps);
      return helpSweep(deps, deadline);
    },
    ...SWEEP_FIGURES,
    says: 'helped to sweep',
  };
}

/** Nothing is removed on a table that is older than its trail. */
export function retentionTasks(home: Home): Record<RetentionTask, Task> {
  const { deps, config } = home;
  const mayRun = async (name: TaskName): Promise<boolean> => {
    // The search for orphans looks for itself, and is the one that takes a proof back.
    if (name !== 'orphans') await demandCurrentCatalog(deps);
    return true;
  };
  const shared = sharedTasks(deps, mayRun, AWS_BOUNDS.orphansRestMs);

  /** Whether every blob is there. */
  const count = async (bounds: CensusBounds): Promise<object> => {
    const census = await takeCensus(deps, bounds);
    if (census !== undefined && census.incomplete > 0) {
      deps.log.error('blobs are missing', { code: 'broken_chain', ...census });
    }
    return census ?? {};
  };

  const tasks: Record<RetentionTask, Task> = {
    sweep: shared.sweep,
    abandoned: shared.abandoned,
    lost_jobs: shared.lost_jobs,
    orphans: {
      ...shared.orphans,
      async run(deadline) {
        const search = (await shared.orphans.run(deadline)) as OrphanSearch;
        // The census looks at all blobs too: once for each search.
        if (search.finished && search.looked > 0) await count({ deadline });
        return search;
      },
    },
    locks: {
      async run(deadline) {
        await demandCurrentCatalog(deps);
        return protectBytes(deps, deadline);
      },
    },
    census: {
      async run(deadline) {
        await demandCurrentCatalog(deps);
        return count({ deadline, blobsMax: AWS_BOUNDS.censusBlobsMax });
      },
    },
    scrub: {
      async run(deadline) {
        await demandCurrentCatalog(deps);
        return scrub(deps, {
          backupsMin: LIMITS.scrubBackupsMin,
          ageMs: LIMITS.scrubAgeMs,
          deadline: Math.min(deadline, deps.clock.now() + AWS_BOUNDS.scrubMs),
        });
      },
      says: 'backups proven',
    },
  };
  const plans = awsPlans(config.retentionEveryMinutes);
  const timed = Object.entries(tasks).map(([name, task]) => [
    name,
    { ...task, everyMs: plans[name as RetentionTask].everyMs },
  ]);
  return Object.fromEntries(timed) as Record<RetentionTask, Task>;
}

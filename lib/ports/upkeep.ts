// How the runs of periodic work went, kept where a restart and other processes see it.

import type { TaskRun } from '../core/records/upkeep.ts';

/** What is lost of it is made anew by the next run: it need not be in the trail, nor survive the loss of the catalog. */
export interface UpkeepRecords {
  /** The last run of every task that has one, in any order. Throws `unavailable`. */
  list(): Promise<TaskRun[]>;
  /** Puts it in place of what stood for the task: the last one to write stands. Throws `unavailable`. */
  put(run: TaskRun): Promise<void>;
}

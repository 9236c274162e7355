// The runs of periodic work in a map: the reference, and for tests.

import type { TaskRun } from '../core/records/upkeep.ts';
import type { UpkeepRecords } from '../ports/upkeep.ts';
import { copy } from './copy.ts';

export function createMemoryUpkeep(): UpkeepRecords {
  const runs = new Map<string, TaskRun>();
  return {
    list: async () => [...runs.values()].map(copy),
    async put(run) {
      runs.set(run.task, copy(run));
    },
  };
}

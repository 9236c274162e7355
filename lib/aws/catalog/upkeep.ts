// The runs of periodic work in the table: one item a task, in a partition of their own.

import type { TaskRun } from '../../core/records/upkeep.ts';
import type { UpkeepRecords } from '../../ports/upkeep.ts';
import { UPKEEP_PARTITION } from './catalog-keys.ts';
import { item, recordOf } from './item.ts';
import type { TableClient } from './table-client.ts';

const TASKS_MAX = 100;

export function createUpkeepRecords(table: TableClient): UpkeepRecords {
  return {
    async list() {
      const range = { pk: UPKEEP_PARTITION, from: '\u0000', to: '\u{10ffff}' };
      const found = table.query({ ...range, direction: 'rising', pageItems: TASKS_MAX });
      return Array.fromAsync(found, (one) => recordOf<TaskRun>(one));
    },
    async put(run) {
      await table.put(item({ pk: UPKEEP_PARTITION, sk: run.task }, { doc: { S: JSON.stringify(run) } }));
    },
  };
}

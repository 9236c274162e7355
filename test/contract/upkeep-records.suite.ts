// What every keeper of the runs of periodic work has to do.

import { beforeEach, describe, expect, test } from '@jest/globals';
import type { TaskRun } from '../../lib/core/records/upkeep.ts';
import type { UpkeepRecords } from '../../lib/ports/upkeep.ts';
import { type Closing, forEachTest, type Make } from './harness.ts';

export interface UpkeepRecordsHarness extends Closing {
  records: UpkeepRecords;
}

export function upkeepRecordsSuite(name: string, make: Make<UpkeepRecordsHarness>): void {
  describe(`${name} upkeep records`, () => {
    const harness = forEachTest(make);
    let records: UpkeepRecords;
    beforeEach(() => {
      ({ records } = harness());
    });
    const run = (task: string, startedAt: number, more: Partial<TaskRun> = {}): TaskRun => ({
      task,
      startedAt,
      endedAt: startedAt + 5,
      durationMs: 5,
      ...more,
    });
    const listed = async () => (await records.list()).sort((a, b) => (a.task < b.task ? -1 : 1));

    test('keep the last run of each task, whole', async () => {
      expect(await records.list()).toEqual([]);
      const fault = { code: 'unavailable', detail: 'Späte "Zeile"', at: 7, inARow: 2 };
      await records.put(run('sweep', 1));
      await records.put(run('trail', 2, { fault }));
      await records.put(run('sweep', 3, { succeededAt: 8 }));
      expect(await listed()).toEqual([run('sweep', 3, { succeededAt: 8 }), run('trail', 2, { fault })]);
    });

    test('leave nothing behind of a run that another one has taken the place of', async () => {
      await records.put(run('scrub', 1, { fault: { code: 'denied', detail: 'x', at: 1, inARow: 1 } }));
      await records.put(run('scrub', 2));
      expect(await listed()).toEqual([run('scrub', 2)]);
    });
  });
}

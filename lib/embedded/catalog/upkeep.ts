// The runs of periodic work in a table of the catalog: beside the trail, for the next run makes them anew.

import type { TaskRun } from '../../core/records/upkeep.ts';
import type { UpkeepRecords } from '../../ports/upkeep.ts';
import type { Database } from './database.ts';
import { type DocRow, docOf, sumOf } from './schema.ts';

export function createUpkeepRecords(database: Database): UpkeepRecords {
  const all = database.statement<DocRow>('SELECT doc, sum FROM upkeep ORDER BY task');
  const put = database.statement(
    `INSERT INTO upkeep (task, doc, sum) VALUES (?, ?, ?)
     ON CONFLICT (task) DO UPDATE SET doc = excluded.doc, sum = excluded.sum`,
  );
  return {
    // A row that is not what was written is as good as none: it says how something went, and decides nothing.
    list: async () =>
      all.all().flatMap(({ doc, sum }) => (sumOf(doc) === sum ? [JSON.parse(doc) as TaskRun] : [])),
    async put(run) {
      await database.write(() => put.run(run.task, ...docOf(run)));
    },
  };
}

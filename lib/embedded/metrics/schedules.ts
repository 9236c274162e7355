// How each schedule stands, as the catalog has it: so a restart forgets nothing.

import type { DocumentRecord } from '../../core/records/document.ts';
import type { ScheduleRecord } from '../../core/schedule/records.ts';
import type { Catalog } from '../../ports/catalog.ts';
import { pages } from '../../service/kit/collect.ts';
import type { Metric } from './series.ts';

type Kept = DocumentRecord<ScheduleRecord>;

/** Of the first `schedulesMax`, by name. Throws PortError from the catalog. */
export async function readSchedules(
  catalog: Pick<Catalog, 'listDocuments'>,
  schedulesMax: number,
): Promise<Metric[]> {
  const kept: Kept[] = [];
  for await (const record of pages((page) => catalog.listDocuments({ ...page, collection: 'schedule' }))) {
    if (kept.length === schedulesMax) break;
    kept.push(record as Kept);
  }
  const of = (
    name: string,
    help: string,
    value: (schedule: ScheduleRecord, dueAt: number | undefined) => number | undefined,
    type: Metric['type'] = 'gauge',
  ): Metric => ({
    ...{ name, help, type },
    values: kept.flatMap(({ id, dueAt, body }) => {
      const found = value(body, dueAt);
      return found === undefined
        ? []
        : [{ labels: { schedule: id, resource: body.resourceId }, value: found }];
    }),
  });
  return [
    of(
      'backup_schedule_expected_interval_seconds',
      'From the last slot that was due to the next',
      ({ progress }) => seconds(progress.expected?.intervalMs),
    ),
    of(
      'backup_schedule_next_run_timestamp_seconds',
      'When the next run is due; of one that is paused there is none',
      ({ isPaused }, dueAt) => (isPaused ? undefined : seconds(dueAt)),
    ),
    of(
      'backup_schedule_last_success_timestamp_seconds',
      'When a run last ended well; 0 if none ever has',
      ({ progress }) => seconds(progress.lastSuccess?.finishedAt ?? 0),
    ),
    of(
      'backup_schedule_failed_runs',
      'Runs that have failed since the last that did not',
      ({ progress }) => progress.failuresInARow,
    ),
    of('backup_schedule_paused', 'Whether it is paused: 1 or 0', ({ isPaused }) => (isPaused ? 1 : 0)),
    of(
      'backup_schedule_missed_total',
      'Slots that did not run, paused ones apart: the trail says which, and why',
      ({ progress }) => progress.missed,
      'counter',
    ),
  ];
}

function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1000;
}

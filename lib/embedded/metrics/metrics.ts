// All that `GET /metrics` tells: what this process has counted, and what stands in the catalog.

import type { TaskStatus } from '../../core/records/upkeep.ts';
import type { Catalog } from '../../ports/catalog.ts';
import type { Change } from '../../ports/change.ts';
import type { WallClock } from '../../ports/clock.ts';
import { type Meter, toEach } from '../../ports/meter.ts';
import { createExposition, type Exposition } from './exposition.ts';
import { createResourceGauges } from './resources.ts';
import { readSchedules } from './schedules.ts';
import { createSeries, type Metric, type Sample } from './series.ts';

export interface MetricsSources {
  catalog: Catalog;
  clock: WallClock;
  upkeep: { list(): Promise<TaskStatus[]> };
  queue: { states(): Promise<Record<string, number>> };
  version: string;
  resourcesMax: number;
}

/** Counts from the start; where the rest is read from is handed in once that is there. */
export function createMetrics() {
  const series = createSeries();
  const last = createLastSweep();
  const listeners: ((changes: readonly Change[]) => void)[] = [];
  return {
    meter: toEach(series, last.meter),
    /** A commit stands. */
    committed(changes: readonly Change[]): void {
      for (const listen of listeners) listen(changes);
    },
    /** Gives what reads them all; that throws PortError from the catalog. */
    from({
      catalog,
      clock,
      upkeep,
      queue,
      version,
      resourcesMax,
    }: MetricsSources): () => Promise<Exposition> {
      const resources = createResourceGauges(catalog, resourcesMax);
      listeners.push((changes) => resources.committed(changes));
      return createExposition(async () => [
        ...series.metrics(),
        ...(await resources.read()),
        ...(await readSchedules(catalog, resourcesMax)),
        ...ofUpkeep(await upkeep.list()),
        ...(await ofRetention(catalog, clock, last.due())),
        gauge(
          'queue_jobs',
          'Jobs for the background, by how they stand',
          samples('state', await queue.states()),
        ),
        gauge('backup_service_build_info', 'What runs here', [{ labels: { version }, value: 1 }]),
      ]);
    },
  };
}

function ofUpkeep(tasks: readonly TaskStatus[]): Metric[] {
  const perTask = (value: (task: TaskStatus) => number | undefined) =>
    samples('task', Object.fromEntries(tasks.map((task) => [task.name, value(task)])));
  const sweep = tasks.find(({ name }) => name === 'sweep')?.succeededAt;
  return [
    gauge('retention_last_sweep_timestamp_seconds', 'When a sweep last ended well; 0 if none ever has', [
      { labels: {}, value: (sweep ?? 0) / 1000 },
    ]),
    gauge(
      'backup_upkeep_last_success_timestamp_seconds',
      'When a piece of periodic work last ended well; 0 if it never has',
      perTask(({ succeededAt = 0 }) => succeededAt / 1000),
    ),
    gauge(
      'backup_upkeep_interval_seconds',
      'From the end of a run to the next; 0 for never',
      perTask(({ everyMs }) => everyMs / 1000),
    ),
    gauge(
      'backup_upkeep_failed_runs',
      'Runs of it that have failed since the last that did not',
      perTask(({ fault }) => fault?.inARow ?? 0),
    ),
  ];
}

/** What the last sweep of this process has found to go. */
function createLastSweep(): { meter: Meter; due(): number } {
  let due = 0;
  return {
    meter: {
      count(name, _tags, times = 1) {
        if (name === 'retention_due') due = times;
      },
      time() {},
      size() {},
    },
    due: () => due,
  };
}

/** What is kept has a place that has not come yet: so the first place that has come tells how far behind sweeps are. */
async function ofRetention(catalog: Catalog, clock: WallClock, due: number): Promise<Metric[]> {
  const now = clock.now();
  const { items } = await catalog.expiring({ before: now, limit: 1 });
  const oldest = Math.max(0, now - (items[0]?.at ?? now)) / 1000;
  return [
    gauge('retention_due', 'Backups that were to go when the last sweep looked', [
      { labels: {}, value: due },
    ]),
    gauge(
      'retention_oldest_due_seconds',
      'For how long the first of the expired backups has waited to be decided; 0 if none does',
      [{ labels: {}, value: oldest }],
    ),
  ];
}

function gauge(name: string, help: string, values: Sample[]): Metric {
  return { name, help, type: 'gauge', values };
}

function samples(label: string, values: Record<string, number | undefined>): Sample[] {
  return Object.entries(values).flatMap(([name, value]) =>
    value === undefined ? [] : [{ labels: { [label]: name }, value }],
  );
}

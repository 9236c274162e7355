// All that `GET /metrics` tells: what this process has counted, and what stands in the catalog.

import type { TaskStatus } from '../../core/records/upkeep.ts';
import type { Catalog } from '../../ports/catalog.ts';
import type { Change } from '../../ports/change.ts';
import type { Meter } from '../../ports/meter.ts';
import { createExposition, type Exposition } from './exposition.ts';
import { createResourceGauges } from './resources.ts';
import { readSchedules } from './schedules.ts';
import { createSeries, type Metric, type Sample } from './series.ts';

export interface MetricsSources {
  catalog: Catalog;
  upkeep: { list(): Promise<TaskStatus[]> };
  queue: { states(): Promise<Record<string, number>> };
  version: string;
  resourcesMax: number;
}

/** Counts from the start; where the rest is read from is handed in once that is there. */
export function createMetrics() {
  const series = createSeries();
  const listeners: ((changes: readonly Change[]) => void)[] = [];
  return {
    meter: series as Meter,
    /** A commit stands. */
    committed(changes: readonly Change[]): void {
      for (const listen of listeners) listen(changes);
    },
    /** Gives what reads them all; that throws PortError from the catalog. */
    from({ catalog, upkeep, queue, version, resourcesMax }: MetricsSources): () => Promise<Exposition> {
      const resources = createResourceGauges(catalog, resourcesMax);
      listeners.push((changes) => resources.committed(changes));
      return createExposition(async () => [
        ...series.metrics(),
        ...(await resources.read()),
        ...(await readSchedules(catalog, resourcesMax)),
        ...ofUpkeep(await upkeep.list()),
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

function gauge(name: string, help: string, values: Sample[]): Metric {
  return { name, help, type: 'gauge', values };
}

function samples(label: string, values: Record<string, number | undefined>): Sample[] {
  return Object.entries(values).flatMap(([name, value]) =>
    value === undefined ? [] : [{ labels: { [label]: name }, value }],
  );
}

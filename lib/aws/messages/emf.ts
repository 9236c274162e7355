// Figures as lines of the log, in CloudWatch's embedded metric format: CloudWatch makes metrics of them by itself, and no call is
// waited for (CloudWatch User Guide, "Specification: Embedded metric format").

import type { Clock } from '../../ports/clock.ts';
import type { CountName, Meter, MeterTags, TimeName } from '../../ports/meter.ts';
import { DIMENSIONS, FIGURES } from '../names/figures.ts';

/** What is told under each of our names: others cost money, and nobody looks at them. */
const COUNTED: Readonly<Record<CountName, string | undefined>> = {
  port_failure: undefined,
  integrity_error: FIGURES.integrityErrors,
  key_error: FIGURES.keyErrors,
  dependency_error: FIGURES.dependencyErrors,
  upkeep_run: FIGURES.upkeepRuns,
  upkeep_overdue: FIGURES.upkeepOverdue,
  retention_expired: FIGURES.retentionExpired,
  retention_due: FIGURES.retentionDue,
};

/** CloudWatch has how long every function took by itself. */
const TIMED: Readonly<Record<TimeName, string | undefined>> = {
  port_call: undefined,
  upkeep: undefined,
  retention_overdue: FIGURES.retentionOverdue,
};

/** Hands finished lines, without their newline, to `write`. */
export function createEmfMeter(
  write: (line: string) => void,
  namespace: string,
  clock: Pick<Clock, 'now'>,
): Meter {
  function tell(metric: string | undefined, value: number, unit: string, tags: MeterTags): void {
    if (metric === undefined) return;
    const dimensions = Object.entries(DIMENSIONS).filter(([tag]) => tags[tag] !== undefined);
    const line = {
      _aws: {
        Timestamp: clock.now(),
        CloudWatchMetrics: [
          {
            Namespace: namespace,
            Dimensions: [dimensions.map(([, dimension]) => dimension)],
            Metrics: [{ Name: metric, Unit: unit }],
          },
        ],
      },
      ...Object.fromEntries(dimensions.map(([tag, dimension]) => [dimension, tags[tag]])),
      [metric]: value,
    };
    write(JSON.stringify(line));
  }

  return {
    count(name, tags = {}, times = 1) {
      tell(COUNTED[name], times, 'Count', tags);
    },
    time(name, ms, tags = {}) {
      tell(TIMED[name], ms, 'Milliseconds', tags);
    },
  };
}

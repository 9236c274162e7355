// Figures as lines of the log, in CloudWatch's embedded metric format: CloudWatch makes metrics of them by itself, and no call is
// waited for (CloudWatch User Guide, "Specification: Embedded metric format").

import type { Clock } from '../../ports/clock.ts';
import type { CountName, Meter, MeterTags, SizeName, TimeName } from '../../ports/meter.ts';
import { DIMENSIONS, FIGURES } from '../names/figures.ts';

/** A metric of CloudWatch, and the tags that tell it apart there: all others stand beside it in the line, where they cost nothing. */
interface Told {
  metric: string;
  by?: readonly (keyof typeof DIMENSIONS)[];
}

/** What is told under each of our names: others cost money, and nobody looks at them. */
const COUNTED: Readonly<Record<CountName, Told | undefined>> = {
  port_failure: undefined,
  integrity_error: { metric: FIGURES.integrityErrors },
  key_error: { metric: FIGURES.keyErrors },
  dependency_error: { metric: FIGURES.dependencyErrors },
  upkeep_run: { metric: FIGURES.upkeepRuns, by: ['task', 'outcome'] },
  upkeep_overdue: { metric: FIGURES.upkeepOverdue, by: ['task'] },
  retention_expired: { metric: FIGURES.retentionExpired },
  retention_due: { metric: FIGURES.retentionDue },
  backup: { metric: FIGURES.backups, by: ['type'] },
  backup_failed: { metric: FIGURES.backupFailures },
  backup_unchanged: { metric: FIGURES.backupsUnchanged },
  backup_change: { metric: FIGURES.backupChanges },
  backup_unusual: { metric: FIGURES.backupsUnusual },
  restore: { metric: FIGURES.restores },
  slot_missed: { metric: FIGURES.slotsMissed },
  delivery: { metric: FIGURES.deliveries, by: ['outcome'] },
  verify_failed: { metric: FIGURES.verifyFailures },
  retention_removed: { metric: FIGURES.backupsHidden },
};

/** CloudWatch has how long every function took by itself. */
const TIMED: Readonly<Record<TimeName, Told | undefined>> = {
  port_call: undefined,
  upkeep: undefined,
  http_request: undefined,
  retention_overdue: { metric: FIGURES.retentionOverdue },
  backup: { metric: FIGURES.backupDuration },
  restore: { metric: FIGURES.restoreDuration },
};

const MEASURED: Readonly<Record<SizeName, Told>> = { backup: { metric: FIGURES.backupSize } };

/** Hands finished lines, without their newline, to `write`. */
export function createEmfMeter(
  write: (line: string) => void,
  namespace: string,
  clock: Pick<Clock, 'now'>,
): Meter {
  function tell(told: Told | undefined, value: number, unit: string, tags: MeterTags): void {
    if (told === undefined) return;
    const { metric, by = [] } = told;
    const dimensions = by.filter((tag) => tags[tag] !== undefined).map((tag) => DIMENSIONS[tag]);
    const named = Object.entries(tags).map(([tag, value]) => [nameOf(tag), value]);
    const line = {
      _aws: {
        Timestamp: clock.now(),
        CloudWatchMetrics: [
          {
            Namespace: namespace,
            Dimensions: [dimensions],
            Metrics: [{ Name: metric, Unit: unit }],
          },
        ],
      },
      ...Object.fromEntries(named),
      [metric]: value,
    };
    write(JSON.stringify(line));
  }

  return {
    count(name, tags = {}, times = 1) {
      tell(COUNTED[name], times, 'Count', tags);
      if (name === 'restore' && tags.status === 'failed') {
        tell({ metric: FIGURES.restoresFailed }, times, 'Count', tags);
      }
    },
    time(name, ms, tags = {}) {
      tell(TIMED[name], ms, 'Milliseconds', tags);
    },
    size(name, bytes, tags = {}) {
      tell(MEASURED[name], bytes, 'Bytes', tags);
    },
  };
}

/** What has no name of its own there is called as CloudWatch writes names. */
function nameOf(tag: string): string {
  if (Object.hasOwn(DIMENSIONS, tag)) return DIMENSIONS[tag as keyof typeof DIMENSIONS];
  return tag.charAt(0).toUpperCase() + tag.slice(1);
}

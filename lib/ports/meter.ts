// Figures of a running service: how often something happened, how long it took. By code, never by the wording of a message.

/** What is counted. One list, so that no name can be misspelt and its alarm be silent for that. */
export type CountName =
  | 'port_failure'
  | 'upkeep_run'
  | 'upkeep_overdue'
  /** Backups that a sweep has hidden, and those that were to go when it looked, itself or another. */
  | 'retention_expired'
  | 'retention_due'
  | 'integrity_error'
  | 'key_error'
  | 'dependency_error'
  /** Commits, by what they have changed: `type` of a backup, `kind` of what its delta says, `reason` of what was hidden. */
  | 'backup'
  | 'backup_unchanged'
  | 'backup_change'
  /** More had gone than its owner takes for usual; it was made all the same. */
  | 'backup_unusual'
  | 'retention_removed'
  /** By the code of the error: of what was asked for and no backup was made of. */
  | 'backup_failed'
  /** Restores that are over, by `status`, and whether `target` is the `same` resource or an `other`. */
  | 'restore'
  /** Slots of schedules that did not run, by `reason`. */
  | 'slot_missed'
  /** Attempts to tell a `channel`, and their `outcome`. */
  | 'delivery'
  /** Stored bytes that were found not to be what was written, once for each find. */
  | 'verify_failed';

/** What is timed. */
export type TimeName =
  | 'port_call'
  | 'upkeep'
  /** Of what was to go and is still there after a sweep: how long ago the longest overdue has expired. */
  | 'retention_overdue'
  /** From a state being accepted to its backup being committed, by `type`. */
  | 'backup'
  /** From a restore being asked for to its end, by `status`. */
  | 'restore'
  /** An HTTP request, by `route`, `method` and `status`. */
  | 'http_request';

/** What is measured in bytes: the state of a backup, by `type`. */
export type SizeName = 'backup';

/** What tells figures of one name apart. Few values each: never an id, nor a name that a caller chose. */
export type MeterTags = Readonly<Record<string, string>>;

/** Takes figures. It never throws, and whoever gives one waits for nothing. Names and tags are snake_case codes. */
export interface Meter {
  /** It happened, or so many times. */
  count(name: CountName, tags?: MeterTags, times?: number): void;
  /** It took so long, once. */
  time(name: TimeName, ms: number, tags?: MeterTags): void;
  /** It had so many bytes, once. */
  size(name: SizeName, bytes: number, tags?: MeterTags): void;
}

/** One that hands everything on to all of them. */
export function toEach(...meters: readonly Meter[]): Meter {
  return {
    count(...figure) {
      for (const meter of meters) meter.count(...figure);
    },
    time(...figure) {
      for (const meter of meters) meter.time(...figure);
    },
    size(...figure) {
      for (const meter of meters) meter.size(...figure);
    },
  };
}

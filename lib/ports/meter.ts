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
  | 'dependency_error';

/** What is timed. */
export type TimeName =
  | 'port_call'
  | 'upkeep'
  /** Of what was to go and is still there after a sweep: how long ago the longest overdue has expired. */
  | 'retention_overdue';

/** What tells figures of one name apart. Few values each: never an id, nor a name that a caller chose. */
export type MeterTags = Readonly<Record<string, string>>;

/** Takes figures. It never throws, and whoever gives one waits for nothing. Names and tags are snake_case codes. */
export interface Meter {
  /** It happened, or so many times. */
  count(name: CountName, tags?: MeterTags, times?: number): void;
  /** It took so long, once. */
  time(name: TimeName, ms: number, tags?: MeterTags): void;
}

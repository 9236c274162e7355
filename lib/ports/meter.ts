// Figures of a running service: how often something happened, how long it took. By code, never by the wording of a message.

/** What tells figures of one name apart. Few values each: never an id, nor a name that a caller chose. */
export type MeterTags = Readonly<Record<string, string>>;

/** Takes figures. It never throws, and whoever gives one waits for nothing. Names and tags are snake_case codes. */
export interface Meter {
  /** It happened, or so many times. */
  count(name: string, tags?: MeterTags, times?: number): void;
  /** It took so long, once. */
  time(name: string, ms: number, tags?: MeterTags): void;
}

// Moments of a resource as they are asked for: by instant, by age, by place among its backups, or by backup.

/** What somebody means by a moment; only looking at the resource tells which backup that is. */
export type AskedMoment =
  /** The newest state at or before it, in epoch milliseconds. */
  | { at: number }
  /** The same, so long before now. */
  | { agoMs: number }
  /** The newest backup, or the one so many before it. */
  | { back: number }
  | { backupId: string };

export const LATEST: AskedMoment = { back: 0 };

// Moments of a resource as they are asked for: by instant, by age, by place among its backups, or by backup.

/** An instant, or so long before now. */
export type AskedInstant = { at: number } | { agoMs: number };

/** What somebody means by a moment; only looking at the resource tells which backup that is. */
export type AskedMoment =
  /** The newest state at or before it, in epoch milliseconds. */
  | AskedInstant
  /** The newest backup, or the one so many before it. */
  | { back: number }
  | { backupId: string };

/** The instant that is meant, in epoch milliseconds. */
export function instantOf(asked: AskedInstant, now: number): number {
  return 'at' in asked ? asked.at : now - asked.agoMs;
}

export const LATEST: AskedMoment = { back: 0 };

// What retention is told, and what it remembers from one sweep to the next.

/** How many to keep besides what has not expired. A backup that any rule keeps stays. */
export interface RetentionPolicy {
  keepLast?: number;
  keepHourly?: number;
  keepDaily?: number;
  keepWeekly?: number;
  keepMonthly?: number;
  keepYearly?: number;
  /** IANA name of the zone whose hours, days, weeks, months and years are meant; UTC without it. */
  timeZone?: string;
  /** Whether the newest backup expires like any other. */
  expireNewest?: boolean;
}

export interface FormerPolicy {
  policy: RetentionPolicy;
  until: number;
}

export interface PolicyRecord {
  resourceId: string;
  policy: RetentionPolicy;
  /** Set when it was removed: it is kept while a former one still protects. */
  removed?: true;
  /** Policies that this one has narrowed: until then each goes on to protect what it protected. */
  former?: FormerPolicy[];
  updatedAt: number;
  version: number;
}

/** What keeps expired backups for a while, so that somebody can look. */
export interface ExpiryWait {
  id: string;
  /** `many`: more at once than is usual; all others are about the clock, and hold up all expiry and removal. */
  reason: 'clock_jumped' | 'clock_behind' | 'silence' | 'many';
  /** Of `many`: the resource; absent for the store as a whole. */
  resourceId?: string;
  since: number;
  /** Then it is over, unless somebody has decided before. */
  until: number;
  /** Of `many`: how many backups wait, and that they had expired by then. */
  backups?: number;
  covers?: number;
  /** By how much the clock has moved beyond what has passed, in milliseconds. */
  offsetMs?: number;
  /** Of `silence`: what the clock said when it was last believed. */
  trustedAt?: number;
  /** `confirmed`: need not wait. `refused`: waits until it is confirmed. */
  decision?: 'confirmed' | 'refused';
}

/** How far a way through what is to be decided has come: absent where the list has not been begun, `'end'` where it is through. */
export interface ExpiryPlace {
  /** Of the undecided resources. */
  heads?: string;
  /** Of what expires. */
  cursor?: string;
}

/** Where a sweep has stopped in its way through what is to be decided: the next one goes on there. */
export interface ExpiryPass extends ExpiryPlace {
  /** When it was begun: what is kept is given its place from then on. */
  since: number;
  /** Up to which place it looks: further than `since` where places may have been given by a clock that was ahead, or a wait has been confirmed. */
  to: number;
  /** Waits that were about something on the way there. */
  about: string[];
  /** So many were hidden on the way, of those that waited for nothing. */
  hidden?: number;
  /** So many may be: live backups enough were counted for it. */
  usual?: number;
  /** So many more may have been hidden by sweeps that died before they could say. */
  doubtful?: number;
  /** Nothing of it is to be decided any more: what is due is removed. */
  isDecided?: true;
  /** Where the way is divided, by resource: each part has a place of its own, and is worked on by one sweep at a time. */
  parts?: ExpiryPart[];
}

/** A part of the way, with the removing that belongs to it. */
export interface ExpiryPart extends ExpiryPlace {
  /** Of what is due to be removed. */
  garbage?: string;
  /** Who works on it, and until when nobody else does. */
  lease?: { by: string; until: number };
  /** So many that one is about to hide. */
  going?: number;
}

/** What retention remembers from one sweep to the next. One for the store. */
export interface ExpiryState {
  /** What the clock said when it was last believed. */
  seenAt: number;
  waits: ExpiryWait[];
  /** Absent where the next sweep begins at the beginning. */
  pass?: ExpiryPass;
  /** No place that a sweep has given to what is kept lies beyond that. */
  placedTo?: number;
  version: number;
}

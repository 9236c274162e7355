// What the audit trail tells of.

export const AUDIT_ACTIONS = [
  'backup.created',
  /** The state came again: the newest backup has it. */
  'backup.unchanged',
  /** What a new backup was to build on is damaged: it was stored whole. */
  'backup.base_damaged',
  /** It was made, and more has gone than its owner takes for usual. */
  'backup.unusual',
  /** One was asked for and not made; `code` says why, `count` how many of the same there were since it was written last. */
  'backup.failed',
  'backup.requested',
  'backup.request_progressed',
  'backup.deleted',
  'backup.expired',
  'backup.undeleted',
  'backup.rebased',
  'backup.protection_changed',
  'backup.removed',
  'blob.removed',
  'blob.set_aside',
  /** It was damaged or missing, and was taken from the second copy. */
  'blob.healed',
  'restore.requested',
  'restore.progressed',
  'restore.completed',
  'restore.failed',
  /** Somebody has looked at a state, a part of it, or what it differs by. */
  'state.read',
  /** What is stored was given to somebody: a delta, the result of a restore. */
  'delta.read',
  'result.read',
  /** A call without the right to it; `count`: how many of its kind there were within the hour. */
  'access.refused',
  'expiry.held',
  'expiry.resumed',
  'expiry.decided',
  'policy.changed',
  'policy.removed',
  /** What is said of a resource: how often a state is expected, what is unusual. */
  'settings.changed',
  /** Who alone may store a state of the resource; `detail`: who says so, and why. */
  'lock.taken',
  /** `forced`: not by its holder. */
  'lock.released',
  /** Terraform was told that there is no state; what there was is kept. */
  'state.forgotten',
  /** A state was expected and has not come; one has come again after that, or after failures. */
  'backup.late',
  'backup.recovered',
  /** After it nothing of the resource will be left. */
  'backup.last_expiring',
  /** Who is told of what. */
  'channel.changed',
  'channel.removed',
  /** Its receiver has said that it wants no more. */
  'channel.disabled',
  'channel.tested',
  'channel.replayed',
  /** A place that states are read from, what is said of it. */
  'source.changed',
  'source.removed',
  'schedule.changed',
  'schedule.removed',
  'schedule.paused',
  'schedule.resumed',
  /** Slots that do not run; `reason`, `from`, `to`, `count`. */
  'schedule.skipped',
  'run.queued',
  'run.started',
  'run.completed',
  /** The state was the newest backup's, and no other was made. */
  'run.unchanged',
  'run.failed',
  /** Whoever worked on it is gone. */
  'run.abandoned',
  'drill.passed',
  'drill.failed',
  'token.created',
  'token.revoked',
  /** A page has signed in with a token, or out. */
  'session.opened',
  'session.closed',
  'notice.raised',
  'notice.cleared',
] as const;

export type AuditAction = (typeof AUDIT_ACTIONS)[number];

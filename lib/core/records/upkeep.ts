// What the service does by itself, and how its last runs went: one table for every home.

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** A piece of periodic work. Each run is idempotent, may die half way, and holds up no other. */
export interface TaskPlan {
  about: string;
  /** From the end of a run to the next, in milliseconds; a home may have settings for it. */
  everyMs: number;
  /** A run that takes longer than that is told of. */
  deadlineMs: number;
}

export const UPKEEP = {
  sweep: {
    about: 'Hides what has expired, and removes bytes that nothing needs any more',
    everyMs: HOUR_MS,
    deadlineMs: 15 * MINUTE_MS,
  },
  abandoned: {
    about: 'Fails restores that nobody works on any more',
    everyMs: MINUTE_MS,
    deadlineMs: MINUTE_MS,
  },
  scrub: { about: 'Proves stored bytes, the longest ago first', everyMs: HOUR_MS, deadlineMs: HOUR_MS },
  census: { about: 'Looks whether every blob is there', everyMs: HOUR_MS, deadlineMs: 15 * MINUTE_MS },
  locks: {
    about: 'Keeps stored bytes from being removed for as long as backups need them',
    everyMs: 6 * HOUR_MS,
    deadlineMs: 15 * MINUTE_MS,
  },
  orphans: { about: 'Sets blobs aside that nothing names', everyMs: DAY_MS, deadlineMs: 15 * MINUTE_MS },
  trail: {
    about: 'Writes what was committed into the trail beside the blobs',
    everyMs: 20 * SECOND_MS,
    deadlineMs: MINUTE_MS,
  },
  relay: { about: 'Publishes audit events', everyMs: SECOND_MS, deadlineMs: MINUTE_MS },
  notify: {
    about: 'Begins notifications that are due',
    everyMs: SECOND_MS,
    deadlineMs: MINUTE_MS,
  },
  conditions: {
    about: 'Looks for states that do not come, and for last backups that are about to expire',
    everyMs: MINUTE_MS,
    deadlineMs: 5 * MINUTE_MS,
  },
  jobs: { about: 'Works on what was queued', everyMs: SECOND_MS, deadlineMs: HOUR_MS },
  lost_jobs: {
    about: 'Sends jobs again that were lost, and gives up those that cannot be done',
    everyMs: MINUTE_MS,
    deadlineMs: MINUTE_MS,
  },
  schedules: { about: 'Decides what of the schedules is due', everyMs: MINUTE_MS, deadlineMs: MINUTE_MS },
  runs: {
    about: 'Reads sources and makes backups of what they have',
    everyMs: MINUTE_MS,
    deadlineMs: 12 * HOUR_MS,
  },
  copy: { about: 'Brings what is new into the second copy', everyMs: 5 * SECOND_MS, deadlineMs: HOUR_MS },
  uploads: { about: 'Removes uploads that nobody has used', everyMs: HOUR_MS, deadlineMs: 5 * MINUTE_MS },
  catalog: { about: 'Proves every row of the catalog', everyMs: DAY_MS, deadlineMs: HOUR_MS },
  clock: { about: 'Looks at the clock', everyMs: MINUTE_MS, deadlineMs: MINUTE_MS },
  room: { about: 'Keeps room on the disk for removing', everyMs: 5 * SECOND_MS, deadlineMs: MINUTE_MS },
  late: {
    about: 'Writes down restores that were answered while nothing could be written',
    everyMs: 5 * SECOND_MS,
    deadlineMs: MINUTE_MS,
  },
  tokens: { about: 'Writes down when tokens were last used', everyMs: MINUTE_MS, deadlineMs: MINUTE_MS },
  figures: {
    about: 'Writes the figures of this process into its log',
    everyMs: HOUR_MS,
    deadlineMs: MINUTE_MS,
  },
} as const satisfies Record<string, TaskPlan>;

export type TaskName = keyof typeof UPKEEP;

/** Why a run failed, the last time that one did. */
export interface TaskFault {
  /** Of the error; `internal_error` for what has none. */
  code: string;
  detail: string;
  /** Epoch milliseconds. */
  at: number;
  /** Runs that have failed since the last that did not. */
  inARow: number;
}

/** How the last runs of a task went. Times are epoch milliseconds. */
export interface TaskRun {
  task: string;
  startedAt: number;
  /** Absent while it runs, and of one that has died. */
  endedAt?: number;
  /** When one ended well, the last time. */
  succeededAt?: number;
  durationMs?: number;
  /** Stays, as what it was, when later runs end well: then `inARow` is 0. */
  fault?: TaskFault;
}

/** A task as it stands: its plan, and how it went. */
export interface TaskStatus extends TaskPlan, Partial<Omit<TaskRun, 'task'>> {
  name: string;
  isRunning: boolean;
  /** When the next run is due; absent while one runs. */
  nextAt?: number;
}

/** What stands of each task now. One that has never run is due at once. */
export function statusOf(
  plans: Readonly<Partial<Record<TaskName, TaskPlan>>>,
  runs: readonly TaskRun[],
  isRunning: (name: string) => boolean,
): TaskStatus[] {
  const byTask = new Map(runs.map((run) => [run.task, run]));
  return Object.entries(plans).map(([name, plan]) => {
    const { task: _task, ...run }: Partial<TaskRun> = byTask.get(name) ?? {};
    const running = isRunning(name);
    // One that has died is tried again as if it had just begun.
    const from = run.endedAt ?? run.startedAt;
    const nextAt = from === undefined ? undefined : from + plan.everyMs;
    return {
      name,
      ...plan,
      ...run,
      isRunning: running,
      ...(running || nextAt === undefined ? {} : { nextAt }),
    };
  });
}

// What runs by itself, as the catalog's documents keep it: sources, schedules, runs, drills. Times are epoch milliseconds.

import type { BackupType, Reason } from '../records/model.ts';
import type { SourceSpec } from '../records/source.ts';
import type { CatchUp, Skip } from './decide.ts';

/** A place that states are read from, under a name of its own. Secrets stand in it only by reference. */
export interface SourceRecord {
  id: string;
  spec: SourceSpec;
  createdAt: number;
  updatedAt: number;
  updatedBy: string;
}

/** What is said of a schedule. */
export interface ScheduleSpec {
  sourceId: string;
  resourceId: string;
  resourceType: string;
  /** Five fields of cron, or `every 15m`. */
  when: string;
  /** Of the IANA database: the wall that the fields are read on. */
  zone: string;
  /** Runs come by up to so much later, each resource's always by the same. */
  jitterSeconds: number;
  catchUp: CatchUp;
  type: BackupType;
  /** 0 keeps for ever. */
  retentionDays: number;
  tags: Record<string, string>;
  /** An unchanged state makes no backup, and is noted. */
  ifChanged: boolean;
  /** So many runs that ended well are followed by a drill; 0: none is. */
  drillEvery: number;
  /** The source, marked as scratch, that drills restore into as well; in memory alone without it. */
  drillInto?: string;
}

export interface ScheduleRecord extends ScheduleSpec {
  id: string;
  isPaused: boolean;
  /** Since when, by whom and why, while it is. */
  pause?: { at: number; by: string; reason?: string };
  createdAt: number;
  updatedAt: number;
  updatedBy: string;
  progress: ScheduleProgress;
}

/** How a schedule stands. */
export interface ScheduleProgress {
  /** Every slot up to here has been decided. */
  decidedUntil: number;
  /** The last slot that was due and not paused, from which to the next it is so long. */
  expected?: { at: number; intervalMs?: number };
  /** The run that is queued or under way. */
  running?: string;
  /** The last run that ended. */
  last?: RunBrief;
  /** The last that ended well. */
  lastSuccess?: RunBrief;
  failuresInARow: number;
  /** What did not run, newest first. */
  skips: (Skip & { decidedAt: number })[];
  /** Slots that did not run since it was made, paused ones apart. */
  missed: number;
  /** Runs that ended well since the last drill. */
  sinceDrill: number;
  lastDrill?: { id: string; at: number; passed: boolean };
  /** What the source said of the state that this backup has. */
  mark?: { value: string; backupId: string };
  /** The rows of the state that this backup has, as they came. */
  counted?: { backupId: string; tables: TableRows[] };
}

export interface RunBrief {
  runId: string;
  slot: number;
  status: RunStatus;
  finishedAt: number;
  backupId?: string;
  code?: string;
  /** The same in a sentence. */
  detail?: string;
}

/** `schedule`: in time. `catch_up`: late, for one that was missed. `manual`: somebody has asked for it. */
export type RunTrigger = 'schedule' | 'catch_up' | 'manual';

/** `unchanged`: the state was the newest backup's, and that is noted. */
export type RunStatus = 'queued' | 'running' | 'completed' | 'unchanged' | 'failed';

export interface RunLine {
  at: number;
  text: string;
}

/** One run of a schedule: it makes at most one backup, however often it is begun. */
export interface RunRecord {
  id: string;
  scheduleId: string;
  sourceId: string;
  resourceId: string;
  /** The moment that it is for; of one by hand, when it was asked for. */
  slot: number;
  trigger: RunTrigger;
  requestedBy: string;
  status: RunStatus;
  /** 0..100. Of a state whose size nobody has told it is a guess, by the one before. */
  progress: number;
  /** How often it was begun. */
  attempt: number;
  queuedAt: number;
  startedAt?: number;
  finishedAt?: number;
  /** While it runs and this has not come, somebody works on it. */
  leaseUntil?: number;
  /** Read so far. */
  bytes?: number;
  backupId?: string;
  failure?: Reason;
  warnings?: string[];
  /** What happened, at most `RUN_LOG_MAX` lines: the last ones. */
  log: RunLine[];
}

/** Rows of an array, or of an object of containers. */
export interface TableRows {
  pointer: string;
  rows: number;
}

/** A restore that was tried, and what came of it: evidence. */
export interface DrillRecord {
  id: string;
  scheduleId: string;
  resourceId: string;
  backupId: string;
  /** When its state was accepted. */
  stateOf: number;
  startedAt: number;
  finishedAt: number;
  requestedBy: string;
  passed: boolean;
  checksum: { expected: string; found?: string };
  bytes: { expected: number; found?: number };
  /** As they were restored; absent where they could not be counted. */
  tables?: TableRows[];
  /** Whether they are as many as came; absent where that was not counted. */
  rowsAgree?: boolean;
  /** What became of it in a scratch target. */
  into?: DrilledInto;
  failure?: Reason;
  notes: string[];
}

/** What was put into a scratch target and read back from there; the source alone where it could not be used. */
export interface DrilledInto {
  sourceId: string;
  /** In a word. */
  place?: string;
  /** Rows, items or files that were made, changed or removed there. */
  written?: number;
  /** Whether the target itself has found it the same. */
  isExact?: boolean;
  /** Of all but the name of the place. */
  checksum?: { expected: string; found?: string };
  tables?: TableRows[];
  rowsAgree?: boolean;
  warnings?: string[];
}

/** Lines of a run. */
const RUN_LOG_MAX = 50;
/** Characters of a line. */
const LINE_CHARS_MAX = 500;

export function isRunOver({ status }: Pick<RunRecord, 'status'>): boolean {
  return status !== 'queued' && status !== 'running';
}

/** With one line more; the oldest go. */
export function withLine(log: readonly RunLine[], at: number, text: string): RunLine[] {
  const line = text.length > LINE_CHARS_MAX ? `${text.slice(0, LINE_CHARS_MAX)}…` : text;
  return [...log, { at, text: line }].slice(-RUN_LOG_MAX);
}

/** One slot, one run: the ids of later ones stand behind those of earlier ones. */
export function runIdOf(scheduleId: string, slot: number): string {
  return `run-${stampOf(slot)}-${scheduleId}`;
}

export function drillIdOf(scheduleId: string, at: number): string {
  return `drill-${stampOf(at)}-${scheduleId}`;
}

/** `20261128T064500.000Z`. */
function stampOf(instant: number): string {
  return new Date(instant).toISOString().replaceAll(/[-:]/g, '');
}

/** Where a run can be as far as `isAlive` knows. */
export function isRunAlive({ status, leaseUntil = 0 }: RunRecord, now: number, leaseMs: number): boolean {
  if (status === 'queued') return true;
  // A lease that ends later than any can was given by a clock that has gone back since.
  return status === 'running' && leaseUntil > now && leaseUntil - now <= leaseMs * 2;
}

// What one looks at without a restore: states, what stands in them, how they came about, and how a resource stands.

import type { Sight, SightOptions } from '../../core/history/along.ts';
import type { DiffOptions, DiffPage } from '../../core/history/diff.ts';
import type { Tree, TreeOptions } from '../../core/history/tree.ts';
import type { AskedInstant, AskedMoment } from '../../core/records/asked-moment.ts';
import type { Bucket, Sums } from '../../core/records/buckets.ts';
import type { Tally } from '../../core/records/live-entry.ts';
import type { BackupRecord, DatedBackup, InexactMoment } from '../../core/records/model.ts';
import type { ResourceSettings } from '../../core/records/settings.ts';
import type { Page, PageRequest } from '../../ports/pages.ts';
import type { Text } from './text.ts';

/** A resource's state at a moment. */
export interface StateInput {
  resourceId: string;
  at: AskedMoment;
}

/** The backup that a moment means, and what it is to it. */
export interface FoundState {
  record: BackupRecord;
  /** The instant that was understood, in epoch milliseconds; absent where a backup was named. */
  at?: number;
  /** How much older the state is than that instant, or than now. */
  ageMs: number;
  /** Whether it is the state of that very moment. */
  exact: boolean;
  inexact?: InexactMoment;
}

/** A look at what stands at a path of a state. */
export interface TreeInput extends StateInput {
  /** The steps of a path: names, numbers, and what rows are called (`core/history/place.ts`). */
  steps: readonly string[];
  /** As it was asked for. */
  path: string;
  options: TreeOptions;
}

export interface FoundTree extends FoundState {
  tree: Tree;
}

/** A look at how what stands at a path has changed, backup by backup. A page looks through `limit` backups, the newest first. */
export interface HistoryInput extends PageRequest {
  resourceId: string;
  /** Only what came after the state that it means, the oldest first. */
  since?: AskedMoment;
  steps: readonly string[];
  path: string;
  options: SightOptions;
}

/** A live backup whose state has something else at the path than the live one before it. */
export interface PathChange {
  backup: DatedBackup;
  /** The one before; absent for the first of all. */
  previous?: DatedBackup;
  from: Sight;
  to: Sight;
}

export interface PathHistory extends Page<PathChange> {
  /** How many backups this page has looked through, and which was the oldest of them. */
  looked: { backups: number; oldest?: DatedBackup };
}

/** A comparison of a resource's states at two moments, at a path or in all. */
export interface DiffInput {
  resourceId: string;
  from: AskedMoment;
  to: AskedMoment;
  steps: readonly string[];
  path: string;
  options: DiffOptions;
}

export interface FoundDiff {
  from: FoundState;
  to: FoundState;
  page: DiffPage;
}

/** A history to draw. */
export interface TimelineInput {
  resourceId: string;
  from?: AskedInstant;
  to?: AskedInstant;
  buckets: number;
}

export interface Timeline {
  /** As they were understood: epoch milliseconds, both included. */
  from: number;
  to: number;
  /** Of all that is live, whatever the times. */
  tally: Tally;
  /** Those that have any. */
  buckets: Bucket[];
  totals: Sums;
}

/** How a resource stands, the worst first. */
export interface ResourceHealth {
  state: 'damaged' | 'late' | 'unusual' | 'held' | 'healthy';
  /** A sentence for a person. */
  reason: string;
}

/** What is kept of a resource, as far as one look tells. */
export interface ResourceSummary {
  resourceId: string;
  /** How many states were ever accepted. */
  accepted: number;
  /** The newest live backup; absent where all are gone. */
  newest?: BackupRecord;
  /** All that are live together. */
  tally: Tally;
  /** Absent where nothing is live, and nothing is expected. */
  health?: ResourceHealth;
  settings?: ResourceSettings;
  /** When its state last came, new or unchanged, and how long ago that is. */
  lastSuccessAt?: number;
  ageMs?: number;
  /** Schedules that read states for it. */
  schedules?: string[];
}

/** What is said of a resource, and the checksum of it, by which a caller says what it has seen. */
export interface FoundSettings {
  settings: ResourceSettings;
  checksum: string;
}

/** Bytes [from, to). */
export interface ByteSpan {
  from: number;
  to: number;
}

export interface OpenState extends FoundState {
  /** The state's own text, or some of its bytes, proven. Each call is a line of the audit trail. */
  read(span?: ByteSpan): Promise<Text>;
}

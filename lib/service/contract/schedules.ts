// What callers see of what runs by itself: sources, schedules, runs, drills.

import type { Reason } from '../../core/records/model.ts';
import type { SourceSpec } from '../../core/records/source.ts';
import type {
  DrillRecord,
  RunRecord,
  ScheduleRecord,
  ScheduleSpec,
  SourceRecord,
} from '../../core/schedule/records.ts';
import type { Page, PageRequest } from '../../ports/pages.ts';
import type { Caller } from './api.ts';

export interface FoundSource {
  source: SourceRecord;
  /** Schedules that read it. */
  usedBy: string[];
}

/** What answered, or why nothing did. */
export type CheckedSource = { ok: true; detail: string; warnings: string[] } | { ok: false; failure: Reason };

/** A slot, and when the resource's turn in it is. */
export interface ComingSlot {
  slot: number;
  dueAt: number;
}

export interface FoundSchedule {
  /** Of the schedule. */
  resourceId: string;
  schedule: ScheduleRecord;
  next: ComingSlot[];
  /** What it does now, and a sentence for who asks why it does not run. */
  standing: { state: 'paused' | 'queued' | 'running' | 'waiting' | 'over'; why: string };
  /** Of the run that is queued or under way. */
  running?: RunRecord;
  /** What whoever has set it may not have meant. */
  warnings: string[];
}

export type RunQuery = PageRequest & { scheduleId?: string; resourceId?: string };

/** What runs by itself, as part of the service. */
export interface ScheduleService {
  listSources(request: PageRequest): Promise<Page<SourceRecord>>;
  /** Throws source_not_found. */
  getSource(id: string): Promise<FoundSource>;
  /** Makes it, or replaces all that is said of it. */
  putSource(id: string, spec: SourceSpec, caller: Caller): Promise<FoundSource>;
  /** Throws source_not_found, source_in_use. */
  removeSource(id: string, caller: Caller): Promise<void>;
  /** Whether it answers. Throws source_not_found. */
  checkSource(id: string): Promise<CheckedSource>;

  /** Each with its next slot. */
  listSchedules(request: PageRequest): Promise<Page<FoundSchedule>>;
  /** With the coming `count` slots. Throws schedule_not_found. */
  getSchedule(id: string, count?: number): Promise<FoundSchedule>;
  /** Makes it, or replaces all that is said of it; nothing runs because of that. `isDry`: tells how it would stand, and keeps nothing. Throws source_not_found, invalid_request. */
  putSchedule(
    id: string,
    spec: ScheduleSpec,
    caller: Caller,
    how?: { isDry?: boolean },
  ): Promise<FoundSchedule>;
  /** What is under way goes on. Throws schedule_not_found. */
  removeSchedule(id: string, caller: Caller): Promise<void>;
  /** Throws schedule_not_found. */
  pauseSchedule(id: string, isPaused: boolean, caller: Caller, reason?: string): Promise<FoundSchedule>;
  /** A run by hand, whether or not it is paused. Throws schedule_not_found, run_under_way. */
  runSchedule(id: string, caller: Caller): Promise<RunRecord>;
  /** A drill now, of the newest backup of the schedule's resource. Throws schedule_not_found, backup_not_found. */
  runDrill(id: string, caller: Caller): Promise<DrillRecord>;

  /** Newest first, by slot. Of one resource a page may be short, or empty, and have a cursor. */
  listRuns(request: RunQuery): Promise<Page<RunRecord>>;
  /** Throws run_not_found. */
  getRun(id: string): Promise<RunRecord>;
  /** Newest first; pages as those of runs. */
  listDrills(request: RunQuery): Promise<Page<DrillRecord>>;
}

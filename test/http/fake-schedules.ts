// Fixtures of what runs by itself, for the fake service.

import type {
  DrillRecord,
  RunRecord,
  ScheduleRecord,
  SourceRecord,
} from '../../lib/core/schedule/records.ts';
import type { FoundSchedule, ScheduleService } from '../../lib/service/contract/schedules.ts';

const NOW = Date.parse('2025-01-01T13:00:00.000Z');
const HOUR_MS = 3_600_000;

const source: SourceRecord = {
  id: 'shop-db',
  spec: { kind: 'postgresql', url: 'postgres://backup@db.example:5432/shop', password: 'env:SHOP_PASSWORD' },
  ...{ createdAt: NOW, updatedAt: NOW, updatedBy: 'ci' },
};

const run: RunRecord = {
  ...{
    id: 'run-20250101T130000.000Z-nightly',
    scheduleId: 'nightly',
    sourceId: 'shop-db',
    resourceId: 'database-1',
  },
  ...{
    slot: NOW,
    trigger: 'schedule',
    requestedBy: 'schedule:nightly',
    status: 'failed',
    progress: 10,
    attempt: 3,
  },
  ...{
    queuedAt: NOW,
    startedAt: NOW + 1,
    finishedAt: NOW + 2,
    leaseUntil: NOW + 3,
    bytes: 10,
    backupId: 'backup-1',
  },
  ...{
    failure: { code: 'source_denied', detail: 'no' },
    warnings: ['slow'],
    log: [{ at: NOW, text: 'Begun.' }],
  },
};

const brief = {
  runId: run.id,
  slot: NOW,
  status: 'failed',
  finishedAt: NOW + 2,
  backupId: 'backup-1',
  code: 'source_denied',
} as const;

const schedule: ScheduleRecord = {
  ...{ id: 'nightly', sourceId: 'shop-db', resourceId: 'database-1', resourceType: 'postgresql' },
  ...{ when: '30 2 * * *', zone: 'Europe/Berlin', jitterSeconds: 60, catchUp: 'one', type: 'incremental' },
  ...{ retentionDays: 30, tags: { env: 'prod' }, ifChanged: true, drillEvery: 7, isPaused: false },
  ...{ createdAt: NOW, updatedAt: NOW, updatedBy: 'ci' },
  progress: {
    ...{
      decidedUntil: NOW,
      expected: { at: NOW, intervalMs: HOUR_MS },
      running: run.id,
      last: brief,
      lastSuccess: brief,
    },
    ...{ failuresInARow: 1, missed: 2, sinceDrill: 3, lastDrill: { id: 'drill-1', at: NOW, passed: true } },
    skips: [{ reason: 'outage', from: NOW, to: NOW, count: 1000, isMore: true, decidedAt: NOW }],
    ...{ mark: { value: '"v1"', backupId: 'backup-1' }, counted: { backupId: 'backup-1', tables: [] } },
  },
};

const found: FoundSchedule = {
  ...{ resourceId: 'database-1', schedule, next: [{ slot: NOW + HOUR_MS, dueAt: NOW + HOUR_MS + 60_000 }] },
  ...{ standing: { state: 'running', why: 'It is under way.' }, running: run, warnings: ['short'] },
};

const drill: DrillRecord = {
  ...{ id: 'drill-1', scheduleId: 'nightly', resourceId: 'database-1', backupId: 'backup-1', stateOf: NOW },
  ...{ startedAt: NOW, finishedAt: NOW, requestedBy: 'ci', passed: false, notes: ['note'], rowsAgree: false },
  ...{ checksum: { expected: 'ab'.repeat(32), found: 'cd'.repeat(32) }, bytes: { expected: 1, found: 2 } },
  ...{ tables: [{ pointer: '/rows', rows: 3 }], failure: { code: 'integrity_error', detail: 'no' } },
};

export function fakeSchedules(): ScheduleService {
  return {
    listSources: async () => ({ items: [source], cursor: 'more' }),
    getSource: async () => ({ source, usedBy: ['nightly'] }),
    putSource: async () => ({ source, usedBy: [] }),
    removeSource: async () => {},
    checkSource: async () => ({ ok: false, failure: { code: 'source_missing', detail: 'ENOENT' } }),
    listSchedules: async () => ({ items: [found], cursor: 'more' }),
    getSchedule: async () => found,
    putSchedule: async () => found,
    removeSchedule: async () => {},
    pauseSchedule: async () => found,
    runSchedule: async () => run,
    runDrill: async () => drill,
    listRuns: async () => ({ items: [run], cursor: 'more' }),
    getRun: async () => run,
    listDrills: async () => ({ items: [drill] }),
  };
}

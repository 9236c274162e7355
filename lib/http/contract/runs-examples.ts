// What runs and drills look like, in the document.

export const RUN = {
  id: 'run-20250101T013000.000Z-nightly',
  scheduleId: 'nightly',
  sourceId: 'shop-db',
  resourceId: 'shop',
  slot: '2025-01-01T01:30:00.000Z',
  trigger: 'schedule',
  requestedBy: 'schedule:nightly',
  status: 'completed',
  progress: 100,
  attempt: 1,
  queuedAt: '2025-01-01T01:32:10.000Z',
  startedAt: '2025-01-01T01:32:11.000Z',
  finishedAt: '2025-01-01T01:32:14.000Z',
  bytes: 2048,
  backupId: 'backup-7',
  warnings: [],
  log: [
    { at: '2025-01-01T01:32:11.000Z', text: 'Reading shop-db (postgresql).' },
    { at: '2025-01-01T01:32:14.000Z', text: 'Made backup-7.' },
  ],
} as const;

const CHECKSUM = `sha256:${'ab'.repeat(32)}` as const;

export const DRILL = {
  id: 'drill-20250101T013214.000Z-nightly',
  scheduleId: 'nightly',
  resourceId: 'shop',
  backupId: 'backup-7',
  stateOf: '2025-01-01T01:32:13.000Z',
  startedAt: '2025-01-01T01:32:14.000Z',
  finishedAt: '2025-01-01T01:32:15.000Z',
  requestedBy: 'schedule:nightly',
  passed: true,
  checksum: { expected: CHECKSUM, found: CHECKSUM },
  bytes: { expected: 2048, found: 2048 },
  tables: [{ pointer: '/tables/public.orders/rows', rows: 12 }],
  rowsAgree: true,
  notes: [],
} as const;

// A BackupService of few words: answers from fixtures, and remembers what it was asked. The real one is tested elsewhere.

import type { TokenRecord } from '../../lib/core/records/access-token.ts';
import { NOTHING_LIVE } from '../../lib/core/records/live-entry.ts';
import type {
  AuditEvent,
  BackupRecord,
  BackupRequest,
  OperationRecord,
} from '../../lib/core/records/model.ts';
import type { PolicyRecord } from '../../lib/core/records/retention-records.ts';
import { statusOf, UPKEEP } from '../../lib/core/records/upkeep.ts';
import type { BackupService, DescribedWait, Text } from '../../lib/service/contract/api.ts';
import type { OpenState } from '../../lib/service/contract/looks.ts';
import type { ChannelView, DeliveryView } from '../../lib/service/contract/notify.ts';
import { fakeSchedules } from './fake-schedules.ts';

export const NOW = Date.parse('2025-01-01T13:00:00.000Z');

const TALLY = { live: 1, bytes: 100, damaged: 0, held: 0, oldestAt: NOW, newestAt: NOW };
const SUMS = {
  ...{ backups: 1, fulls: 1, additions: 0, changes: 0, deletions: 0, moves: 0 },
  ...{ uncounted: 1, bytes: 100, held: 0, damaged: 0 },
};

export function backupRecord(changes: Partial<BackupRecord> = {}): BackupRecord {
  return {
    id: 'backup-1',
    resourceId: 'database-1',
    resourceType: 'postgresql',
    type: 'full',
    sequence: 1,
    status: 'completed',
    size: 2048,
    checksum: 'ab'.repeat(32),
    compressedSize: 512,
    encrypted: true,
    chainId: 'chain-1',
    chain: [
      {
        blobId: '0'.repeat(32),
        kind: 'state',
        backupId: 'backup-1',
        sequence: 1,
        bytes: 700,
        sha256: 'cd'.repeat(32),
        encrypted: true,
        checksum: 'ab'.repeat(32),
        size: 2048,
      },
    ],
    key: { keyId: 'local', keyVersion: '1', wrapped: 'c2VjcmV0LXdyYXBwZWQta2V5' },
    metadata: {
      version: '1.0',
      source: 'automated',
      tags: { env: 'production', app: 'ecommerce' },
      retentionDays: 30,
    },
    createdAt: Date.parse('2025-01-01T12:00:00.000Z'),
    completedAt: Date.parse('2025-01-01T12:00:05.000Z'),
    expiresAt: Date.parse('2025-01-31T12:00:00.000Z'),
    version: 1,
    ...changes,
  };
}

export function operationRecord(changes: Partial<OperationRecord> = {}): OperationRecord {
  return {
    id: 'restore-1',
    backupId: 'backup-1',
    resourceId: 'database-1',
    targetResourceId: 'database-1-restored',
    type: 'full',
    status: 'completed',
    validate: true,
    validated: true,
    validationErrors: [],
    progress: 100,
    createdAt: NOW,
    completedAt: NOW + 10_000,
    createdBy: 'admin',
    chainId: 'chain-1',
    leaseUntil: NOW + 60_000,
    version: 3,
    ...changes,
  };
}

export function policyRecord(changes: Partial<PolicyRecord> = {}): PolicyRecord {
  return { resourceId: 'database-1', policy: { keepDaily: 7 }, updatedAt: NOW, version: 1, ...changes };
}

export function backupRequest(changes: Partial<BackupRequest> = {}): BackupRequest {
  const { resourceId, resourceType, metadata, createdAt } = backupRecord();
  return {
    ...{ id: 'backup-9', resourceId, resourceType, metadata, createdAt },
    requestedType: 'full',
    encrypt: true,
    uploadId: '5'.repeat(32),
    status: 'pending',
    progress: 0,
    actor: 'api',
    leaseUntil: NOW,
    version: 1,
    ...changes,
  };
}

export function tokenRecord(changes: Partial<TokenRecord> = {}): TokenRecord {
  return {
    id: 'aaaaaaaa',
    name: 'ci',
    sha256: 'ef'.repeat(32),
    scopes: ['backup:write'],
    resources: { ids: ['db'], prefixes: ['tf/'] },
    createdAt: NOW,
    createdBy: 'admin',
    ...changes,
  };
}

export function wait(changes: Partial<DescribedWait> = {}): DescribedWait {
  const times = { since: NOW, until: NOW + 1000 };
  return {
    id: 'many-1',
    reason: 'many',
    resourceId: 'db',
    backups: 20,
    detail: '20 wait.',
    ...times,
    ...changes,
  };
}

export function auditEvent(changes: Partial<AuditEvent> = {}): AuditEvent {
  return {
    id: 'event-1',
    at: NOW,
    action: 'backup.created',
    actor: 'ci',
    address: '192.0.2.1',
    resourceId: 'database-1',
    backupId: 'backup-1',
    detail: { type: 'full' },
    ...changes,
  };
}

export function channelView(changes: Partial<ChannelView> = {}): ChannelView {
  return {
    id: 'ops',
    target: { kind: 'webhook', url: 'https://example.com/hooks/private', secrets: ['env:SECRET'] },
    resources: ['app/*'],
    createdAt: NOW,
    updatedAt: NOW,
    ...changes,
  };
}

export function deliveryView(changes: Partial<DeliveryView> = {}): DeliveryView {
  const attempt = { at: NOW, tookMs: 12, outcome: 'status', status: 500, detail: 'It answered 500.' };
  return {
    ...{ id: 'ops/d/000000000001', channelId: 'ops', event: auditEvent(), state: 'pending' },
    ...{ tries: 1, attempts: [attempt], createdAt: NOW, dueAt: NOW },
    ...changes,
  };
}

export interface Call {
  method: keyof BackupService;
  args: unknown[];
}

/** The fake, and the calls it got. `overrides` replace methods; their calls are remembered too. */
export function createFakeService(overrides: Partial<BackupService> = {}): {
  service: BackupService;
  calls: Call[];
} {
  const calls: Call[] = [];
  const text = (value: string) => new TextEncoder().encode(value);
  const openState: OpenState = {
    record: backupRecord(),
    ageMs: 0,
    exact: true,
    read: async () => asText('{"a":1}'),
  };
  const answers: BackupService = {
    ...fakeSchedules(),
    listEvents: async () => ({ items: [auditEvent()], cursor: 'more' }),
    listChannels: async () => [channelView()],
    putChannel: async () => ({ channel: channelView(), isNew: true }),
    removeChannel: async () => {},
    testChannel: async () => ({ eventId: 'event-1' }),
    listDeliveries: async () => ({ items: [deliveryView()], cursor: 'more' }),
    replayDeliveries: async () => ({ replayed: 1 }),
    noteRefusal: async () => {},
    noteSession: async () => {},
    getUpkeep: async () => ({ tasks: statusOf({ sweep: UPKEEP.sweep }, [], () => false), notices: [] }),
    openTerraformState: async () => openState,
    putTerraformState: async () => ({ backup: backupRecord(), replayed: false }),
    forgetTerraformState: async () => {},
    rollBackTerraform: async () => ({ backup: backupRecord(), replayed: false }),
    getLock: async () => ({ info: { ID: 'lock-1', Who: 'ci' }, at: NOW, actor: 'ci' }),
    lockResource: async (_id, info) => ({ info, at: NOW, actor: 'ci' }),
    unlockResource: async () => undefined,
    createBackup: async () => ({ backup: backupRecord(), replayed: false }),
    createUpload: async () => ({ uploadId: '5'.repeat(32), url: '/uploads/x', expiresAt: NOW, bytesMax: 10 }),
    requestBackup: async () => ({ request: backupRequest(), replayed: false }),
    findBackup: async () => backupRecord(),
    listBackups: async () => ({ items: [backupRecord()], cursor: 'more' }),
    listRequests: async () => ({ items: [backupRequest({ status: 'failed' })] }),
    deleteBackup: async () => {},
    resourceOf: async () => 'database-1',
    listTokens: async () => [tokenRecord()],
    makeToken: async () => ({ record: tokenRecord(), token: 'bkp_aaaaaaaa_secret' }),
    revokeToken: async () => tokenRecord({ revokedAt: NOW, revokedBy: 'admin' }),
    listHidden: async () => ({ items: [] }),
    undeleteBackup: async () => backupRecord(),
    protectBackup: async () => backupRecord({ legalHold: true }),
    getDelta: async () => {
      const [base, target] = ['ab', 'cd'].map((byte) => `"sha256:${byte.repeat(32)}"`);
      const chunks = [
        text('{"changes":[],"additions":[],'),
        text(`"deletions":[],"base":${base},"target":${target}}`),
      ];
      return { bytes: chunks[0]!.length + chunks[1]!.length, chunks };
    },
    verifyBackup: async () => ({
      valid: true,
      errors: [],
      warnings: [],
      checksumValid: true,
      structureValid: true,
      dataIntegrity: true,
    }),
    restore: async () => ({ operation: operationRecord(), data: asText('{"a":1}') }),
    restorePointInTime: async () => ({
      operation: operationRecord({ type: 'point_in_time', pointInTime: NOW }),
      data: asText('{"a":1}'),
    }),
    planRestore: async ({ targetResourceId }) => ({
      found: { record: backupRecord(), ageMs: 0, exact: true },
      targetResourceId,
      inBackground: false,
      cost: { blobs: 1, bytes: 100, keyCalls: 1, seconds: 0.01 },
      weakest: { backupId: 'backup-1', provenAt: NOW, isDamaged: false },
      damaged: [],
    }),
    getOperation: async () => operationRecord(),
    listOperations: async () => ({ items: [operationRecord()] }),
    getOperationResult: async () => ({ data: asText('[1]') }),
    openState: async () => openState,
    readTree: async () => ({
      record: backupRecord(),
      ageMs: 0,
      exact: true,
      tree: { steps: [], kind: 'null', bytes: 4, text: 'null' },
    }),
    readHistory: async () => ({ items: [], looked: { backups: 0 } }),
    readDiff: async () => ({
      from: { record: backupRecord(), ageMs: 0, exact: true },
      to: { record: backupRecord(), ageMs: 0, exact: true },
      page: {
        steps: [],
        counts: { additions: 0, changes: 0, deletions: 0, moves: 0 },
        tables: { tables: [] },
        patch: '[]',
      },
    }),
    listResources: async () => ({
      items: [
        {
          ...{ resourceId: 'database-1', accepted: 3, tally: TALLY, newest: backupRecord() },
          ...{ lastSuccessAt: NOW, ageMs: 5000, settings: { expectEverySeconds: 60 } },
          health: { state: 'healthy', reason: 'Its newest backup restores.' },
        },
        { resourceId: 'gone', accepted: 1, tally: NOTHING_LIVE },
      ],
      cursor: 'more',
    }),
    readTimeline: async ({ resourceId: _id, buckets: _count }) => ({
      from: NOW - 1000,
      to: NOW,
      tally: TALLY,
      buckets: [{ from: NOW - 1000, to: NOW, ...SUMS, size: 10, first: 'backup-1', last: 'backup-1' }],
      totals: SUMS,
    }),
    getSettings: async () => ({ settings: { expectEverySeconds: 60 }, checksum: 'ab'.repeat(32) }),
    putSettings: async (_id, settings) => ({ settings, checksum: 'ab'.repeat(32) }),
    planPolicy: async () => ({ items: [], summary: 'keeps all', waits: [], wouldExpire: ['backup-1'] }),
    listWaits: async () => [wait()],
    decideWait: async () => wait({ decision: 'confirmed' }),
    planRetention: async () => ({
      summary: 'keeps all',
      waits: [wait()],
      items: [
        {
          backupId: 'backup-1',
          resourceId: 'database-1',
          createdAt: NOW,
          action: 'keep',
          reasons: ['daily-1'],
        },
      ],
    }),
    getPolicy: async () => policyRecord(),
    putPolicy: async (resourceId, policy) => ({
      record: policyRecord({ resourceId, policy }),
      wouldExpire: ['backup-1'],
      effectiveAt: NOW,
      warnings: ['no backups'],
    }),
    removePolicy: async () => ({ record: policyRecord(), wouldExpire: [], warnings: [] }),
    checkHealth: async () => ({ status: 'healthy', problems: [], notices: [] }),
    ...overrides,
  };
  const service = Object.fromEntries(
    Object.entries(answers).map(([method, answer]) => [
      method,
      (...args: unknown[]) => {
        // What the edge itself tells is no call of anybody's.
        if (method !== 'noteRefusal' && method !== 'noteSession')
          calls.push({ method: method as keyof BackupService, args });
        return (answer as (...args: unknown[]) => unknown)(...args);
      },
    ]),
  ) as unknown as BackupService;
  return { service, calls };
}

export function asText(value: string): Text {
  const chunk = new TextEncoder().encode(value);
  return { bytes: chunk.length, chunks: [chunk] };
}

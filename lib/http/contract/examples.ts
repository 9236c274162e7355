// The specification's own examples, shown in OpenAPI. Tests send the requests, and hold the answers against the schemas.

import type { OperationId } from './routes.ts';

export interface RouteExamples {
  requests?: Record<string, unknown>;
  /** By status. */
  answers?: Record<number, unknown>;
}

const FULL_BACKUP = {
  resourceId: 'database-1',
  resourceType: 'postgresql',
  type: 'full',
  data: {
    tables: { users: [{ id: 1, name: 'Alice' }], products: [{ id: 1, name: 'Widget' }] },
    schemas: ['public'],
    version: '14.0',
  },
  metadata: {
    version: '1.0',
    source: 'automated',
    tags: { env: 'production', app: 'ecommerce' },
    retentionDays: 30,
  },
  encrypt: true,
};

const INCREMENTAL_BACKUP = {
  resourceId: 'database-1',
  resourceType: 'postgresql',
  type: 'incremental',
  data: {
    tables: {
      users: [
        { id: 1, name: 'Alice' },
        { id: 2, name: 'Bob' },
      ],
      products: [{ id: 1, name: 'Widget' }],
    },
    schemas: ['public'],
    version: '14.0',
  },
  metadata: { version: '1.0', source: 'automated', tags: { env: 'production' }, retentionDays: 7 },
};

const BACKUP = {
  id: 'backup-1',
  resourceId: 'database-1',
  resourceType: 'postgresql',
  type: 'full',
  status: 'completed',
  size: 2048,
  compressedSize: 512,
  compressionRatio: 75,
  encrypted: true,
  encryption: { algorithm: 'AES-256-CBC', keyId: 'local', keyVersion: '1' },
  checksum: 'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  chainLength: 1,
  data: '[REDACTED]',
  metadata: FULL_BACKUP.metadata,
  createdAt: '2025-01-01T12:00:00.000Z',
  completedAt: '2025-01-01T12:00:05.000Z',
  expiresAt: '2025-01-31T12:00:00.000Z',
};

const OPERATION = {
  id: 'restore-1',
  backupId: 'backup-1',
  targetResourceId: 'database-1-restored',
  type: 'full',
  status: 'completed',
  validated: true,
  validationErrors: [],
  progress: 100,
  createdAt: '2025-01-01T13:00:00.000Z',
  completedAt: '2025-01-01T13:00:10.000Z',
  createdBy: 'admin',
};

const QUEUED = { ...OPERATION, status: 'queued', validated: false, progress: 0, completedAt: undefined };

const RESTORED = { operation: OPERATION, data: { tables: { users: [{ id: 1, name: 'Alice' }] } } };

export const EXAMPLES: Partial<Record<OperationId, RouteExamples>> = {
  createBackup: {
    requests: {
      full: FULL_BACKUP,
      incremental: INCREMENTAL_BACKUP,
      unencrypted: { resourceId: 'test', resourceType: 'test', data: {}, encrypt: false },
      retention: { resourceId: 'prod-db', data: {}, metadata: { retentionDays: 90 } },
    },
    answers: { 201: BACKUP },
  },
  listBackups: { answers: { 200: { backups: [BACKUP], count: 1 } } },
  getBackup: { answers: { 200: BACKUP } },
  protectBackup: {
    requests: { hold: { legalHold: true }, lock: { lockedUntil: '2032-01-01T00:00:00Z' } },
    answers: { 200: { ...BACKUP, legalHold: true } },
  },
  undeleteBackup: { answers: { 200: BACKUP } },
  deleteBackup: { answers: { 200: { id: 'backup-1', status: 'deleted' } } },
  getBackupDelta: {
    answers: {
      200: {
        changes: [{ key: 'settings', oldValue: { theme: 'dark' }, newValue: { theme: 'light' } }],
        additions: [{ key: 'users[1]', value: { id: 2, name: 'Bob' } }],
        deletions: [],
        base: BACKUP.checksum,
        target: 'sha256:60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752',
      },
    },
  },
  verifyBackup: {
    answers: {
      200: {
        valid: true,
        errors: [],
        warnings: ['Backup expires in 5 days'],
        checksumValid: true,
        structureValid: true,
        dataIntegrity: true,
      },
    },
  },
  restoreBackup: {
    requests: {
      whole: {
        backupId: 'backup-1',
        targetResourceId: 'database-1-restored',
        createdBy: 'admin',
        validate: true,
      },
      part: {
        backupId: 'backup-1',
        targetResourceId: 'database-1-restored',
        path: '/tables/users',
      },
    },
    answers: { 200: RESTORED, 202: { operation: QUEUED } },
  },
  restorePointInTime: {
    requests: {
      named: {
        resourceId: 'database-1',
        timestamp: '2025-01-01T12:30:00Z',
        targetResourceId: 'database-1-pit',
        createdBy: 'admin',
      },
      inPlace: { resourceId: 'db-1', timestamp: '2025-01-01T12:30:00Z' },
    },
    answers: {
      200: {
        ...RESTORED,
        operation: { ...OPERATION, type: 'point_in_time', pointInTime: '2025-01-01T12:30:00.999Z' },
      },
    },
  },
  listOperations: { answers: { 200: { operations: [OPERATION], count: 1 } } },
  getOperation: { answers: { 200: OPERATION } },
  getOperationResult: { answers: { 200: RESTORED.data } },
  planRetention: {
    answers: {
      200: {
        decisions: [
          {
            backupId: 'backup-1',
            resourceId: 'database-1',
            createdAt: '2025-01-01T12:00:00.000Z',
            expiresAt: '2025-01-31T12:00:00.000Z',
            action: 'keep',
            reasons: ['not-expired', 'daily-1'],
          },
        ],
        count: 1,
        summary:
          'keeps 7 daily, 4 weekly, what has not expired (1 backup, 512 bytes); next to go: backup-1 at 2025-01-31T12:00:00.000Z',
        waits: [],
      },
    },
  },
  planPolicy: {
    requests: { narrower: { resourceId: 'database-1', policy: { keepDaily: 3 } } },
  },
  decideWait: {
    requests: { goOn: { decision: 'confirm' }, keep: { decision: 'refuse' } },
  },
  getPolicy: {
    answers: {
      200: {
        resourceId: 'database-1',
        policy: { keepDaily: 7, keepWeekly: 4 },
        updatedAt: '2025-01-01T12:00:00.000Z',
      },
    },
  },
  putPolicy: {
    requests: { years: { keepDaily: 7, keepWeekly: 4, keepMonthly: 12, keepYearly: 7 } },
  },
  removePolicy: {
    answers: {
      200: {
        resourceId: 'database-1',
        status: 'deleted',
        wouldExpire: { count: 1, backupIds: ['backup-1'] },
        effectiveAt: '2025-02-02T12:00:00.000Z',
      },
    },
  },
  getHealth: { answers: { 200: { status: 'healthy' } } },
};

// The specification's own backups, as examples of what is sent and answered.

export const FULL_BACKUP = {
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

export const INCREMENTAL_BACKUP = {
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

export const BACKUP = {
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

// Records to the wire: every optional member there, or not, and nothing of the record's own.

import { expect, test } from '@jest/globals';
import { percentSaved, viewBackup } from '../../lib/http/contract/backups-view.ts';
import { viewOperation } from '../../lib/http/contract/restores-view.ts';
import { backupRecord, NOW, operationRecord } from './fake-service.ts';

test.each([
  [2048, 512, 75],
  [10240, 2048, 80],
  [1000, 334, 67],
  [2, 22, 0],
  [100, 100, 0],
  [0, 20, 0],
  [1_000_000, 1, 100],
])('of %d bytes, %d are left: %d percent saved', (size, compressedSize, expected) => {
  expect(percentSaved(size, compressedSize)).toBe(expected);
});

test('a backup with everything, in order', () => {
  const record = backupRecord({
    type: 'incremental',
    requestedType: 'differential',
    baseBackupId: 'backup-0',
    changes: { additions: 1, changes: 2, deletions: 3, moves: 4 },
    legalHold: false,
    lockedUntil: NOW,
    deletedAt: NOW,
  });
  record.chain = [record.chain[0]!, record.chain[0]!];
  const view = viewBackup(record);
  expect(Object.keys(view).join(' ')).toBe(
    'id resourceId resourceType type requestedType status size compressedSize compressionRatio encrypted encryption ' +
      'checksum baseBackupId chainLength changes data metadata legalHold lockedUntil createdAt completedAt expiresAt deletedAt',
  );
  expect(view).toMatchObject({
    chainLength: 2,
    changes: { additions: 1, changes: 2, deletions: 3, moves: 4 },
    legalHold: false,
    lockedUntil: '2025-01-01T13:00:00.000Z',
  });
  expect(JSON.stringify(view)).not.toMatch(/wrapped|chain-1|blobId|sha256"/);
});

test('a backup with nothing optional', () => {
  const { key: _key, expiresAt: _expiresAt, ...record } = backupRecord({ encrypted: false });
  const view = viewBackup(record);
  expect(view).not.toHaveProperty('encryption');
  expect(view).not.toHaveProperty('expiresAt');
  expect(view.encrypted).toBe(false);
});

test('an unencrypted backup in an encrypted chain claims no encryption', () => {
  expect(viewBackup(backupRecord({ encrypted: false }))).not.toHaveProperty('encryption');
});

test('an operation, in order', () => {
  const record = operationRecord({ pointInTime: NOW, path: '', resultUntil: NOW + 1 });
  expect(Object.keys(viewOperation(record, NOW)).join(' ')).toBe(
    'id backupId targetResourceId type status pointInTime path validated validationErrors progress createdAt ' +
      'completedAt createdBy resultUrl',
  );
  expect(JSON.stringify(viewOperation(record, NOW))).not.toMatch(/lease|chain|version/);
});

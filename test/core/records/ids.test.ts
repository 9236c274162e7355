// Blobs that are named after their backups: each by the other, and no two alike.

import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { newId } from '../../../lib/aws/catalog/ids.ts';
import { BLOB_ID, backupNamedBy, blobNamedAfter, isNamedAfter } from '../../../lib/core/records/ids.ts';
import { systemRandom } from '../../../lib/random.ts';

test('a backup whose id is 128 bits names a blob, and the blob names the backup', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 47 }), (now) => {
      const id = newId('backup', now, systemRandom);
      const blobId = blobNamedAfter(id)!;
      expect(blobId).toMatch(BLOB_ID);
      expect(backupNamedBy(blobId)).toBe(id);
      expect(isNamedAfter(blobId, id)).toBe(true);
      expect(isNamedAfter(blobId, newId('backup', now, systemRandom))).toBe(false);
    }),
  );
});

test('every blob names one backup', () => {
  const hex = fc
    .uint8Array({ minLength: 16, maxLength: 16 })
    .map((bytes) => Buffer.from(bytes).toString('hex'));
  fc.assert(fc.property(hex, (blobId) => expect(blobNamedAfter(backupNamedBy(blobId))).toBe(blobId)));
  for (const blobId of ['0'.repeat(32), 'f'.repeat(32)])
    expect(blobNamedAfter(backupNamedBy(blobId))).toBe(blobId);
});

test('names of blobs spread, though ids begin with their time', () => {
  const first = Array.from({ length: 400 }, () =>
    blobNamedAfter(newId('backup', 1, systemRandom))!.slice(0, 2),
  );
  expect(new Set(first).size).toBeGreaterThan(150);
});

test.each([
  'backup-1',
  `backup-8${'0'.repeat(25)}`,
  `backup-${'0'.repeat(25)}`,
  `restore-${'0'.repeat(26)}`,
  `backup-${'w'.repeat(26)}`,
  '',
])('%j names none', (id) => expect(blobNamedAfter(id)).toBeUndefined());

test.each(['', 'AB'.repeat(16), 'a'.repeat(31), 'constructor'])('nothing is named after %j', (blobId) =>
  expect(isNamedAfter(blobId, 'backup-1')).toBe(false),
);

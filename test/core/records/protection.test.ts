import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { BackupRecord } from '../../../lib/core/records/model.ts';
import { needsOf } from '../../../lib/core/records/protection.ts';
import { backup } from '../../contract/samples.ts';

const end = fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined });
const record = fc.record({
  blobs: fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1 }),
  expiresAt: end,
  lockedUntil: end,
  keptUntil: end,
  legalHold: fc.boolean(),
});

test('a blob is needed until the last backup that goes through it has ended, and held while one of them is', () => {
  fc.assert(
    fc.property(fc.array(record, { maxLength: 6 }), (given) => {
      const live = given.map(({ blobs, ...fields }) => {
        const known = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
        const [ref] = backup().chain;
        return {
          ...backup(known as Partial<BackupRecord>),
          chain: blobs.map((blobId) => ({ ...ref!, blobId })),
        };
      });
      const needs = needsOf(live);
      for (const blobId of ['a', 'b', 'c', 'd'] as const) {
        const through = given.filter(({ blobs }) => blobs.includes(blobId));
        const need = needs.get(blobId);
        expect(need !== undefined).toBe(through.length > 0);
        if (need === undefined) continue;
        expect(need.isHeld).toBe(through.some(({ legalHold }) => legalHold));
        expect(need.until === undefined).toBe(through.some(({ expiresAt }) => expiresAt === undefined));
        for (const { expiresAt = 0, lockedUntil = 0, keptUntil = 0 } of through) {
          if (need.until === undefined) continue;
          expect(need.until).toBeGreaterThanOrEqual(Math.max(expiresAt, lockedUntil, keptUntil));
        }
      }
    }),
  );
});

// Names of blobs, packed: whatever they are they come back, those of a chain in fewer bytes, and what is not theirs is no fault of ours.

import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { packedNames, unpackedNames } from '../../lib/aws/catalog/blob-names.ts';
import { newId } from '../../lib/aws/catalog/ids.ts';
import { blobNamedAfter } from '../../lib/core/records/ids.ts';
import { systemRandom } from '../../lib/random.ts';

const name = fc
  .uint8Array({ minLength: 16, maxLength: 16 })
  .map((bytes) => Buffer.from(bytes).toString('hex'));

test('come back as they were, in their order', () => {
  fc.assert(
    fc.property(fc.array(name, { maxLength: 70 }), (names) => {
      expect(unpackedNames(packedNames(names))).toEqual(names);
    }),
  );
  const ends = ['0', 'f', '0', 'f'].map((digit) => digit.repeat(32));
  expect(unpackedNames(packedNames(ends))).toEqual(ends);
});

test.each([
  ['a second', 1000, 12],
  ['an hour', 3_600_000, 14],
  ['a day', 86_400_000, 14],
  ['a month', 30 * 86_400_000, 15],
])('%s apart they take so many bytes each', (_, apartMs, bytesMax) => {
  const START = Date.UTC(2026, 0, 1);
  const names = Array.from(
    { length: 32 },
    (_n, n) => blobNamedAfter(newId('backup', START + n * apartMs, systemRandom))!,
  );
  // The first says its whole time.
  expect(packedNames(names).length).toBeLessThanOrEqual(bytesMax * 31 + 17);
  expect(unpackedNames(packedNames(names))).toEqual(names);
});

test('bytes that are something else give names, or none', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      for (const one of unpackedNames(bytes)) expect(one).toMatch(/^[0-9a-f]{32}$/);
    }),
  );
});

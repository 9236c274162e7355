import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  openSegment,
  readSegmentHeader,
  type SegmentPlace,
  sealSegment,
  segmentHash,
} from '../../../lib/core/trail/segment.ts';
import { systemRandom } from '../../../lib/random.ts';

const dataKey = new Uint8Array(randomBytes(32));
const key = { keyId: 'local/k1-0', keyVersion: '1', wrapped: 'AAAA' };
const place: SegmentPlace = { store: 'ab'.repeat(16), number: 7, previous: 'cd'.repeat(32), writtenAt: 1000 };
const seal = (lines: readonly string[]): Promise<Uint8Array> =>
  sealSegment(place, lines, { dataKey, key }, systemRandom);

describe('a segment of the trail', () => {
  test('gives its lines back, and says where it stands', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.json(), { minLength: 1, maxLength: 20 }), async (lines) => {
        const segment = await seal(lines);
        expect(openSegment(segment, place, dataKey)).toEqual(lines);
        expect(readSegmentHeader(segment)).toMatchObject({ ...place, lines: lines.length });
      }),
    );
  });

  test('does not open once any byte of it has changed', async () => {
    const segment = await seal(['[{"kind":"policy.remove"}]', '[]']);
    for (let at = 0; at < segment.length; at++) {
      const changed = Uint8Array.from(segment);
      changed[at]! ^= 1 << (at % 8);
      expect(() => openSegment(changed, place, dataKey)).toThrow(
        expect.objectContaining({ code: 'integrity_error' }),
      );
    }
  });

  test('does not open when it is cut or goes on, nor with another key', async () => {
    const segment = await seal(['[]']);
    const refused = expect.objectContaining({ code: 'integrity_error' });
    for (let length = 0; length < segment.length; length++) {
      expect(() => openSegment(segment.subarray(0, length), place, dataKey)).toThrow(refused);
    }
    expect(() => openSegment(Buffer.concat([segment, Buffer.alloc(1)]), place, dataKey)).toThrow(refused);
    expect(() => openSegment(segment, place, new Uint8Array(randomBytes(32)))).toThrow(refused);
  });

  test('does not open in the place of another, nor in another store', async () => {
    const segment = await seal(['[]']);
    const refused = expect.objectContaining({ code: 'integrity_error' });
    expect(() => openSegment(segment, { ...place, number: 8 }, dataKey)).toThrow(refused);
    expect(() => openSegment(segment, { ...place, store: 'ef'.repeat(16) }, dataKey)).toThrow(refused);
  });

  test('has a hash of its own, however alike its lines', async () => {
    expect(segmentHash(await seal(['[]']))).not.toBe(segmentHash(await seal(['[]'])));
  });
});

import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  openSegment,
  readSegmentHeader,
  type SegmentPlace,
  sealSegment,
  segmentHash,
} from '../../lib/core/trail/segment.ts';

const dataKey = new Uint8Array(randomBytes(32));
const key = { keyId: 'local/k1-0', keyVersion: '1', wrapped: 'AAAA' };
const place: SegmentPlace = { store: 'ab'.repeat(16), number: 7, previous: 'cd'.repeat(32), writtenAt: 1000 };
const seal = (lines: readonly string[]): Uint8Array => sealSegment(place, lines, { dataKey, key });

describe('a segment of the trail', () => {
  test('gives its lines back, and says where it stands', () => {
    fc.assert(
      fc.property(fc.array(fc.json(), { minLength: 1, maxLength: 20 }), (lines) => {
        const segment = seal(lines);
        expect(openSegment(segment, dataKey)).toEqual(lines);
        expect(readSegmentHeader(segment)).toMatchObject({ ...place, lines: lines.length });
      }),
    );
  });

  test('does not open once any byte of it has changed', () => {
    const segment = seal(['[{"kind":"policy.remove"}]', '[]']);
    for (let at = 0; at < segment.length; at++) {
      const changed = Uint8Array.from(segment);
      changed[at]! ^= 1 << (at % 8);
      expect(() => openSegment(changed, dataKey)).toThrow(
        expect.objectContaining({ code: 'integrity_error' }),
      );
    }
  });

  test('does not open when it is cut or goes on, nor with another key', () => {
    const segment = seal(['[]']);
    const refused = expect.objectContaining({ code: 'integrity_error' });
    for (let length = 0; length < segment.length; length++) {
      expect(() => openSegment(segment.subarray(0, length), dataKey)).toThrow(refused);
    }
    expect(() => openSegment(Buffer.concat([segment, Buffer.alloc(1)]), dataKey)).toThrow(refused);
    expect(() => openSegment(segment, new Uint8Array(randomBytes(32)))).toThrow(refused);
  });

  test('has a hash of its own, however alike its lines', () => {
    expect(segmentHash(seal(['[]']))).not.toBe(segmentHash(seal(['[]'])));
  });
});

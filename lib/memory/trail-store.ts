// The trail in a Map.

import { PortError } from '../ports/errors.ts';
import type { TrailStore } from '../ports/trail.ts';

export function createMemoryTrailStore(): TrailStore {
  const segments = new Map<number, Uint8Array>();
  return {
    async append(number, segment) {
      if (segments.has(number)) throw new PortError('exists', 'a segment with that number exists');
      segments.set(number, Uint8Array.from(segment));
    },
    async list(after = 0) {
      return [...segments.keys()].filter((number) => number > after).sort((a, b) => a - b);
    },
    async read(number) {
      const segment = segments.get(number);
      if (segment === undefined) throw new PortError('not_found', 'there is no segment with that number');
      return Uint8Array.from(segment);
    },
  };
}

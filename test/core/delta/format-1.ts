// Writes stored deltas of format 1, as the first release did: they must stay readable.

import { COPY_COLUMNS, type Diff } from '../../../lib/core/delta/difference.ts';

export function format1Of({ base, target, counts, copies }: Diff): Buffer {
  const copy: number[] = [];
  const literal: number[] = [];
  const from: number[] = [];
  const literals: Uint8Array[] = [];
  let baseAt = 0;
  let targetAt = 0;
  for (let k = 0; k < copies.length; k += COPY_COLUMNS) {
    const [start, at, bytes] = copies.subarray(k, k + COPY_COLUMNS) as unknown as [number, number, number];
    literals.push(target.bytes.subarray(targetAt, at));
    literal.push(at - targetAt);
    copy.push(bytes);
    from.push(start - baseAt);
    baseAt = start + bytes;
    targetAt = at + bytes;
  }
  literals.push(target.bytes.subarray(targetAt));
  literal.push(target.bytes.length - targetAt);
  const { additions, changes, deletions, moves } = counts;
  const line = {
    delta: 1,
    base: base.checksum,
    baseBytes: base.bytes.length,
    target: target.checksum,
    targetBytes: target.bytes.length,
    changes: { additions, changes, deletions, moves },
    copy,
    literal,
    from,
  };
  return Buffer.concat([Buffer.from(`${JSON.stringify(line)}\n`), ...literals]);
}

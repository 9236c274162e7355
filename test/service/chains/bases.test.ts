// The newest states stay in memory, as far as they fit: what comes next builds on them.

import { describe, expect, test } from '@jest/globals';
import { isPacked, packingOf, type ScannedState, StateSink } from '../../../lib/core/json/state-sink.ts';
import { MEMORY_BOUNDS } from '../../../lib/core/records/limits.ts';
import { createKeptBases } from '../../../lib/service/chains/bases.ts';
import type { KeptBases } from '../../../lib/service/contract/parts.ts';
import { createWorld, inputOf } from '../world.ts';

const KIB = 1024;
/** With what its entry takes, so many KiB. */
const stateOf = (kib: number) => ({ bytes: Buffer.alloc((kib - 1) * KIB), checksum: String(kib) });

describe('kept bases', () => {
  test('one a resource, taken once', () => {
    const bases = createKeptBases(100 * KIB);
    bases.keep('r', 'a', stateOf(10));
    bases.keep('r', 'b', stateOf(20));
    expect(bases.take('a')).toBeUndefined();
    expect(bases.take('b')?.checksum).toBe('20');
    expect(bases.take('b')).toBeUndefined();
  });

  test('the longest unused go where there are too many, and what is too long is not kept', () => {
    const bases = createKeptBases(100 * KIB);
    for (const [i, bytes] of [60, 30, 30].entries()) bases.keep(`r${i}`, `b${i}`, stateOf(bytes));
    bases.keep('large', 'c', stateOf(101));
    expect([bases.hasRoom(49 * KIB), bases.hasRoom(50 * KIB)]).toEqual([true, false]);
    expect(['b0', 'b1', 'b2', 'c'].map((id) => bases.take(id)?.checksum)).toEqual([
      undefined,
      '30',
      '30',
      undefined,
    ]);
    const view = Buffer.alloc(200 * KIB).subarray(0, 1);
    bases.keep('view', 'v', { bytes: view, checksum: 'view' });
    expect(bases.take('v')).toBeUndefined();
    // Nothing of what went is counted any more.
    bases.keep('r', 'd', stateOf(100));
    expect(bases.take('d')).toBeDefined();
  });
});

/** As a long body is taken: packed while it comes, and no text. */
async function packedOf(json: string): Promise<ScannedState> {
  const sink = new StateSink({
    bytesMax: json.length,
    onOverflow: () => {
      throw new RangeError('too long');
    },
    sizeHint: 0,
    packing: { ...packingOf(MEMORY_BOUNDS, undefined), isTextWanted: () => false },
  });
  sink.append(Buffer.from(json), 0, json.length);
  const state = await sink.finish();
  expect(isPacked(state)).toBe(true);
  return state;
}

test.each([
  ['incremental', 200],
  ['differential', 200],
  ['incremental', 200_000],
] as const)('the first %s after a full of %i rows finds the full in memory', async (type, count) => {
  const inner = createKeptBases(10_000_000);
  const found: boolean[] = [];
  const bases: KeptBases = {
    ...inner,
    take(blobId) {
      const state = inner.take(blobId);
      found.push(state !== undefined);
      return state;
    },
  };
  const world = createWorld(() => ({ bases }));
  const rows = (n: number) => JSON.stringify({ rows: Array.from({ length: n }, (_, id) => ({ id })) });
  if (count < 1000) await world.make('r', rows(count), 'full');
  else {
    const state = await packedOf(rows(count));
    await world.service.createBackup({ ...inputOf('r', '0'), state }, { actor: 'tester' });
  }
  const record = await world.make('r', rows(count + 1), type);
  expect(record.type).toBe(type);
  expect(found).toEqual([true]);
  expect(await world.text(record.id)).toBe(rows(count + 1));
});

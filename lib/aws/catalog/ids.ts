// Ids and places in time without any counter: a counter that all writers share would be a hot key.

import type { IdKind } from '../../ports/catalog.ts';
import type { WallClock } from '../../ports/clock.ts';
import type { Random } from '../../ports/random.ts';
import { padded } from './catalog-keys.ts';

const ID_CHARACTERS = 26;

/** `backup-` and 128 bits: the time in milliseconds, then 80 random ones, in base 32; ids sort by their time, roughly. */
export function newId(kind: IdKind, now: number, random: Random): string {
  const time = Buffer.alloc(8);
  time.writeBigUInt64BE(BigInt(Math.max(0, Math.floor(now))));
  const bits = BigInt(`0x${Buffer.concat([time.subarray(2), random.bytes(10)]).toString('hex')}`);
  return `${kind}-${bits.toString(32).padStart(ID_CHARACTERS, '0')}`;
}

/**
 * Stamps that rise with every call, though the clock may stand or go back. Between processes their order is as good as
 * the clocks are; writers of one resource are further apart than that, because each waits for the commit of the one before.
 */
export function createStamps(clock: WallClock): () => string {
  let atMs = 0;
  let count = 0;
  return () => {
    const now = clock.now();
    count = now > atMs ? 0 : count + 1;
    atMs = Math.max(now, atMs);
    return `${padded(atMs)}.${String(count).padStart(6, '0')}`;
  };
}

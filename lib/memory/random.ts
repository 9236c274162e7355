// Chance that follows from a seed: for tests that make one run twice, never for a service.

import { createCipheriv, createHash } from 'node:crypto';
import type { Random } from '../ports/random.ts';

/** The same bytes in the same order for the same seed, on every machine: the key stream of AES-256-CTR. */
export function createSeededRandom(seed: string | number): Random {
  const key = createHash('sha256').update(`${seed}`).digest();
  const stream = createCipheriv('aes-256-ctr', key, Buffer.alloc(16));
  return { bytes: (count) => stream.update(Buffer.alloc(count)) };
}

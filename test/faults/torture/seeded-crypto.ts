// Makes a sequence repeatable: names of blobs, keys and events come from its seed, and not from the machine.

import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import type { Random } from '../../e2e/random.ts';

const real = { randomBytes: crypto.randomBytes, randomUUID: crypto.randomUUID };

/** From now on chance of that seed is what the whole process gets from node:crypto. Gives the way back. */
export function seedCrypto(random: Random): () => void {
  const bytesOf = (size: number): Buffer => Buffer.from(Array.from({ length: size }, () => random.int(256)));
  const randomUUID = (): string => {
    const digits = bytesOf(16).toString('hex');
    return [
      digits.slice(0, 8),
      digits.slice(8, 12),
      digits.slice(12, 16),
      digits.slice(16, 20),
      digits.slice(20),
    ].join('-');
  };
  set({ randomBytes: bytesOf, randomUUID });
  return () => set(real);
}

function set(functions: object): void {
  Object.assign(crypto, functions);
  syncBuiltinESMExports();
}

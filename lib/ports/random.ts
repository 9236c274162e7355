// Chance. Whatever decides something and follows from no input is drawn here: ids, message ids, IVs, salts, keys. So the same
// seed makes the same run again, byte for byte, and nothing but the home has a say in how good the chance is.

import { bufferOf } from '../core/bytes/buffer.ts';
import type { RandomBytes } from '../core/bytes/random-bytes.ts';

/**
 * Bytes that nobody can foresee, whatever was drawn before: keys are made of them. Drawing waits for nothing and does not
 * fail. What was drawn is kept nowhere else.
 */
export interface Random extends RandomBytes {}

/** So many random bytes, as lower-case hex. */
export function randomHex(random: RandomBytes, bytes: number): string {
  return bufferOf(random.bytes(bytes)).toString('hex');
}

/** 122 random bits as a UUID of version 4 (RFC 9562). */
export function randomUuid(random: RandomBytes): string {
  const bytes = bufferOf(random.bytes(16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const digits = bytes.toString('hex');
  const groups = [[0, 8] as const, [8, 12] as const, [12, 16] as const, [16, 20] as const, [20, 32] as const];
  return groups.map(([from, to]) => digits.slice(from, to)).join('-');
}

// The same key gives the same answer: what was asked is remembered with what was answered, in one commit with it.

import { createHash } from 'node:crypto';
import { ServiceError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { Change } from '../ports.ts';
import type { Deps } from './deps.ts';

/** The answer given before under this key. Throws ServiceError `idempotency_key_reused` if something else was asked. */
export async function findEarlier<Answer>(
  { catalog, clock }: Pick<Deps, 'catalog' | 'clock'>,
  key: string | undefined,
  print: string,
): Promise<Answer | undefined> {
  if (key === undefined) return undefined;
  const earlier = await catalog.getIdempotency(key, clock.now());
  if (earlier === undefined) return undefined;
  if (earlier.fingerprint !== print) {
    throw new ServiceError('idempotency_key_reused', 'This key came before, with another request.');
  }
  return JSON.parse(earlier.response) as Answer;
}

/** The change that remembers an answer. It conflicts if the key has been taken in the meantime. */
export function rememberAnswer(key: string, print: string, answer: { id: string }, now: number): Change {
  const record = {
    key,
    fingerprint: print,
    backupId: answer.id,
    response: JSON.stringify(answer),
    expiresAt: now + LIMITS.idempotencyMs,
  };
  return { kind: 'idempotency.insert', record, now };
}

/** A hash of what was asked; the order of object members makes no difference. */
export function fingerprint(asked: unknown): string {
  const sorted = (_key: string, value: unknown): unknown =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
      : value;
  return createHash('sha256').update(JSON.stringify(asked, sorted)).digest('hex');
}

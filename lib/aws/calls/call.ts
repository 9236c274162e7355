// Every call to AWS goes through here: it has a deadline, and fails in the words of the ports.

import { setTimeout as delay } from 'node:timers/promises';
import { awsFailure } from './failures.ts';

/** For a small request with all its attempts. */
const DEADLINE_MS = 20_000;

/** For a request that carries megabytes. */
export const OBJECT_DEADLINE_MS = 120_000;

/**
 * Sends a request. `doing` says what has failed if it fails, without any name that an outsider should not read.
 * Throws PortError for what AWS says or does not say in time.
 */
export async function call<T>(
  doing: string,
  send: (options: { abortSignal: AbortSignal }) => Promise<T>,
  deadlineMs: number = DEADLINE_MS,
): Promise<T> {
  try {
    return await send({ abortSignal: AbortSignal.timeout(deadlineMs) });
  } catch (error) {
    throw awsFailure(error, doing);
  }
}

/** Waits before attempt `n` + 1: a random time below a bound that doubles ("full jitter", AWS Architecture Blog, 2015). */
export async function backOff(n: number, baseMs = 25, mostMs = 1000): Promise<void> {
  await delay(Math.random() * Math.min(mostMs, baseMs * 2 ** n));
}

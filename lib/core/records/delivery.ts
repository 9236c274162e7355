// One notification on its way to one channel: what is kept of it, and when it is tried again. Pure.

import type { AuditEvent } from './model.ts';

export type DeliveryState = 'pending' | 'delivered' | 'failed';

/** One attempt, and what came of it. */
export interface Attempt {
  at: number;
  tookMs: number;
  /** One word: `delivered`, `status`, `timeout`, `unreachable`, `refused`, `secret` ... */
  outcome: string;
  /** Of HTTP. */
  status?: number;
  /** A sentence for a person; no secrets, no addresses that are secrets. */
  detail?: string;
}

/** The body of a delivery's document. */
export interface Delivery {
  channelId: string;
  event: AuditEvent;
  state: DeliveryState;
  /** How often it was tried: attempts that began and never ended count too. */
  tries: number;
  /** The last of them, the newest last. */
  attempts: Attempt[];
  createdAt: number;
  endedAt?: number;
  /** Of the same channel and resource, what comes after it: it waits until this one has ended. */
  next?: string;
  /** The delivery that somebody had sent again with this one. */
  replayOf?: string;
}

export const ATTEMPTS_KEPT = 20;

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** Between attempts, as Standard Webhooks 1.0 proposes: some three days in all. */
export const BACKOFF_MS: readonly number[] = [
  5 * SECOND_MS,
  5 * MINUTE_MS,
  30 * MINUTE_MS,
  2 * HOUR_MS,
  5 * HOUR_MS,
  10 * HOUR_MS,
  14 * HOUR_MS,
  20 * HOUR_MS,
  24 * HOUR_MS,
];

/** A receiver may say when to come back, but not that nobody ever hears of it again. */
const RETRY_AFTER_MS_MAX = 24 * HOUR_MS;
/** So that what failed together does not come back together: up to so much longer. */
const JITTER = 0.2;

/**
 * How long to wait after so many tries, in milliseconds; undefined once there are no more. `chance`: 0 up to 1. What the receiver asks for
 * is obeyed where it is longer.
 */
export function waitAfter(
  tries: number,
  backoffMs: readonly number[],
  chance: number,
  retryAfterMs = 0,
): number | undefined {
  const wait = backoffMs[tries - 1];
  if (wait === undefined) return undefined;
  return Math.max(Math.round(wait * (1 + JITTER * chance)), Math.min(retryAfterMs, RETRY_AFTER_MS_MAX));
}

/** The header Retry-After in milliseconds from `now` (RFC 9110, 10.2.3); undefined if it says nothing. */
export function retryAfterOf(header: string | null | undefined, now: number): number | undefined {
  if (header === null || header === undefined) return undefined;
  if (/^\s*\d{1,9}\s*$/.test(header)) return Number(header) * SECOND_MS;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}

// Sessions of pages: a cookie that no script can read stands for the token that was presented once. The token is looked at with each call
// anew, so that one that is revoked or has expired ends its sessions at once. In the memory of the process: a restart ends them all.

import { createHash } from 'node:crypto';
import { ServiceError } from '../../core/records/errors.ts';
import type { Random } from '../../ports/random.ts';
import { bare } from './access.ts';

const COOKIE = 'brs_session';
const ID_BYTES = 32;
const LIVES_MS = 8 * 3_600_000;
const IDLE_MS = 30 * 60_000;
const SESSIONS_MAX = 1000;
/** Whoever guesses wrong so often within the time has to wait. */
const GUESSES_MAX = 10;
const GUESSES_MS = 60_000;
const ADDRESSES_MAX = 10_000;

interface Session {
  token: string;
  openedAt: number;
  usedAt: number;
}

export interface Sessions {
  /** The `Set-Cookie` of a new session. */
  open(token: string, isSecure: boolean): string;
  /** The token that the request's cookie stands for. */
  tokenOf(headers: Headers): string | undefined;
  /** Ends the one that the cookie names, if there is one. Gives the `Set-Cookie` that takes it away. */
  close(headers: Headers): { cookie: string; wasOpen: boolean };
  /** Throws ServiceError `too_many_requests` for an address that has guessed wrong too often. */
  demandPatience(address: string): void;
  /** A token was not good. */
  noteGuess(address: string): void;
}

/** `now` gives epoch milliseconds. */
export function createSessions(random: Random, now: () => number): Sessions {
  // By the hash of the cookie, so that what lies in memory opens nothing. The one that was used longest ago comes first.
  const sessions = new Map<string, Session>();
  const guesses = new Map<string, { count: number; since: number }>();

  const isOver = ({ openedAt, usedAt }: Session): boolean =>
    now() - openedAt >= LIVES_MS || now() - usedAt >= IDLE_MS;

  return {
    open(token, isSecure) {
      const id = Buffer.from(random.bytes(ID_BYTES)).toString('base64url');
      sessions.set(keyOf(id), { token, openedAt: now(), usedAt: now() });
      for (const [key, session] of sessions) {
        if (sessions.size <= SESSIONS_MAX && !isOver(session)) break;
        sessions.delete(key);
      }
      return cookie(id, LIVES_MS / 1000, isSecure);
    },
    tokenOf(headers) {
      const id = idOf(headers);
      if (id === undefined) return undefined;
      const key = keyOf(id);
      const session = sessions.get(key);
      if (session === undefined) return undefined;
      sessions.delete(key);
      if (isOver(session)) return undefined;
      sessions.set(key, { ...session, usedAt: now() });
      return session.token;
    },
    close(headers) {
      const id = idOf(headers);
      const wasOpen = id !== undefined && sessions.delete(keyOf(id));
      return { cookie: cookie('', 0, false), wasOpen };
    },
    demandPatience(address) {
      const found = guesses.get(address);
      if (found === undefined || found.count < GUESSES_MAX) return;
      const left = found.since + GUESSES_MS - now();
      if (left <= 0) {
        guesses.delete(address);
        return;
      }
      throw new ServiceError(
        'too_many_requests',
        'Too many tokens that are none came from there: wait a minute.',
        {
          retryAfterSeconds: Math.ceil(left / 1000),
        },
      );
    },
    noteGuess(address) {
      const found = guesses.get(address);
      const isFresh = found === undefined || now() - found.since >= GUESSES_MS;
      guesses.delete(address);
      guesses.set(address, isFresh ? { count: 1, since: now() } : { ...found, count: found.count + 1 });
      if (guesses.size > ADDRESSES_MAX) guesses.delete(guesses.keys().next().value!);
    },
  };
}

/**
 * A browser sends a cookie along whoever asks it to: what changes something by a cookie has to say that it comes from a page of ours.
 * Throws ServiceError `forbidden`.
 */
export function demandOwnPage({ method, headers }: Request): void {
  const site = headers.get('sec-fetch-site')?.toLowerCase();
  const isReading = method === 'GET' || method === 'HEAD';
  const isElsewhere = site !== undefined && site !== 'same-origin' && !(isReading && site === 'none');
  const page = /^https?:\/\/([^/?#]+)$/i.exec(headers.get('origin') ?? '')?.[1];
  const isOwn = page !== undefined && bare(page) === bare(headers.get('host') ?? '');
  const isOther = headers.has('origin') && !isOwn;
  if (isElsewhere || isOther || (!isReading && !isOwn)) {
    throw new ServiceError('forbidden', 'A session counts only for the pages of this service itself.');
  }
}

function keyOf(id: string): string {
  return createHash('sha256').update(id).digest('base64url');
}

/** Of several by that name the first counts: the one with the longest path, which is ours alone to set (RFC 6265, 5.4). */
function idOf(headers: Headers): string | undefined {
  return new RegExp(`(?:^|; *)${COOKIE}=([A-Za-z0-9_-]{1,100})(?:;|$)`).exec(
    headers.get('cookie') ?? '',
  )?.[1];
}

function cookie(value: string, seconds: number, isSecure: boolean): string {
  return `${COOKIE}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict${isSecure ? '; Secure' : ''}`;
}

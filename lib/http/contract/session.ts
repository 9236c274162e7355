// Sessions: a page signs in with a token once, and is known by a cookie that no script can read.

import * as z from 'zod/mini';
import type { Principal } from '../../core/records/access.ts';
import type { Answer } from './answers.ts';
import { formatInstant } from './instant.ts';
import { once } from './once.ts';
import type { Route } from './route.ts';
import { shapes } from './shapes.ts';
import { scope } from './values.ts';

const SessionFields = once(() =>
  z.strictObject({ token: z.string().check(z.minLength(1), z.maxLength(4096)) }),
);

const COOKIE = {
  'Set-Cookie': { description: 'HttpOnly, SameSite=Strict; ends after 8 hours, or 30 minutes without use' },
};

export const SESSION_ROUTES = {
  getSession: {
    method: 'GET',
    path: '/session',
    summary: 'Who is calling, and whether a credential is asked for at all',
    tag: 'Access',
    scope: 'public',
    needsTokens: true,
    store: 'nothing',
    answers: { 200: { description: 'What is known of the caller', schema: 'Session' } },
    errors: [],
  },
  openSession: {
    method: 'POST',
    path: '/session',
    summary: 'Sign in: a token becomes a cookie, for pages of this service',
    tag: 'Access',
    scope: 'public',
    needsTokens: true,
    store: 'nothing',
    details:
      'A call by cookie that changes something must come from a page of this service (`Origin`). A call with an `Authorization` header is made by ' +
      'that alone. A token that is revoked or has expired ends its sessions at once.',
    body: { name: 'SessionRequest', fields: SessionFields },
    answers: { 201: { description: 'Signed in', schema: 'Session', headers: COOKIE } },
    errors: ['unauthorized', 'too_many_requests'],
  },
  closeSession: {
    method: 'DELETE',
    path: '/session',
    summary: 'Sign out',
    tag: 'Access',
    scope: 'public',
    needsTokens: true,
    store: 'nothing',
    answers: { 200: { description: 'There is no session any more', schema: 'Session', headers: COOKIE } },
    errors: [],
  },
} as const satisfies Record<string, Route>;

/** Made on demand. */
export const sessionAnswers = once(() => {
  const { about, time } = shapes();
  const Session = z.object({
    required: z.boolean().check(about('Whether callers need a credential, as of now')),
    signedIn: z.boolean().check(about('Whether the caller has one that is good, or needs none')),
    subject: z.exactOptional(z.string()).check(about('As the trail names the caller')),
    scopes: z.exactOptional(z.array(scope())),
    version: z.exactOptional(z.string()).check(about('Of the service, for callers that are known')),
    now: time,
  });
  return { Session };
});

export function viewSession(
  { subject, scopes }: Principal,
  { required, isKnown, now, version }: { required: boolean; isKnown: boolean; now: number; version: string },
): Answer<'Session'> {
  return {
    required,
    signedIn: isKnown,
    ...(isKnown ? { subject, scopes: [...scopes], version } : {}),
    now: formatInstant(now),
  };
}

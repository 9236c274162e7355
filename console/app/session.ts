// Who is signed in: by a cookie that no script can read, made of a token that goes to the service once and is kept nowhere here; or, where the
// service knows its callers by an issuer, by the token that this page was given there.

import { computed, signal } from '@preact/signals';
import { BackupError, createClient } from '../../lib/client/client.ts';
import type { SignInElsewhere } from '../../lib/client/contract.ts';
import { accessToken, comeBack, elsewhere, forgetToken, holderOf } from './pkce.ts';
import { go, SERVICE_URL } from './router.ts';

export interface Session {
  required: boolean;
  signedIn: boolean;
  subject?: string;
  scopes?: string[];
  version?: string;
  now?: string;
}

export const session = signal<Session | undefined>(undefined);
/** Since when the service has not answered; undefined while it does. */
export const lostSince = signal<number | undefined>(undefined);
/** How much its clock is ahead of ours, milliseconds. */
export const clockAheadMs = signal(0);

/** Why nobody is signed in who was sent back by the issuer, as a sentence. */
export const signInFault = signal('');

/** Calls carry the session by themselves; one that is refused for lack of it ends the session here too. */
export const client = createClient({
  url: SERVICE_URL,
  retries: 1,
  fetch: async (input) => {
    try {
      const response = await send(input as Request);
      lostSince.value = undefined;
      if (response.status === 401 && session.value?.signedIn === true) {
        session.value = { ...session.value, required: true, signedIn: false };
      }
      return response;
    } catch (error) {
      const isAborted = error instanceof DOMException && error.name === 'AbortError';
      if (!isAborted) lostSince.value ??= Date.now();
      throw error;
    }
  },
});

export const mayDo = computed(() => {
  const scopes = session.value?.scopes ?? [];
  return (scope: string): boolean => scopes.includes('admin') || scopes.includes(scope);
});

/** Now, by the service's clock, epoch milliseconds. */
export const serviceNow = (): number => Date.now() + clockAheadMs.value;

export async function learnSession(): Promise<void> {
  session.value = elsewhere === undefined ? await askSession('GET') : await sessionElsewhere(elsewhere);
}

/** Throws BackupError if the token is not accepted. */
export async function signIn(token: string): Promise<void> {
  session.value = await askSession('POST', { token });
}

export async function signOut(): Promise<void> {
  forgetToken();
  if (elsewhere === undefined) await fetch(`${SERVICE_URL}/session`, { method: 'DELETE' });
  await learnSession();
}

/** The token goes to the service, and to nobody whom the service names. */
async function send(request: Request): Promise<Response> {
  const isOurs = request.url.startsWith(`${SERVICE_URL}/`);
  if (elsewhere === undefined || !isOurs) return fetch(request);
  const again = request.clone();
  const token = await accessToken();
  if (token !== undefined) request.headers.set('Authorization', `Bearer ${token}`);
  const response = await fetch(request);
  if (response.status !== 401) return response;
  const renewed = await accessToken(token);
  if (renewed === undefined || renewed === token) return response;
  again.headers.set('Authorization', `Bearer ${renewed}`);
  return fetch(again);
}

async function sessionElsewhere(config: SignInElsewhere): Promise<Session> {
  let view: string | undefined;
  signInFault.value = '';
  try {
    view = await comeBack(config);
  } catch (error) {
    signInFault.value = error instanceof Error ? error.message : String(error);
  }
  const begun = Date.now();
  const response = await fetch(`${SERVICE_URL}/`, { headers: { Accept: 'application/json' } });
  const { version } = (await response.json()) as { version?: string };
  // It has whole seconds: only what is more than that is known.
  const ahead = Date.parse(response.headers.get('date') ?? '') + 500 - (begun + Date.now()) / 2;
  if (Math.abs(ahead) > 1000) clockAheadMs.value = ahead;
  const about = { required: true, ...(version === undefined ? {} : { version }) };
  const token = await accessToken();
  if (token === undefined) return { ...about, signedIn: false };
  if (view !== undefined) go(view, { replaces: true });
  return { ...about, signedIn: true, ...holderOf(token, config) };
}

async function askSession(method: string, body?: object): Promise<Session> {
  const begun = Date.now();
  const response = await fetch(`${SERVICE_URL}/session`, {
    method,
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } }),
  });
  const answer = (await response.json()) as Session & { detail?: string; code?: string };
  if (!response.ok) {
    throw new BackupError(answer.code ?? 'bad_answer', answer.detail ?? response.statusText, {
      status: response.status,
      headers: response.headers,
    });
  }
  // Half of the way there and back is not known better.
  if (answer.now !== undefined) clockAheadMs.value = Date.parse(answer.now) - (begun + Date.now()) / 2;
  return answer;
}

// Who is signed in: by a cookie that no script can read. The token goes to the service once, and is kept nowhere here.

import { computed, signal } from '@preact/signals';
import { BackupError, createClient } from '../../lib/client/client.ts';
import { SERVICE_URL } from './router.ts';

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

/** Calls carry the session by themselves; one that is refused for lack of it ends the session here too. */
export const client = createClient({
  url: SERVICE_URL,
  retries: 1,
  fetch: async (input) => {
    try {
      const response = await fetch(input);
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
  session.value = await askSession('GET');
}

/** Throws BackupError if the token is not accepted. */
export async function signIn(token: string): Promise<void> {
  session.value = await askSession('POST', { token });
}

export async function signOut(): Promise<void> {
  await fetch(`${SERVICE_URL}/session`, { method: 'DELETE' });
  await learnSession();
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

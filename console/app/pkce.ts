// Sign-in at an issuer of tokens: authorization code with PKCE (RFC 7636). What comes back is held by this page alone, as long as it is open:
// no store of the browser has it, and no URL.

import type { SignInElsewhere } from '../../lib/client/contract.ts';
import { HOME } from './router.ts';

const NAME = 'sign-in';
const VERIFIER_BYTES = 32;
/** Before a token ends it is renewed, if the issuer gave what that takes. */
const EARLY_MS = 30_000;

/** What this page has to know again once the issuer has sent the person back. None of it opens anything by itself. */
interface Begun {
  verifier: string;
  state: string;
  /** The view that was wanted. */
  view: string;
}

interface Held {
  access: string;
  refresh?: string;
  endsAt: number;
}

let held: Held | undefined;
let renewing: Promise<void> | undefined;

/** How one signs in here, if not at the service itself. */
export const elsewhere = readPage();

function readPage(): SignInElsewhere | undefined {
  const content = document.querySelector<HTMLMetaElement>('meta[name="sign-in"]')?.content ?? '';
  return content === '' ? undefined : (JSON.parse(content) as SignInElsewhere);
}

/** A path that every gateway tells from the console's own name. */
const redirectUri = (): string => new URL(`${HOME}overview`, location.origin).href;

/** Leaves for the issuer. */
export async function leaveToSignIn({
  clientId,
  scopes,
  audience,
  authorizationEndpoint,
}: SignInElsewhere): Promise<void> {
  const begun: Begun = { verifier: randomText(), state: randomText(), view: location.href };
  sessionStorage.setItem(NAME, JSON.stringify(begun));
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(begun.verifier));
  const asked = new URL(authorizationEndpoint);
  for (const [name, value] of Object.entries({
    response_type: 'code',
    client_id: clientId,
    redirect_uri: redirectUri(),
    scope: scopes,
    state: begun.state,
    code_challenge: base64url(new Uint8Array(digest)),
    code_challenge_method: 'S256',
    ...(audience === undefined ? {} : { audience }),
  })) {
    asked.searchParams.set(name, value);
  }
  location.assign(asked);
}

/**
 * Takes what the issuer sent the person back with, if this is such a return. Resolves with the view that was wanted; throws Error with a
 * sentence for a person if it is not what this page has asked for.
 */
export async function comeBack(config: SignInElsewhere): Promise<string | undefined> {
  const given = new URL(location.href).searchParams;
  const [code, fault, state] = ['code', 'error', 'state'].map((name) => given.get(name));
  if ((code ?? fault) == null || state == null) return undefined;
  const stored = sessionStorage.getItem(NAME);
  sessionStorage.removeItem(NAME);
  // A code is good once, and not to be seen.
  history.replaceState(null, '', HOME);
  const begun = stored === null ? undefined : (JSON.parse(stored) as Begun);
  const isAnothers = given.has('iss') && given.get('iss') !== config.issuer;
  if (begun === undefined || begun.state !== state || isAnothers) {
    throw new Error('This answer belongs to no sign-in that was begun in this window. Sign in again.');
  }
  if (code == null) {
    const why = given.get('error_description') ?? fault;
    throw new Error(`${new URL(config.issuer).host} did not sign you in: ${why}`);
  }
  await exchange(config, {
    grant_type: 'authorization_code',
    code,
    redirect_uri: redirectUri(),
    code_verifier: begun.verifier,
  });
  return begun.view;
}

/** The token to call with; undefined while nobody is signed in. Renews it shortly before it ends, or if it is `refused`. */
export async function accessToken(refused?: string): Promise<string | undefined> {
  if (held === undefined || elsewhere === undefined) return undefined;
  const isOver = Date.now() > held.endsAt - EARLY_MS || held.access === refused;
  if (!isOver) return held.access;
  const { refresh } = held;
  if (refresh === undefined) {
    if (held.access === refused) held = undefined;
    return held?.access;
  }
  renewing ??= exchange(elsewhere, { grant_type: 'refresh_token', refresh_token: refresh })
    .catch(() => {
      held = undefined;
    })
    .finally(() => {
      renewing = undefined;
    });
  await renewing;
  return held?.access;
}

export function forgetToken(): void {
  held = undefined;
}

/** What the token says of its holder, for the screen: the service decides by itself. */
export function holderOf(
  token: string,
  { scopePrefix }: SignInElsewhere,
): { subject: string; scopes: string[] } {
  const bytes = Uint8Array.from(atob(token.split('.')[1]!.replaceAll('-', '+').replaceAll('_', '/')), (c) =>
    c.charCodeAt(0),
  );
  const { sub, scope, scp } = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
  const words = scope ?? scp ?? '';
  const scopes = (Array.isArray(words) ? words : String(words).split(' ')).map((word) => String(word));
  return {
    subject: String(sub ?? ''),
    scopes: scopes.map((word) => (word.startsWith(scopePrefix) ? word.slice(scopePrefix.length) : word)),
  };
}

async function exchange(
  { tokenEndpoint, clientId, issuer }: SignInElsewhere,
  fields: Record<string, string>,
): Promise<void> {
  const host = new URL(issuer).host;
  const response = await fetch(tokenEndpoint, {
    method: 'POST',
    body: new URLSearchParams({ ...fields, client_id: clientId }),
    credentials: 'omit',
  }).catch(() => {
    throw new Error(`${host} was not reached.`);
  });
  const answer = (await response.json().catch(() => ({}))) as Record<string, unknown>;
  const { access_token: access, refresh_token: refresh, expires_in: seconds } = answer;
  if (!response.ok || typeof access !== 'string') {
    throw new Error(
      `${host} gave no token: ${String(answer.error_description ?? answer.error ?? response.status)}`,
    );
  }
  const kept = typeof refresh === 'string' ? refresh : held?.refresh;
  held = {
    access,
    ...(kept === undefined ? {} : { refresh: kept }),
    endsAt: typeof seconds === 'number' ? Date.now() + seconds * 1000 : Number.POSITIVE_INFINITY,
  };
}

function randomText(): string {
  return base64url(crypto.getRandomValues(new Uint8Array(VERIFIER_BYTES)));
}

function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}

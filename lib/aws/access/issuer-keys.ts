// The public keys of a token issuer, found by OpenID Connect Discovery and kept for a while. An issuer that does not answer
// closes no door to holders of keys that are known.

import type { Logger } from '../../log.ts';
import type { IssuerKey } from './jwt.ts';

/** Issuers rotate keys; one taken back is believed for so long. */
const FRESH_MS = 10 * 60_000;
/** While the issuer does not answer, its keys are believed on: a token that was taken back ends by itself before that. */
const KEPT_MS = 24 * 60 * 60_000;
/** A token of an unknown key makes us look again, but no flood of them more often than this. */
const LOOKED_AGAIN_MS = 30_000;
/** Nor is an issuer that does not answer asked more often: each look takes time of a caller who waits. */
const TRIED_AGAIN_MS = 5_000;
const TIMEOUT_MS = 3000;
const BYTES_MAX = 256 * 1024;

export interface IssuerKeysOptions {
  issuer: string;
  log: Logger;
  fetch?: typeof fetch;
  now?: () => number;
}

export type FindIssuerKey = (kid: string) => Promise<IssuerKey | undefined>;

/**
 * Finds keys by their id. Rejects if the key is not known and the issuer does not answer. Each look that fails leaves a line
 * in the log.
 */
export function createIssuerKeys({
  issuer,
  log,
  fetch: get = fetch,
  now = Date.now,
}: IssuerKeysOptions): FindIssuerKey {
  let keys = new Map<string, IssuerKey>();
  let fetchedAt = Number.NEGATIVE_INFINITY;
  let failure: { at: number; error: unknown } | undefined;
  let fetching: Promise<void> | undefined;

  const refresh = async (): Promise<void> => {
    try {
      keys = await fetchKeys(get, issuer);
      fetchedAt = now();
      failure = undefined;
    } catch (error) {
      failure = { at: now(), error };
      log.error('the issuer gives no keys', { issuer, known: keys.size, error });
    }
  };

  /** Callers at one time share one look. */
  const look = async (): Promise<void> => {
    if (failure !== undefined && now() - failure.at < TRIED_AGAIN_MS) return;
    fetching ??= refresh().finally(() => {
      fetching = undefined;
    });
    await fetching;
  };

  return async (kid) => {
    const known = keys.get(kid);
    if (now() - fetchedAt < (known === undefined ? LOOKED_AGAIN_MS : FRESH_MS)) return known;
    await look();
    if (failure === undefined || (keys.has(kid) && now() - fetchedAt < KEPT_MS)) return keys.get(kid);
    throw new Error(`the issuer ${issuer} gives no keys`, { cause: failure.error });
  };
}

async function fetchKeys(get: typeof fetch, issuer: string): Promise<Map<string, IssuerKey>> {
  const { jwks_uri: uri } = await discover(get, issuer);
  if (typeof uri !== 'string' || !uri.startsWith('https://')) throw new Error('the issuer names no key set');
  const { keys } = (await readJson(get, uri)) as { keys?: IssuerKey[] };
  if (!Array.isArray(keys)) throw new Error('the key set of the issuer has no keys');
  return new Map(keys.filter((key) => typeof key?.kid === 'string').map((key) => [key.kid!, key]));
}

/** What an issuer says of itself (OpenID Connect Discovery 1.0). Rejects if it says nothing, or speaks for another. */
export async function discover(get: typeof fetch, issuer: string): Promise<Record<string, unknown>> {
  const found = await readJson(get, `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
  return found as Record<string, unknown>;
}

async function readJson(get: typeof fetch, url: string): Promise<object> {
  const answer = await get(url, { signal: AbortSignal.timeout(TIMEOUT_MS), redirect: 'error' });
  const text = await answer.text();
  if (!answer.ok || text.length > BYTES_MAX) throw new Error(`the issuer answers ${answer.status} at ${url}`);
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null) throw new Error(`the issuer gives no object at ${url}`);
  return value;
}

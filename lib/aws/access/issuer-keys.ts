// The public keys of a token issuer, found by OpenID Connect Discovery and kept for a while.

import type { IssuerKey } from './jwt.ts';

/** Issuers rotate keys; one taken back is believed for so long. */
const KEPT_MS = 10 * 60_000;
/** A token of an unknown key makes us look again, but no flood of them more often than this. */
const LOOKED_AGAIN_MS = 30_000;
const TIMEOUT_MS = 4000;
const BYTES_MAX = 256 * 1024;

export interface IssuerKeysOptions {
  issuer: string;
  fetch?: typeof fetch;
  now?: () => number;
}

export type FindIssuerKey = (kid: string) => Promise<IssuerKey | undefined>;

/** Finds keys by their id. Rejects if the issuer does not answer and nothing is known from before. */
export function createIssuerKeys({
  issuer,
  fetch: get = fetch,
  now = Date.now,
}: IssuerKeysOptions): FindIssuerKey {
  let keys = new Map<string, IssuerKey>();
  let fetchedAt = Number.NEGATIVE_INFINITY;
  let fetching: Promise<void> | undefined;

  const refresh = async (): Promise<void> => {
    const discovery = await readJson(get, `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
    const { jwks_uri: uri } = discovery as { jwks_uri?: unknown };
    if (typeof uri !== 'string' || !uri.startsWith('https://'))
      throw new Error('the issuer names no key set');
    const { keys: found } = (await readJson(get, uri)) as { keys?: IssuerKey[] };
    if (!Array.isArray(found)) throw new Error('the key set of the issuer has no keys');
    keys = new Map(found.filter(({ kid }) => typeof kid === 'string').map((key) => [key.kid!, key]));
    fetchedAt = now();
  };

  return async (kid) => {
    const age = now() - fetchedAt;
    const known = keys.get(kid);
    if (known !== undefined && age < KEPT_MS) return known;
    if (age < LOOKED_AGAIN_MS) return known;
    // Callers at one time share one look.
    fetching ??= refresh().finally(() => {
      fetching = undefined;
    });
    await fetching;
    return keys.get(kid);
  };
}

async function readJson(get: typeof fetch, url: string): Promise<object> {
  const answer = await get(url, { signal: AbortSignal.timeout(TIMEOUT_MS), redirect: 'error' });
  const text = await answer.text();
  if (!answer.ok || text.length > BYTES_MAX) throw new Error(`the issuer answers ${answer.status} at ${url}`);
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null) throw new Error(`the issuer gives no object at ${url}`);
  return value;
}

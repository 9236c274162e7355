// What the claims of a token allow: our scopes, for some resources or all.

import { isScope, type Principal, type ResourceSet, type Scope } from '../../core/records/access.ts';
import { type Claims, JwtError, type VerifiedToken } from './jwt.ts';

export interface ClaimNames {
  /** What an issuer may put before our scopes: Cognito the name of the resource server, `backups/backup:write`. */
  scopePrefix: string;
  /** The claim that names resources. */
  resourcesClaim: string;
}

/** Names every resource. */
const ALL = '*';

/**
 * The principal of a good token. Words that are no scopes of ours, bare or behind the prefix, mean nothing here. Throws JwtError
 * for resources in a form that is not known: read as none they would refuse too much, read as all they would open everything.
 */
export function principalOfToken({ subject, claims }: VerifiedToken, names: ClaimNames): Principal {
  const scopes = new Set(
    wordsOf(claims).flatMap((word): Scope[] => {
      const bare = word.startsWith(names.scopePrefix) ? word.slice(names.scopePrefix.length) : word;
      return isScope(bare) ? [bare] : [];
    }),
  );
  const resources = resourcesOf(
    Object.hasOwn(claims, names.resourcesClaim) ? claims[names.resourcesClaim] : undefined,
  );
  return { subject, scopes, ...(resources === undefined ? {} : { resources }) };
}

/** RFC 8693's `scope`; Entra and Okta call it `scp`, Okta as a list. */
function wordsOf({ scope, scp }: Claims): string[] {
  const claim = scope ?? scp ?? '';
  if (typeof claim === 'string') return claim.split(' ');
  if (isTexts(claim)) return claim;
  throw new JwtError('its scopes are in an unknown form');
}

/** Undefined for all: where nothing is said of resources, or `*` alone is among them. */
function resourcesOf(claim: unknown): ResourceSet | undefined {
  if (claim === undefined) return undefined;
  const entries = typeof claim === 'string' ? claim.split(' ') : claim;
  if (!isTexts(entries)) throw new JwtError('its resources are in an unknown form');
  const named = entries.filter((entry) => entry !== '');
  if (named.includes(ALL)) return undefined;
  const isPrefix = (entry: string): boolean => entry.endsWith('*');
  return {
    ids: named.filter((entry) => !isPrefix(entry)),
    prefixes: named.filter(isPrefix).map((entry) => entry.slice(0, -1)),
  };
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string');
}

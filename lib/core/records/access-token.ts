// Named tokens: what one looks like, what is kept of it, and whom it stands for. Pure.

import type { Principal, ResourceSet, Scope } from './access.ts';

/** A token as it is remembered. The token itself is told once, to who makes it, and kept nowhere. */
export interface TokenRecord {
  /** Stands in the token, in the clear: to find it, and to say which one is meant. */
  id: string;
  name: string;
  /** Of the whole token, lower-case hex. Enough at rest: what has 256 random bits cannot be guessed from it. */
  sha256: string;
  scopes: Scope[];
  /** All resources, if it is left out. */
  resources?: ResourceSet;
  createdAt: number;
  createdBy: string;
  expiresAt?: number;
  revokedAt?: number;
  revokedBy?: string;
  /** To the minute. */
  lastUsedAt?: number;
}

export const TOKEN_ID = /^[a-z2-7]{8}$/;
const TOKEN = /^bkp_([a-z2-7]{8})_[A-Za-z0-9_-]{43}$/;
const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';
const ID_CHARS = 8;

/** A token of 256 random bits and an id of 40, from as many random bytes: `idBytes` 8, `secretBytes` 32. */
export function tokenOf(idBytes: Uint8Array, secretBytes: Uint8Array): { id: string; token: string } {
  const id = Array.from(idBytes.subarray(0, ID_CHARS), (byte) => BASE32[byte % BASE32.length]).join('');
  return { id, token: `bkp_${id}_${Buffer.from(secretBytes).toString('base64url')}` };
}

/** The id in what looks like a named token; undefined for anything else. */
export function idOfToken(presented: string): string | undefined {
  return TOKEN.exec(presented)?.[1];
}

/** Why a token opens nothing, or undefined if it does. */
export function tokenFault(
  { revokedAt, expiresAt }: TokenRecord,
  now: number,
): 'revoked' | 'expired' | undefined {
  if (revokedAt !== undefined) return 'revoked';
  return expiresAt !== undefined && expiresAt <= now ? 'expired' : undefined;
}

/** Whom the token stands for. The id tells two of one name apart. */
export function principalOf({ id, name, scopes, resources }: TokenRecord): Principal {
  return {
    subject: `token:${name}:${id}`,
    scopes: new Set(scopes),
    ...(resources === undefined ? {} : { resources }),
  };
}

// Checks a JSON Web Token (RFC 7519, RFC 7515, RFC 8725): a signature of the issuer's, for us, and in time. Only
// asymmetric algorithms, and only the one that the key is for: a token never chooses how it is checked.

import { createPublicKey, type JsonWebKey, verify } from 'node:crypto';

/** A public key of the issuer's, as its key set holds it (RFC 7517). */
export interface IssuerKey extends JsonWebKey {
  kid?: string;
  use?: string;
  alg?: string;
}

export interface JwtExpectation {
  issuer: string;
  audience: string;
  /** Epoch milliseconds. */
  now: number;
  /** The key of that id, or undefined if the issuer has none. */
  findKey(kid: string): Promise<IssuerKey | undefined>;
}

/** A token that is not good, and why: for our log, not for the caller. */
export class JwtError extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'JwtError';
  }
}

const ALGORITHMS = {
  RS256: { kty: 'RSA', bitsMin: 2048 },
  ES256: { kty: 'EC', crv: 'P-256' },
} as const;

type Algorithm = keyof typeof ALGORITHMS;

/** Clocks differ. */
const SKEW_SECONDS = 60;
/** Longer than any token that fits a header. */
const TOKEN_CHARS_MAX = 8192;
const TOKEN = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/** The subject of a good token. Throws JwtError. */
export async function verifyJwt(token: string, expected: JwtExpectation): Promise<{ subject: string }> {
  if (token.length > TOKEN_CHARS_MAX || !TOKEN.test(token))
    throw new JwtError('it has not the form of a token');
  const [head, body, signature] = token.split('.') as [string, string, string];
  const header = parsePart(head);
  const algorithm = algorithmOf(header);
  if (typeof header.kid !== 'string') throw new JwtError('it names no key');
  if (header.crit !== undefined) throw new JwtError('it demands extensions that are not known here');
  const key = await expected.findKey(header.kid);
  if (key === undefined) throw new JwtError('the issuer has no such key');
  checkSignature(algorithm, key, `${head}.${body}`, Buffer.from(signature, 'base64url'));
  return { subject: checkClaims(parsePart(body), expected) };
}

function algorithmOf({ alg }: Record<string, unknown>): Algorithm {
  if (typeof alg === 'string' && Object.hasOwn(ALGORITHMS, alg)) return alg as Algorithm;
  throw new JwtError('its algorithm is not taken here');
}

function checkSignature(algorithm: Algorithm, jwk: IssuerKey, signed: string, signature: Buffer): void {
  const wanted = ALGORITHMS[algorithm];
  if (jwk.kty !== wanted.kty) throw new JwtError('the key is not for this algorithm');
  if (jwk.alg !== undefined && jwk.alg !== algorithm) throw new JwtError('the key is not for this algorithm');
  if (jwk.use !== undefined && jwk.use !== 'sig') throw new JwtError('the key is not for signatures');
  if ('crv' in wanted && jwk.crv !== wanted.crv) throw new JwtError('the key is not for this algorithm');
  const key = createPublicKey({ key: jwk, format: 'jwk' });
  const bits = key.asymmetricKeyDetails?.modulusLength;
  if ('bitsMin' in wanted && (bits ?? 0) < wanted.bitsMin) throw new JwtError('the key is too short');
  // RFC 7518 3.4: an ECDSA signature is two plain numbers, not DER.
  const good = verify('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' }, signature);
  if (!good) throw new JwtError('its signature is not the issuer’s');
}

function checkClaims(claims: Record<string, unknown>, { issuer, audience, now }: JwtExpectation): string {
  const { iss, aud, exp, nbf, sub } = claims;
  const seconds = now / 1000;
  if (iss !== issuer) throw new JwtError('it is of another issuer');
  if (!(Array.isArray(aud) ? aud : [aud]).includes(audience))
    throw new JwtError('it is for another audience');
  if (typeof exp !== 'number' || exp + SKEW_SECONDS <= seconds) throw new JwtError('it has expired');
  if (nbf !== undefined && !(typeof nbf === 'number' && nbf - SKEW_SECONDS <= seconds)) {
    throw new JwtError('it is not valid yet');
  }
  if (typeof sub !== 'string' || sub === '' || sub.length > 256) throw new JwtError('it names no subject');
  return sub;
}

function parsePart(part: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(part, 'base64url').toString());
  } catch {
    throw new JwtError('a part of it is not JSON');
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw new JwtError('a part of it is no object');
}

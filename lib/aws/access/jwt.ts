// Whether a JSON Web Token is an access token of the issuer's, for us, and in time. Form, signature, issuer, audience and
// times are checked by aws-jwt-verify; what it leaves open is decided here (RFC 8725): a token never chooses how it is
// checked, it ends, and it is no ID token.

import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { JwtBaseError } from 'aws-jwt-verify/error';
import { decomposeUnverifiedJwt } from 'aws-jwt-verify/jwt';
import { verifyJwtSync } from 'aws-jwt-verify/jwt-verifier';

/** A public key of the issuer's, as its key set holds it (RFC 7517). */
export interface IssuerKey extends JsonWebKey {
  kid?: string;
  use?: string;
  alg?: string;
}

export interface JwtExpectation {
  issuer: string;
  /** One of them has to be the token's audience; where it has none, its client (as Cognito's access tokens). */
  audiences: readonly string[];
  /** The key of that id, or undefined if the issuer has none. Rejects if that cannot be told. */
  findKey(kid: string): Promise<IssuerKey | undefined>;
}

export type Claims = Record<string, unknown>;

export interface VerifiedToken {
  subject: string;
  claims: Claims;
}

/** A token that is not good, and why: for our log, not for the caller. */
export class JwtError extends Error {
  constructor(reason: string, options?: ErrorOptions) {
    super(reason, options);
    this.name = 'JwtError';
  }
}

/** What a key has to be for an algorithm. Only asymmetric ones: whoever can check a token cannot make one. */
const ALGORITHMS: Readonly<Record<string, { kty: string; crv?: string }>> = {
  RS256: { kty: 'RSA' },
  RS384: { kty: 'RSA' },
  RS512: { kty: 'RSA' },
  ES256: { kty: 'EC', crv: 'P-256' },
  ES384: { kty: 'EC', crv: 'P-384' },
  ES512: { kty: 'EC', crv: 'P-521' },
  EdDSA: { kty: 'OKP', crv: 'Ed25519' },
};

/** RFC 7518, 3.3. */
const RSA_BITS_MIN = 2048;
/** Clocks differ. */
const SKEW_SECONDS = 60;
/** Longer than any token that fits a header. */
const TOKEN_CHARS_MAX = 8192;
const SUBJECT_CHARS_MAX = 256;
/** RFC 7519 and RFC 9068; others are for logouts, events, proofs of possession. */
const TOKEN_TYPES = ['jwt', 'at+jwt', 'application/at+jwt'];

/** The subject and the claims of a good token. Throws JwtError for one that is not, and whatever `findKey` throws. */
export async function verifyToken(token: string, expected: JwtExpectation): Promise<VerifiedToken> {
  if (token.length > TOKEN_CHARS_MAX) throw new JwtError('it is too long');
  const { header, payload } = orRefused(() => decomposeUnverifiedJwt(token));
  checkHeader(header);
  const jwk = await expected.findKey(header.kid!);
  if (jwk === undefined) throw new JwtError('the issuer has no such key');
  const key = publicKeyOf(jwk, header.alg!);
  const claims = orRefused(() =>
    verifyJwtSync(
      token,
      // Of the library's type are only keys whose members it has already looked at.
      jwk as Parameters<typeof verifyJwtSync>[1],
      { issuer: expected.issuer, audience: audienceFor(payload, expected), graceSeconds: SKEW_SECONDS },
      () => key,
    ),
  );
  checkUse(claims, expected);
  return { subject: subjectOf(claims), claims };
}

/** Of the library's errors. It also says so of a key that is no key, which is a token's fault as well: it has named it. */
function orRefused<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof JwtBaseError) throw new JwtError(error.message.slice(0, 200), { cause: error });
    throw error;
  }
}

function checkHeader(header: Claims): void {
  const { alg, kid, crit, typ } = header;
  if (typeof alg !== 'string' || !Object.hasOwn(ALGORITHMS, alg)) {
    throw new JwtError('its algorithm is not taken here');
  }
  if (typeof kid !== 'string' || kid === '') throw new JwtError('it names no key');
  if (crit !== undefined) throw new JwtError('it demands extensions that are not known here');
  if (typ !== undefined && !(typeof typ === 'string' && TOKEN_TYPES.includes(typ.toLowerCase()))) {
    throw new JwtError('it is a token of another type');
  }
}

/** The library compares the algorithm with what the key says of itself, which may be nothing, and no lengths. */
function publicKeyOf(jwk: IssuerKey, alg: string): KeyObject {
  const wanted = ALGORITHMS[alg]!;
  if (jwk.kty !== wanted.kty || (wanted.crv !== undefined && jwk.crv !== wanted.crv)) {
    throw new JwtError('the key is not for this algorithm');
  }
  if (jwk.use !== undefined && jwk.use !== 'sig') throw new JwtError('the key is not for signatures');
  let key: KeyObject;
  try {
    key = createPublicKey({ key: jwk, format: 'jwk' });
  } catch (error) {
    throw new JwtError('the key of the issuer is none', { cause: error });
  }
  const bits = key.asymmetricKeyDetails?.modulusLength;
  if (wanted.kty === 'RSA' && (bits ?? 0) < RSA_BITS_MIN) throw new JwtError('the key is too short');
  return key;
}

/** Null, for nothing to compare, where the token says by its client for whom it is. */
function audienceFor({ aud }: Claims, { audiences }: JwtExpectation): string[] | null {
  return aud === undefined ? null : [...audiences];
}

/** What an access token says of itself, where the issuer says anything: Cognito in `token_use`, Keycloak in `typ`. */
function checkUse(
  { aud, client_id: client, token_use: use, typ, exp }: Claims,
  expected: JwtExpectation,
): void {
  if (aud === undefined && !(typeof client === 'string' && expected.audiences.includes(client))) {
    throw new JwtError('it is for another audience');
  }
  if (use !== undefined && use !== 'access') throw new JwtError('it is no access token');
  if (typ !== undefined && !(typeof typ === 'string' && typ.toLowerCase() === 'bearer')) {
    throw new JwtError('it is no access token');
  }
  if (typeof exp !== 'number') throw new JwtError('it never expires');
}

function subjectOf({ sub }: Claims): string {
  if (typeof sub === 'string' && sub !== '' && sub.length <= SUBJECT_CHARS_MAX) return sub;
  throw new JwtError('it names no subject');
}

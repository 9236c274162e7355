// Tokens of an issuer of our own.

import { createPrivateKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import type { IssuerKey } from '../../lib/aws/access/jwt.ts';

export const ISSUER = 'https://issuer.example';
export const AUDIENCE = 'backups';
export const NOW = Math.floor(Date.now() / 1000) * 1000;

export interface Signer {
  alg: string;
  kid: string;
  privateKey: KeyObject;
  jwk: IssuerKey;
}

export function createSigner(alg: 'RS256' | 'ES256' | 'EdDSA', kid: string, bits = 2048): Signer {
  const { publicKey, privateKey } = {
    RS256: () => generateKeyPairSync('rsa', { modulusLength: bits }),
    ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    EdDSA: () => generateKeyPairSync('ed25519'),
  }[alg]();
  return { alg, kid, privateKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid, alg, use: 'sig' } };
}

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

export const CLAIMS = { iss: ISSUER, aud: AUDIENCE, sub: 'alice', exp: NOW / 1000 + 300 };

/** A token with these claims; `header` replaces what it would say of itself. */
export function tokenOf(
  signer: Signer,
  claims: unknown = CLAIMS,
  header: Record<string, unknown> = {},
): string {
  const signed = `${part({ alg: signer.alg, kid: signer.kid, typ: 'JWT', ...header })}.${part(claims)}`;
  const key = createPrivateKey(signer.privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const hash = signer.alg === 'EdDSA' ? null : 'sha256';
  const signature = sign(hash, Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}

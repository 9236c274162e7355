import { createHmac } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { JwtError, verifyToken } from '../../lib/aws/access/jwt.ts';
import { AUDIENCE, CLAIMS, createSigner, ISSUER, NOW, tokenOf } from './tokens.ts';

const rsa = createSigner('RS256', 'rsa');
const ec = createSigner('ES256', 'ec');
const stranger = createSigner('RS256', 'rsa');
const short = createSigner('RS256', 'short', 1024);
const ed = createSigner('EdDSA', 'ed');
/** Its key does not say what it is for, so nothing but its form does. */
const silent = createSigner('RS256', 'silent');
silent.jwk = { kty: silent.jwk.kty!, n: silent.jwk.n!, e: silent.jwk.e!, kid: 'silent' };
const encrypts = createSigner('RS256', 'encrypts');
encrypts.jwk = { ...encrypts.jwk, use: 'enc' };
const broken = createSigner('RS256', 'broken');
broken.jwk = { ...broken.jwk, n: '' };
const KEYS = [rsa, ec, short, ed, silent, encrypts, broken];

const expected = {
  issuer: ISSUER,
  audiences: ['another-app', AUDIENCE],
  findKey: async (kid: string) => KEYS.find((key) => key.kid === kid)?.jwk,
};
/** As Cognito makes them: for a client, and no audience. */
const COGNITO = { ...CLAIMS, aud: undefined, client_id: AUDIENCE, token_use: 'access' };

test.each([
  ['RS256', tokenOf(rsa)],
  ['ES256', tokenOf(ec)],
  ['several audiences', tokenOf(rsa, { ...CLAIMS, aud: ['other', AUDIENCE] })],
  ['EdDSA', tokenOf(ed)],
  ['a key that does not say what it is for', tokenOf(silent)],
  ['another of our audiences', tokenOf(rsa, { ...CLAIMS, aud: 'another-app' })],
  ['an access token of Cognito', tokenOf(rsa, COGNITO)],
  ['an access token of Keycloak', tokenOf(rsa, { ...CLAIMS, typ: 'Bearer' })],
  ['an access token by RFC 9068', tokenOf(rsa, CLAIMS, { typ: 'at+jwt' })],
  ['no type', tokenOf(rsa, CLAIMS, { typ: undefined })],
  ['a clock that is a little behind', tokenOf(rsa, { ...CLAIMS, exp: NOW / 1000 - 30 })],
])('takes a good token: %s', async (_name, token) => {
  expect(await verifyToken(token, expected)).toMatchObject({ subject: 'alice', claims: { iss: ISSUER } });
});

describe('refuses', () => {
  const [head, body, signature] = tokenOf(rsa).split('.') as [string, string, string];
  const other = Buffer.from(JSON.stringify({ ...CLAIMS, sub: 'mallory' })).toString('base64url');
  const none = Buffer.from(JSON.stringify({ alg: 'none', kid: 'rsa' })).toString('base64url');
  const hmacHead = Buffer.from(JSON.stringify({ alg: 'HS256', kid: 'rsa' })).toString('base64url');
  const hmac = createHmac('sha256', JSON.stringify(rsa.jwk))
    .update(`${hmacHead}.${body}`)
    .digest('base64url');

  test.each([
    ['no token', ''],
    ['two parts', `${head}.${body}`],
    ['no signature', `${head}.${body}.`],
    ['the algorithm "none"', `${none}.${body}.${signature}`],
    ['the public key used as a secret', `${hmacHead}.${body}.${hmac}`],
    ['other claims under the signature', `${head}.${other}.${signature}`],
    ['the key of a stranger', tokenOf(stranger)],
    ['a key that the issuer has not', tokenOf(rsa, CLAIMS, { kid: 'unknown' })],
    ['no key named', tokenOf(rsa, CLAIMS, { kid: undefined })],
    ['a key of the other kind', tokenOf(rsa, CLAIMS, { kid: 'ec' })],
    ['an algorithm that the key is not for', tokenOf(rsa, CLAIMS, { alg: 'ES256' })],
    ['a name from the prototype', tokenOf(rsa, CLAIMS, { alg: 'toString' })],
    ['a key that is too short', tokenOf(short)],
    ['extensions that must be understood', tokenOf(rsa, CLAIMS, { crit: ['b64'] })],
    ['another issuer', tokenOf(rsa, { ...CLAIMS, iss: `${ISSUER}/` })],
    ['another audience', tokenOf(rsa, { ...CLAIMS, aud: 'other' })],
    ['no audience', tokenOf(rsa, { ...CLAIMS, aud: undefined })],
    ['another client', tokenOf(rsa, { ...COGNITO, client_id: 'other' })],
    ['our client, and an audience that is not ours', tokenOf(rsa, { ...COGNITO, aud: 'other' })],
    ['an ID token of Cognito', tokenOf(rsa, { ...CLAIMS, token_use: 'id' })],
    ['an ID token of Keycloak', tokenOf(rsa, { ...CLAIMS, typ: 'ID' })],
    ['a token for logging out', tokenOf(rsa, CLAIMS, { typ: 'logout+jwt' })],
    ['another algorithm than the form of the key', tokenOf(silent, CLAIMS, { alg: 'ES256' })],
    ['a key that is for encryption', tokenOf(encrypts)],
    ['a key that is none', tokenOf(broken)],
    ['an expired one', tokenOf(rsa, { ...CLAIMS, exp: NOW / 1000 - 61 })],
    ['one that never expires', tokenOf(rsa, { ...CLAIMS, exp: undefined })],
    ['an expiry that is text', tokenOf(rsa, { ...CLAIMS, exp: '9999999999' })],
    ['one that is not valid yet', tokenOf(rsa, { ...CLAIMS, nbf: NOW / 1000 + 300 })],
    ['no subject', tokenOf(rsa, { ...CLAIMS, sub: '' })],
    ['claims that are no object', tokenOf(rsa, [])],
    ['one that is very long', tokenOf(rsa, { ...CLAIMS, more: 'x'.repeat(10_000) })],
  ])('%s', async (_name, token) => {
    await expect(verifyToken(token, expected)).rejects.toBeInstanceOf(JwtError);
  });
});

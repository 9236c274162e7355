// Tokens: who may do what, to which resources.

import * as z from 'zod/mini';
import { type TokenRecord, tokenFault } from '../../core/records/access-token.ts';
import { LIMITS } from '../../core/records/limits.ts';
import type { Answer } from './answers.ts';
import { formatInstant } from './instant.ts';
import { once } from './once.ts';
import { IdPath } from './requests.ts';
import type { Route } from './route.ts';
import { shapes } from './shapes.ts';
import { instant, name, prefix, scope, tokenName } from './values.ts';

export const TokenFields = once(() =>
  z.strictObject({
    name: tokenName(),
    scopes: z.array(scope()).check(z.minLength(1, 'must have at least one scope')),
    resources: z.exactOptional(z.array(name()).check(z.maxLength(LIMITS.tokenResourcesMax))),
    prefixes: z.exactOptional(z.array(prefix()).check(z.maxLength(LIMITS.tokenResourcesMax))),
    expiresAt: z.exactOptional(instant('start')),
  }),
);

export const TOKEN_ROUTES = {
  listTokens: {
    method: 'GET',
    path: '/tokens',
    summary: 'List the named tokens, revoked and expired ones too',
    tag: 'Access',
    scope: 'admin',
    needsTokens: true,
    answers: { 200: { description: 'All tokens, without what is secret of them', schema: 'TokenList' } },
    errors: [],
  },
  makeToken: {
    method: 'POST',
    path: '/tokens',
    summary: 'Make a named token for some scopes, and for some resources or all',
    tag: 'Access',
    scope: 'admin',
    needsTokens: true,
    body: { name: 'TokenRequest', fields: TokenFields },
    answers: { 201: { description: 'The token, which is told this once', schema: 'TokenMade' } },
    errors: ['token_exists'],
  },
  revokeToken: {
    method: 'DELETE',
    path: '/tokens/{id}',
    summary: 'Revoke a token: from the next call on it opens nothing',
    tag: 'Access',
    scope: 'admin',
    needsTokens: true,
    params: IdPath,
    answers: { 200: { description: 'The token', schema: 'Token' } },
    errors: ['token_not_found'],
  },
} as const satisfies Record<string, Route>;

/** Made on demand. */
export const tokenAnswers = once(() => {
  const { about, time, count } = shapes();
  const Token = z.object({
    id: z.string(),
    name: z.string(),
    status: z.enum(['active', 'expired', 'revoked']),
    scopes: z.array(scope()),
    resources: z.exactOptional(z.array(z.string())).check(about('Ids; without these and prefixes, all')),
    prefixes: z.exactOptional(z.array(z.string())),
    createdAt: time,
    createdBy: z.string(),
    expiresAt: z.exactOptional(time),
    revokedAt: z.exactOptional(time),
    revokedBy: z.exactOptional(z.string()),
    lastUsedAt: z.exactOptional(time).check(about('To the minute')),
  });
  const TokenMade = z.extend(Token, {
    token: z.string().check(about('Told this once: only its SHA-256 is kept')),
  });
  const TokenList = z.object({ tokens: z.array(Token), count });

  return { Scope: scope(), Token, TokenMade, TokenList };
});

/** Without its hash: that is nobody's business. */
export function viewToken(record: TokenRecord, now: number): Answer<'Token'> {
  const { id, name, scopes, resources, createdAt, createdBy, expiresAt, revokedAt, revokedBy } = record;
  const { lastUsedAt } = record;
  return {
    id,
    name,
    status: tokenFault(record, now) ?? 'active',
    scopes: [...scopes],
    ...(resources === undefined ? {} : { resources: [...resources.ids], prefixes: [...resources.prefixes] }),
    createdAt: formatInstant(createdAt),
    createdBy,
    ...(expiresAt === undefined ? {} : { expiresAt: formatInstant(expiresAt) }),
    ...(revokedAt === undefined ? {} : { revokedAt: formatInstant(revokedAt) }),
    ...(revokedBy === undefined ? {} : { revokedBy }),
    ...(lastUsedAt === undefined ? {} : { lastUsedAt: formatInstant(lastUsedAt) }),
  };
}

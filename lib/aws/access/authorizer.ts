// Says to API Gateway which routes the holder of a token may call, and to the functions who that is.

import type { APIGatewayAuthorizerResult, APIGatewayTokenAuthorizerEvent } from 'aws-lambda';
import type { Principal } from '../../core/records/access.ts';
import type { Logger } from '../../log.ts';
import type { JwtConfig } from '../config.ts';
import { contextOf } from '../names/principal-context.ts';
import { policyFor, type RoutePatterns } from '../names/route-patterns.ts';
import { principalOfToken } from './claims.ts';
import type { FindIssuerKey } from './issuer-keys.ts';
import { JwtError, verifyToken } from './jwt.ts';

export interface AuthorizerDeps {
  config: JwtConfig;
  findKey: FindIssuerKey;
  log: Logger;
}

type PolicyDocument = APIGatewayAuthorizerResult['policyDocument'];
type Effect = 'Allow' | 'Deny';

/** What API Gateway turns into a 401. */
const UNAUTHORIZED = 'Unauthorized';

/** Rejects with `Unauthorized` for a token that is not good, and with anything else if it cannot be told. */
export function createAuthorizer({ config, findKey, log }: AuthorizerDeps) {
  return async (
    event: Pick<APIGatewayTokenAuthorizerEvent, 'authorizationToken' | 'methodArn'>,
  ): Promise<APIGatewayAuthorizerResult> => {
    const token = tokenIn(event.authorizationToken);
    try {
      const principal = principalOfToken(await verifyToken(token, { ...config, findKey }), config);
      const { subject, scopes } = principal;
      if (scopes.size === 0) log.warn('token has no scope of ours', { subject });
      return {
        principalId: subject,
        policyDocument: documentFor(principal, config.routes, event.methodArn),
        context: { ...contextOf(principal) },
      };
    } catch (error) {
      if (!(error instanceof JwtError)) throw error;
      log.warn('token refused', { reason: error.message });
      throw new Error(UNAUTHORIZED);
    }
  };
}

/** As it is, or as the password of HTTP Basic, which is all that Terraform can send. */
function tokenIn(authorization: string): string {
  const bearer = /^Bearer +([^ ]+)$/i.exec(authorization)?.[1];
  if (bearer !== undefined) return bearer;
  const basic = /^Basic +([A-Za-z0-9+/]+={0,2})$/i.exec(authorization)?.[1] ?? '';
  return /^[^:]*:(.+)$/.exec(Buffer.from(basic, 'base64').toString())?.[1] ?? '';
}

/** Of all routes, not only the one that is called: the answer is remembered for the token, whatever it calls next. */
function documentFor({ scopes }: Principal, routes: RoutePatterns, methodArn: string): PolicyDocument {
  const stageArn = methodArn.split('/').slice(0, 2).join('/');
  const { allow, deny } = policyFor(routes, scopes);
  const arns = (patterns: string[]) => patterns.map((pattern) => `${stageArn}/${pattern}`);
  const state = (Effect: Effect, Resource: string[]) => ({ Action: 'execute-api:Invoke', Effect, Resource });
  return {
    Version: '2012-10-17',
    Statement: [
      // A policy needs a statement: who may call nothing is refused everything.
      allow.length === 0 ? state('Deny', [`${stageArn}/*`]) : state('Allow', arns(allow)),
      ...(deny.length === 0 ? [] : [state('Deny', arns(deny))]),
    ],
  };
}

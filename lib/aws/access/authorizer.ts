// Says to API Gateway whether the holder of a token may call.

import type { APIGatewayAuthorizerResult, APIGatewayTokenAuthorizerEvent } from 'aws-lambda';
import type { Logger } from '../../log.ts';
import type { JwtConfig } from '../config.ts';
import type { FindIssuerKey } from './issuer-keys.ts';
import { JwtError, verifyToken } from './jwt.ts';

export interface AuthorizerDeps {
  config: JwtConfig;
  findKey: FindIssuerKey;
  log: Logger;
}

/** What API Gateway turns into a 401. */
const UNAUTHORIZED = 'Unauthorized';

/** Rejects with `Unauthorized` for a token that is not good, and with anything else if it cannot be told. */
export function createAuthorizer({ config, findKey, log }: AuthorizerDeps) {
  return async (
    event: Pick<APIGatewayTokenAuthorizerEvent, 'authorizationToken' | 'methodArn'>,
  ): Promise<APIGatewayAuthorizerResult> => {
    const token = /^Bearer +([^ ]+)$/i.exec(event.authorizationToken)?.[1] ?? '';
    try {
      const { subject } = await verifyToken(token, { ...config, findKey });
      return { principalId: subject, policyDocument: allow(event.methodArn) };
    } catch (error) {
      if (!(error instanceof JwtError)) throw error;
      log.warn('token refused', { reason: error.message });
      throw new Error(UNAUTHORIZED);
    }
  };
}

/** The whole stage: the answer is remembered for the token, whatever it calls next. */
function allow(methodArn: string): APIGatewayAuthorizerResult['policyDocument'] {
  const stageArn = methodArn.split('/').slice(0, 2).join('/');
  return {
    Version: '2012-10-17',
    Statement: [{ Action: 'execute-api:Invoke', Effect: 'Allow', Resource: `${stageArn}/*` }],
  };
}

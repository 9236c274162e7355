// What API Gateway answers by itself, in the words of our own errors: callers meet one form of problem, whoever refuses them.

import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import { ERROR_CODES, type ErrorCode } from '../core/records/errors.ts';
import { PROBLEM_TYPE_PREFIX } from '../http/contract/problem.ts';
import type { Auth } from './settings.ts';

interface Answer {
  type: apigateway.ResponseType;
  code: ErrorCode;
  detail: string;
  headers?: Record<string, string>;
}

/** Registers every answer on the API. */
export function addGatewayAnswers(api: apigateway.RestApi, auth: Auth): void {
  for (const { type, code, detail, headers } of answersFor(auth)) {
    const [status, title] = ERROR_CODES[code];
    const problem = {
      type: `${PROBLEM_TYPE_PREFIX}${code}`,
      title,
      status,
      detail,
      code,
      requestId: '$context.requestId',
    };
    api.addGatewayResponse(type.responseType, {
      type,
      statusCode: String(status),
      templates: { 'application/json': JSON.stringify(problem) },
      ...(headers === undefined ? {} : { responseHeaders: headers }),
    });
  }
}

function answersFor(auth: Auth): Answer[] {
  const { ResponseType } = apigateway;
  const uncertain =
    'It is not certain whether the request took effect. Try again; an Idempotency-Key makes that safe for backups.';
  return [
    // API Gateway says this both of a path that it does not know and of a request that nobody has signed.
    auth.kind === 'iam'
      ? {
          type: ResponseType.MISSING_AUTHENTICATION_TOKEN,
          code: 'unauthorized',
          detail:
            'Sign the request with AWS Signature Version 4 for execute-api. If it is signed, no route has this path and method.',
        }
      : {
          type: ResponseType.MISSING_AUTHENTICATION_TOKEN,
          code: 'route_not_found',
          detail: 'No route has this path and method; GET / lists them all.',
        },
    { type: ResponseType.UNAUTHORIZED, code: 'unauthorized', detail: 'Send a valid bearer token.' },
    ...(auth.kind === 'jwt'
      ? [ResponseType.AUTHORIZER_FAILURE, ResponseType.AUTHORIZER_CONFIGURATION_ERROR]
      : []
    ).map(
      (type): Answer => ({
        type,
        code: 'dependency_unavailable',
        detail:
          'Nothing was done: the issuer of tokens does not answer, so it cannot be told whether this one is good.',
        headers: { 'Retry-After': "'10'" },
      }),
    ),
    {
      type: ResponseType.INVALID_SIGNATURE,
      code: 'forbidden',
      detail: 'The signature does not fit the request.',
    },
    { type: ResponseType.EXPIRED_TOKEN, code: 'forbidden', detail: 'The credentials have expired.' },
    { type: ResponseType.ACCESS_DENIED, code: 'forbidden', detail: 'The caller may not use this route.' },
    {
      type: ResponseType.REQUEST_TOO_LARGE,
      code: 'payload_too_large',
      detail:
        'Nothing was stored. Upload the state instead: POST /uploads, PUT it there, then POST /backups with uploadId.',
    },
    {
      type: ResponseType.THROTTLED,
      code: 'too_many_requests',
      detail: 'Nothing was done. Try again a little later.',
      headers: { 'Retry-After': "'1'" },
    },
    {
      type: ResponseType.INTEGRATION_TIMEOUT,
      code: 'dependency_unavailable',
      detail: uncertain,
      headers: { 'Retry-After': "'5'" },
    },
    { type: ResponseType.INTEGRATION_FAILURE, code: 'internal_error', detail: uncertain },
    { type: ResponseType.DEFAULT_5XX, code: 'internal_error', detail: uncertain },
  ];
}

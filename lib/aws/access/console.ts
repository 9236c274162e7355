// Serves the console where callers are known by the tokens of an issuer: the page's files, and where one signs in. It can do nothing else: what
// the page asks for goes to the API, with the token that its user was given.

import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import { ServiceError } from '../../core/records/errors.ts';
import { problemResponse } from '../../http/contract/problem.ts';
import type { SignInElsewhere } from '../../http/contract/sign-in.ts';
import { type Console, createConsole } from '../../http/server/console.ts';
import type { Logger } from '../../log.ts';
import type { ConsoleConfig } from '../config.ts';
import { discover } from './issuer-keys.ts';

export interface ConsoleHandlerDeps {
  config: ConsoleConfig;
  /** Of what `npm run build` makes. */
  folder: string;
  log: Logger;
  fetch?: typeof fetch;
}

type ConsoleEvent = Pick<APIGatewayProxyEvent, 'httpMethod' | 'headers' | 'pathParameters' | 'resource'>;

/** The view that people come to, and come back to from the issuer: a path that no gateway takes for another. */
const FIRST = 'overview';

/** An issuer that does not answer is asked again with the next call. */
export function createConsoleHandler({ config, folder, log, fetch: get = fetch }: ConsoleHandlerDeps) {
  let pages: Promise<Console> | undefined;
  const open = (): Promise<Console> => {
    pages ??= signInAt(config, get).then((signIn) => {
      const { basePath, stagingOrigin } = config;
      return createConsole({ folder, basePath, signIn, elsewhere: [stagingOrigin], log });
    });
    pages.catch(() => {
      pages = undefined;
    });
    return pages;
  };
  return async ({
    httpMethod,
    headers,
    pathParameters,
    resource,
  }: ConsoleEvent): Promise<APIGatewayProxyResult> => {
    const home = `${config.basePath}/console/`;
    if (resource === '/console') {
      return resultOf(
        new Response(null, { status: 302, headers: { Location: home + FIRST, 'Cache-Control': 'no-store' } }),
      );
    }
    const path = `/console/${pathParameters?.proxy ?? ''}`;
    const given = Object.entries(headers ?? {}).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    );
    try {
      const serve = await open();
      const request = new Request(new URL(path, 'https://console'), { method: httpMethod, headers: given });
      return resultOf(serve(request) ?? notFound(path));
    } catch (error) {
      log.error('the issuer does not say where one signs in', { issuer: config.issuer, error });
      return resultOf(
        problemResponse(
          new ServiceError(
            'dependency_unavailable',
            'The issuer of tokens does not say where one signs in; try again.',
            {
              retryAfterSeconds: 5,
            },
          ),
          path,
        ),
      );
    }
  };
}

/** Only https, so that no code and no token goes where others can read it. */
async function signInAt(config: ConsoleConfig, get: typeof fetch): Promise<SignInElsewhere> {
  const { issuer, clientId, scopes, audience, scopePrefix } = config;
  const { authorization_endpoint: authorizationEndpoint, token_endpoint: tokenEndpoint } = await discover(
    get,
    issuer,
  );
  if (!isHttps(authorizationEndpoint) || !isHttps(tokenEndpoint))
    throw new Error('the issuer names no endpoints');
  return { issuer, authorizationEndpoint, tokenEndpoint, clientId, scopes, audience, scopePrefix };
}

function isHttps(value: unknown): value is string {
  return typeof value === 'string' && URL.canParse(value) && new URL(value).protocol === 'https:';
}

function notFound(path: string): Response {
  return problemResponse(new ServiceError('route_not_found', 'The console has no such file.'), path);
}

async function resultOf(response: Response): Promise<APIGatewayProxyResult> {
  return {
    statusCode: response.status,
    headers: Object.fromEntries(response.headers),
    body: Buffer.from(await response.arrayBuffer()).toString('base64'),
    isBase64Encoded: true,
  };
}

// Who may call the API: IAM by default, holders of a JWT by choice, everybody only when asked for by name.

import { Duration } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import { Construct } from 'constructs';
import { JWT_ENV, type JwtEnvironment } from '../aws/names/env.ts';
import { patternsOf } from '../aws/names/route-patterns.ts';
import { SERVED_BY } from '../aws/names/served-by.ts';
import { ROUTE_LIST } from '../http/contract/routes.ts';
import { ServiceFunction } from './function.ts';
import type { Settings } from './settings.ts';

/** How long API Gateway remembers an answer about a token: a token taken back is still good for that long. */
const REMEMBERED_SECONDS = 300;
const TIMEOUT_SECONDS = 10;
const MEMORY_MIB = 512;

export class Authorizer extends Construct {
  /** What every method of the API asks for that is not public. */
  readonly methodOptions: apigateway.MethodOptions;
  /** Of the authorizer, where there is one. */
  readonly function: ServiceFunction | undefined;

  constructor(scope: Construct, id: string, settings: Settings, projectRoot: string) {
    super(scope, id);
    const { auth } = settings;
    if (auth.kind === 'iam') {
      this.methodOptions = { authorizationType: apigateway.AuthorizationType.IAM };
      return;
    }
    if (auth.kind === 'none') {
      this.methodOptions = { authorizationType: apigateway.AuthorizationType.NONE };
      return;
    }
    const served = ROUTE_LIST.filter(({ operationId }) => SERVED_BY[operationId] !== undefined);
    const environment: JwtEnvironment = {
      [JWT_ENV.issuer]: auth.issuer,
      [JWT_ENV.audience]: auth.audience,
      [JWT_ENV.scopePrefix]: auth.scopePrefix,
      [JWT_ENV.resourcesClaim]: auth.resourcesClaim,
      [JWT_ENV.routes]: JSON.stringify(patternsOf(served)),
    };
    this.function = new ServiceFunction(this, 'Jwt', {
      settings,
      projectRoot,
      environment,
      entry: 'jwt-authorizer',
      description: 'Checks bearer tokens, and says which routes they open',
      memoryMiB: MEMORY_MIB,
      timeoutSeconds: TIMEOUT_SECONDS,
      privileges: [],
    });
    this.methodOptions = {
      authorizationType: apigateway.AuthorizationType.CUSTOM,
      authorizer: new apigateway.TokenAuthorizer(this, 'Token', {
        handler: this.function.lambda,
        // What does not look like a token costs no call.
        validationRegex:
          '^([Bb]earer [A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+|[Bb]asic [A-Za-z0-9+/]+={0,2})$',
        resultsCacheTtl: Duration.seconds(REMEMBERED_SECONDS),
      }),
    };
  }
}

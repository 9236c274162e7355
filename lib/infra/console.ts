// The console, where there is an issuer that people can sign in at: a function that has files and no rights, and its two paths.

import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { CONSOLE_ENV, type ConsoleEnvironment } from '../aws/names/env.ts';
import { acknowledge } from './acknowledge.ts';
import { ServiceFunction } from './function.ts';
import type { Auth, ConsoleClient, Settings } from './settings.ts';

const MEMORY_MIB = 512;
const TIMEOUT_SECONDS = 10;
/** Made by `scripts/build-console.ts`. */
const FILES = 'dist/console';

export interface ConsoleProps {
  settings: Settings;
  auth: Extract<Auth, { kind: 'jwt' }>;
  client: ConsoleClient;
  projectRoot: string;
  api: apigateway.RestApi;
  staging: Pick<IBucket, 'bucketRegionalDomainName'>;
}

/** Paths of the API that the console stands at. */
export const CONSOLE_PATHS = ['/console', '/console/{proxy+}'] as const;

export class ConsoleSite extends Construct {
  readonly function: ServiceFunction;

  constructor(scope: Construct, id: string, props: ConsoleProps) {
    super(scope, id);
    const { settings, auth, client, projectRoot, api, staging } = props;
    const environment: ConsoleEnvironment = {
      [CONSOLE_ENV.issuer]: auth.issuer,
      [CONSOLE_ENV.scopePrefix]: auth.scopePrefix,
      [CONSOLE_ENV.clientId]: client.clientId,
      [CONSOLE_ENV.scopes]: client.scopes,
      // Of several the first: for the others the tokens of other clients are.
      [CONSOLE_ENV.audience]: auth.audience.split(',')[0]!,
      [CONSOLE_ENV.basePath]: settings.basePath === '/' ? '' : settings.basePath,
      [CONSOLE_ENV.stagingOrigin]: `https://${staging.bucketRegionalDomainName}`,
    };
    this.function = new ServiceFunction(this, 'Pages', {
      ...{ settings, projectRoot, environment },
      entry: 'console',
      description: 'Serves the console: files, and nothing that is stored',
      memoryMiB: MEMORY_MIB,
      timeoutSeconds: TIMEOUT_SECONDS,
      files: FILES,
      privileges: [],
    });
    const integration = new apigateway.LambdaIntegration(this.function.lambda, {
      scopePermissionToMethod: false,
    });
    for (const path of CONSOLE_PATHS) {
      const method = api.root.resourceForPath(path).addMethod('GET', integration, {
        authorizationType: apigateway.AuthorizationType.NONE,
      });
      acknowledge(method, { APIG4: 'It tells nobody anything of what is stored.' });
    }
  }
}

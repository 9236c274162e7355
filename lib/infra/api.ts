// The REST API, made from the table of routes: each one a resource and a method, each led to the function that serves it.

import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { type ApiFunction, SERVED_BY } from '../aws/names/served-by.ts';
import { methodsOf } from '../http/contract/route.ts';
import { ROUTE_LIST } from '../http/contract/routes.ts';
import { acknowledge } from './acknowledge.ts';
import { CONSOLE_PATHS } from './console.ts';
import { addGatewayAnswers } from './gateway-answers.ts';
import { logRetention } from './log-retention.ts';
import { consoleOf, type Settings } from './settings.ts';

/** A burst of so many seconds' worth of calls is let through at once. */
const BURST_SECONDS = 2;

/** Calls a second of each route that asks for no credential: monitors need few, and whoever wants to cost us something gets no more. */
const PUBLIC_PER_SECOND_MAX = 10;

/** The same of the console's files: a page is three. */
const PAGES_PER_SECOND_MAX = 50;

const PUBLIC: apigateway.MethodOptions = { authorizationType: apigateway.AuthorizationType.NONE };

export interface ApiProps {
  settings: Settings;
  functions: Record<ApiFunction, IFunction>;
  methodOptions: apigateway.MethodOptions;
}

export class Api extends Construct {
  readonly rest: apigateway.RestApi;

  constructor(scope: Construct, id: string, { settings, functions, methodOptions }: ApiProps) {
    super(scope, id);
    this.rest = new apigateway.RestApi(this, 'Rest', {
      // It is the only dimension of the API's metrics: of two stacks with one name, each would ring the other's alarms.
      restApiName: Stack.of(this).stackName,
      description: 'Backup & Restore Service',
      endpointTypes: [apigateway.EndpointType.REGIONAL],
      // As bytes: as text, API Gateway would replace what is no UTF-8 before anybody could refuse it.
      binaryMediaTypes: ['*/*'],
      // An account and region have one role for the logs of all APIs: whoever sets it must never take it away again.
      cloudWatchRole: settings.apiLogs === 'own',
      ...(settings.apiLogs === 'own' ? { cloudWatchRoleRemovalPolicy: RemovalPolicy.RETAIN } : {}),
      deployOptions: {
        stageName: settings.stage,
        // Of the whole API: bounds what a mistaken client can cost.
        throttlingRateLimit: settings.requestsPerSecondMax,
        throttlingBurstLimit: settings.requestsPerSecondMax * BURST_SECONDS,
        metricsEnabled: true,
        ...this.logged(settings),
        methodOptions: publicOptions(settings),
      },
    });
    addGatewayAnswers(this.rest, settings.auth);
    const integrations = new Map<ApiFunction, apigateway.LambdaIntegration>();
    for (const name of Object.keys(functions) as ApiFunction[]) {
      // One permission for the whole API in place of two for each method: a policy holds 20 KB.
      integrations.set(
        name,
        new apigateway.LambdaIntegration(functions[name], { scopePermissionToMethod: false }),
      );
    }
    for (const route of ROUTE_LIST) {
      const { operationId, path, scope } = route;
      const servedBy = SERVED_BY[operationId];
      if (servedBy === undefined) continue;
      const resource = path === '/' ? this.rest.root : this.rest.root.resourceForPath(path);
      for (const method of methodsOf(route)) {
        const added = resource.addMethod(method, integrations.get(servedBy), {
          ...(scope === 'public' ? PUBLIC : methodOptions),
          operationName: method === route.method ? operationId : `${operationId}Head`,
        });
        if (scope === 'public') acknowledge(added, { APIG4: 'It tells nobody anything of what is stored.' });
      }
    }
    acknowledgeFindings(this, settings);
  }

  /** Who called what, and what failed on the way; nothing without a role to write it with. */
  private logged(settings: Settings): apigateway.StageOptions {
    if (settings.apiLogs === 'none') return {};
    const accessLogs = new logs.LogGroup(this, 'AccessLogs', {
      retention: logRetention(settings),
      removalPolicy: settings.disposable ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN,
    });
    return {
      // Execution logs of errors only, and never with the data.
      loggingLevel: apigateway.MethodLoggingLevel.ERROR,
      dataTraceEnabled: false,
      accessLogDestination: new apigateway.LogGroupLogDestination(accessLogs),
      accessLogFormat: apigateway.AccessLogFormat.custom(ACCESS_LOG_FORMAT),
    };
  }
}

/** What is set for one method stands in place of all that is set for the stage. */
function publicOptions(settings: Settings): Record<string, apigateway.MethodDeploymentOptions> {
  const bounded = (perSecond: number): apigateway.MethodDeploymentOptions => ({
    throttlingRateLimit: perSecond,
    throttlingBurstLimit: perSecond * BURST_SECONDS,
    metricsEnabled: true,
    dataTraceEnabled: false,
    ...(settings.apiLogs === 'none' ? {} : { loggingLevel: apigateway.MethodLoggingLevel.ERROR }),
  });
  const isOpen = ({ operationId, scope }: (typeof ROUTE_LIST)[number]): boolean =>
    scope === 'public' && SERVED_BY[operationId] !== undefined;
  const open = ROUTE_LIST.filter(isOpen).map(({ method, path }) => [
    `${path}/${method}`,
    bounded(PUBLIC_PER_SECOND_MAX),
  ]);
  const pages = consoleOf(settings) === undefined ? [] : CONSOLE_PATHS;
  return Object.fromEntries([
    ...open,
    ...pages.map((path) => [`${path}/GET`, bounded(PAGES_PER_SECOND_MAX)]),
  ]);
}

/** Who, what, how long; no query, for it names resources, and no body. */
const ACCESS_LOG_FORMAT = JSON.stringify({
  requestId: '$context.requestId',
  time: '$context.requestTimeEpoch',
  caller: '$context.identity.userArn',
  principal: '$context.authorizer.principalId',
  ip: '$context.identity.sourceIp',
  method: '$context.httpMethod',
  route: '$context.resourcePath',
  status: '$context.status',
  integrationStatus: '$context.integrationStatus',
  latencyMs: '$context.responseLatency',
  bytesOut: '$context.responseLength',
  refusal: '$context.error.responseType',
});

function acknowledgeFindings(api: Api, { auth, apiLogs }: Settings): void {
  const noLogs = 'A stage that can be thrown away sets no role for the logs of the whole account.';
  acknowledge(api, {
    ...(apiLogs === 'none' ? { APIG1: noLogs, APIG6: noLogs } : {}),
    APIG2: 'The functions validate every request against the contract and name each fault in it.',
    APIG3: 'Callers are authenticated and throttled; a web ACL is the account owner’s to attach.',
    COG4: 'Callers are known by IAM, or by a JWT of any issuer; a Cognito pool is not asked for.',
    ...(auth.kind === 'none'
      ? {
          APIG4:
            'The deployment was asked, by name, to let everybody in: it is for tests on a closed network.',
        }
      : {}),
    'IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs]':
      'The role that API Gateway writes logs with is made for this policy, and AWS keeps the two together.',
  });
}

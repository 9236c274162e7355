// The REST API, made from the table of routes: each one a resource and a method, each led to the function that serves it.

import { RemovalPolicy } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { type ApiFunction, SERVED_BY } from '../aws/served-by.ts';
import { ROUTE_LIST } from '../http/contract.ts';
import { acknowledge } from './acknowledge.ts';
import { addGatewayAnswers } from './gateway-answers.ts';
import { logRetention } from './log-retention.ts';
import type { Settings } from './settings.ts';

/** Of the whole API: bounds what a mistaken client can cost. */
const REQUESTS_PER_SECOND = 200;
const REQUESTS_BURST = 400;

export interface ApiProps {
  settings: Settings;
  functions: Record<ApiFunction, IFunction>;
  methodOptions: apigateway.MethodOptions;
}

export class Api extends Construct {
  readonly rest: apigateway.RestApi;

  constructor(scope: Construct, id: string, { settings, functions, methodOptions }: ApiProps) {
    super(scope, id);
    const accessLogs = new logs.LogGroup(this, 'AccessLogs', {
      retention: logRetention(settings),
      removalPolicy: settings.disposable ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN,
    });
    this.rest = new apigateway.RestApi(this, 'Rest', {
      description: 'Backup & Restore Service',
      endpointTypes: [apigateway.EndpointType.REGIONAL],
      // As bytes: as text, API Gateway would replace what is no UTF-8 before anybody could refuse it.
      binaryMediaTypes: ['*/*'],
      defaultMethodOptions: methodOptions,
      cloudWatchRole: true,
      cloudWatchRoleRemovalPolicy: settings.disposable ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN,
      deployOptions: {
        stageName: settings.stage,
        throttlingRateLimit: REQUESTS_PER_SECOND,
        throttlingBurstLimit: REQUESTS_BURST,
        metricsEnabled: true,
        // Execution logs of errors only, and never with the data.
        loggingLevel: apigateway.MethodLoggingLevel.ERROR,
        dataTraceEnabled: false,
        accessLogDestination: new apigateway.LogGroupLogDestination(accessLogs),
        accessLogFormat: apigateway.AccessLogFormat.custom(ACCESS_LOG_FORMAT),
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
    for (const { operationId, method, path } of ROUTE_LIST) {
      const resource = path === '/' ? this.rest.root : this.rest.root.resourceForPath(path);
      resource.addMethod(method, integrations.get(SERVED_BY[operationId]), { operationName: operationId });
    }
    acknowledgeFindings(this, settings);
  }
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

function acknowledgeFindings(api: Api, { auth }: Settings): void {
  acknowledge(api, {
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

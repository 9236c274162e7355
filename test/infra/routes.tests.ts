import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Template } from 'aws-cdk-lib/assertions';
import { SERVED_BY } from '../../lib/aws/names/served-by.ts';
import { methodsOf as methodsOfRoute } from '../../lib/http/contract/route.ts';
import { ROUTE_LIST } from '../../lib/http/contract/routes.ts';
import { idOf, resourcesOf, synthesize, textOf } from './synth.ts';

describe('routes', () => {
  interface Method {
    route: string;
    auth: unknown;
    authorizer: unknown;
    integration: string;
  }

  /** Every method of the API, by the path that its resources make. */
  function methodsOf(template: Template): Method[] {
    const resources = new Map(resourcesOf(template, 'AWS::ApiGateway::Resource'));
    const pathOf = (reference: unknown): string => {
      const id = (reference as { Ref?: string }).Ref;
      const resource = id === undefined ? undefined : resources.get(id);
      if (resource === undefined) return '';
      return `${pathOf(resource.Properties.ParentId)}/${resource.Properties.PathPart}`;
    };
    return resourcesOf(template, 'AWS::ApiGateway::Method').map(([, { Properties }]) => ({
      route: `${Properties.HttpMethod} ${pathOf(Properties.ResourceId) || '/'}`,
      auth: Properties.AuthorizationType,
      authorizer: Properties.AuthorizerId,
      integration: textOf((Properties.Integration as { Uri: unknown }).Uri),
    }));
  }

  const ROUTES = ROUTE_LIST.filter(
    ({ needsTokens, needsProcess }) => needsTokens !== true && needsProcess !== true,
  )
    .flatMap((route) => methodsOfRoute(route).map((method) => `${method} ${route.path}`))
    .sort();

  const PUBLIC = ['GET /', 'GET /health', 'GET /openapi.json'];

  test('the public routes of the contract are these', () => {
    const found = ROUTE_LIST.filter(({ scope, needsTokens }) => scope === 'public' && needsTokens !== true);
    expect(found.map(({ method, path }) => `${method} ${path}`).sort()).toEqual(PUBLIC);
  });

  describe('by default', () => {
    let template: Template;
    let methods: Method[];
    beforeAll(() => {
      template = synthesize();
      methods = methodsOf(template);
    });

    test('every route of the contract has a method, and nothing else has', () => {
      expect(methods.map(({ route }) => route).sort()).toEqual(ROUTES);
    });

    test('every method asks for IAM, but those that are public', () => {
      for (const { route, auth } of methods) {
        expect([route, auth]).toEqual([route, PUBLIC.includes(route) ? 'NONE' : 'AWS_IAM']);
      }
    });

    test('what is public is called a few times a second, and logged like all else', () => {
      const { Properties } = resourcesOf(template, 'AWS::ApiGateway::Stage')[0]![1];
      const [, ...own] = Properties.MethodSettings as Record<string, unknown>[];
      // CloudFormation wants every slash of a path as `~1`, behind one that it counts on.
      expect(own.map(({ HttpMethod, ResourcePath }) => `${HttpMethod} ${ResourcePath}`).sort()).toEqual([
        'GET /',
        'GET /~1health',
        'GET /~1openapi.json',
      ]);
      for (const settings of own) {
        expect(settings).toMatchObject({
          ThrottlingRateLimit: 10,
          DataTraceEnabled: false,
          LoggingLevel: 'ERROR',
          MetricsEnabled: true,
        });
      }
    });

    test('every method leads to the function that serves it', () => {
      const ids = {
        backups: idOf(template, 'AWS::Lambda::Function', 'FunctionsBackups'),
        restores: idOf(template, 'AWS::Lambda::Function', 'FunctionsRestores'),
        schedules: idOf(template, 'AWS::Lambda::Function', 'FunctionsSchedules'),
      };
      for (const { operationId, method, path } of ROUTE_LIST) {
        const servedBy = SERVED_BY[operationId];
        if (servedBy === undefined) continue;
        const { integration } = methods.find(({ route }) => route === `${method} ${path}`)!;
        expect(integration).toContain(`"${ids[servedBy]}"`);
      }
    });

    test('bytes pass as they are, in both directions', () => {
      template.hasResourceProperties('AWS::ApiGateway::RestApi', { BinaryMediaTypes: ['*/*'] });
    });

    test('calls are throttled and logged, bodies are not', () => {
      const { Properties } = resourcesOf(template, 'AWS::ApiGateway::Stage')[0]![1];
      const [settings] = Properties.MethodSettings as Record<string, unknown>[];
      expect(settings).toMatchObject({ DataTraceEnabled: false, LoggingLevel: 'ERROR' });
      expect(settings!.ThrottlingRateLimit).toBeGreaterThan(0);
      const { Format } = Properties.AccessLogSetting as { Format: string };
      expect(Object.keys(JSON.parse(Format))).toContain('caller');
      expect(Format).not.toMatch(/body|querystring|requestOverride|input/i);
    });

    test('only API Gateway may call the functions of the API, and only from this API', () => {
      for (const [, { Properties }] of resourcesOf(template, 'AWS::Lambda::Permission')) {
        expect(['apigateway.amazonaws.com', 'events.amazonaws.com']).toContain(Properties.Principal);
        expect(Properties.SourceArn).toBeDefined();
      }
      expect(resourcesOf(template, 'AWS::Lambda::Url')).toEqual([]);
    });
  });

  test('with -c auth=jwt every method asks the authorizer, but those that are public', () => {
    const methods = methodsOf(
      synthesize({ auth: 'jwt', jwtIssuer: 'https://issuer.example', jwtAudience: 'backups' }),
    );
    expect(methods.map(({ route }) => route).sort()).toEqual(ROUTES);
    for (const { route, auth, authorizer } of methods) {
      const isPublic = PUBLIC.includes(route);
      expect([route, auth]).toEqual([route, isPublic ? 'NONE' : 'CUSTOM']);
      expect(authorizer === undefined).toBe(isPublic);
    }
  });

  test('with a client for it the console stands at two open paths, by a function that may do nothing', () => {
    const template = synthesize({
      ...{ auth: 'jwt', jwtIssuer: 'https://issuer.example', jwtAudience: 'backups,others' },
      ...{ jwtConsoleClientId: 'console', jwtConsoleScopes: 'openid backups/backup:list' },
    });
    const methods = methodsOf(template);
    const added = methods.filter(({ route }) => !ROUTES.includes(route));
    expect(added.map(({ route, auth }) => [route, auth]).sort()).toEqual([
      ['GET /console', 'NONE'],
      ['GET /console/{proxy+}', 'NONE'],
    ]);
    expect(methods).toHaveLength(ROUTES.length + 2);
    const pages = idOf(template, 'AWS::Lambda::Function', 'ConsolePages');
    for (const { integration } of added) expect(integration).toContain(pages);
    const policies = resourcesOf(template, 'AWS::IAM::Policy').filter(([id]) =>
      id.startsWith('ConsolePages'),
    );
    const statements = policies.flatMap(
      ([, { Properties }]) => (Properties.PolicyDocument as { Statement: { Action: string[] }[] }).Statement,
    );
    expect(statements.flatMap(({ Action }) => Action).sort()).toEqual([
      'logs:CreateLogStream',
      'logs:PutLogEvents',
    ]);
    const [, { Properties }] = resourcesOf(template, 'AWS::Lambda::Function').find(([id]) => id === pages)!;
    const { Variables } = Properties.Environment as { Variables: Record<string, unknown> };
    expect(Variables).toMatchObject({
      BACKUP_CONSOLE_CLIENT_ID: 'console',
      BACKUP_CONSOLE_SCOPES: 'openid backups/backup:list',
      BACKUP_CONSOLE_AUDIENCE: 'backups',
    });
    const cors = (of: Template) =>
      resourcesOf(of, 'AWS::S3::Bucket')
        .filter(([, bucket]) => bucket.Properties.CorsConfiguration !== undefined)
        .map(([id]) => id);
    expect(cors(template)).toEqual([expect.stringMatching(/^BucketsStaging/)]);
    expect(cors(synthesize())).toEqual([]);
  });

  test('what cannot be told of a token, because its issuer is down, is 503 and no refusal; only where there are tokens', () => {
    const answersOf = (template: Template) =>
      resourcesOf(template, 'AWS::ApiGateway::GatewayResponse')
        .map(([, { Properties }]) => Properties)
        .filter(({ ResponseType }) => String(ResponseType).startsWith('AUTHORIZER_'));
    const answers = answersOf(
      synthesize({ auth: 'jwt', jwtIssuer: 'https://issuer.example', jwtAudience: 'backups' }),
    );
    expect(answers.map(({ ResponseType }) => ResponseType).sort()).toEqual([
      'AUTHORIZER_CONFIGURATION_ERROR',
      'AUTHORIZER_FAILURE',
    ]);
    for (const { StatusCode, ResponseTemplates } of answers) {
      expect(StatusCode).toBe('503');
      expect(textOf(ResponseTemplates)).toContain('dependency_unavailable');
    }
    expect(answersOf(synthesize())).toEqual([]);
  });

  test('with -c auth=none, and only then, nothing is asked for', () => {
    for (const { auth } of methodsOf(synthesize({ auth: 'none', stage: 'dev' }))) expect(auth).toBe('NONE');
  });
});

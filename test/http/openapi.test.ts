// The OpenAPI document says what is served, and what is served is in it.

import { describe, expect, test } from '@jest/globals';
import type * as z from 'zod/mini';
import { createAnswers } from '../../lib/http/contract/answers.ts';
import type { Route } from '../../lib/http/contract/route.ts';
import { ROUTE_LIST, ROUTES } from '../../lib/http/contract/routes.ts';
import { createOpenApi, type Security } from '../../lib/http/openapi/openapi.ts';
import { errorsOf } from '../../lib/http/openapi/responses.ts';
import { createHarness } from './harness.ts';

interface Operation {
  operationId: string;
  security: unknown[];
  parameters?: { name: string; in: string; required: boolean; schema: Record<string, unknown> }[];
  requestBody?: { required: boolean; content: Record<string, { schema: Schema; examples?: object }> };
  responses: Record<string, { content?: Record<string, { schema: Schema }>; headers?: object }>;
}
type Schema = Record<string, unknown> & { properties?: Record<string, Schema>; required?: string[] };
interface Document {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema>; securitySchemes: object };
}

async function fetchDocument(token?: string): Promise<Document> {
  const { send } = createHarness({ auth: token === undefined ? {} : { token } });
  return (await (await send('GET', '/openapi.json')).json()) as Document;
}

const SCHEMAS = new Map<string, z.ZodMiniType>(Object.entries(createAnswers()));
const schemaOf = (name: string) => SCHEMAS.get(name)!;

const TOKEN = 'a-long-and-secret-token';

const BODIES: Record<string, unknown> = {
  openSession: { token: TOKEN },
  putSource: { kind: 'file', path: '/srv/a.json' },
  putSchedule: { sourceId: 's', resourceId: 'r', when: 'every 1d' },
  putState: { any: 'state' },
  putTerraformState: { serial: 1, lineage: 'l' },
  rollBackTerraform: { backupId: 'b' },
  lockTerraformState: { ID: 'lock-1' },
  createBackup: { resourceId: 'r', data: 1 },
  protectBackup: { legalHold: false },
  restoreBackup: { backupId: 'b', targetResourceId: 't' },
  restorePointInTime: { resourceId: 'r', timestamp: '2025-01-01T00:00:00Z' },
  putPolicy: { keepLast: 1 },
  planPolicy: { resourceId: 'r', policy: { keepLast: 1 } },
  decideWait: { decision: 'confirm' },
  makeToken: { name: 'ci', scopes: ['backup:write'] },
  putSettings: { expectEverySeconds: 60 },
  putChannel: { target: { kind: 'ping', url: 'https://example.com/ping' } },
};

describe('the document', () => {
  test('has exactly the routes of the contract', async () => {
    const { paths } = await fetchDocument();
    const described = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(
        ([method, { operationId }]) => `${operationId} ${method.toUpperCase()} ${path}`,
      ),
    );
    const served = ROUTE_LIST.map((route) => `${route.operationId} ${route.method} ${route.path}`);
    expect(described.sort()).toEqual(served.sort());
  });

  test('describes the routes of the design', async () => {
    const { paths } = await fetchDocument();
    expect(Object.keys(paths).sort()).toEqual([
      '/',
      '/audit',
      '/backups',
      '/backups/{id}',
      '/backups/{id}/delta',
      '/backups/{id}/undelete',
      '/backups/{id}/verify',
      '/drills',
      '/health',
      '/metrics',
      '/notifications',
      '/notifications/{channelId}',
      '/notifications/{channelId}/deliveries',
      '/notifications/{channelId}/replay',
      '/notifications/{channelId}/test',
      '/openapi.json',
      '/resources',
      '/resources/{resourceId}/backups',
      '/resources/{resourceId}/diff',
      '/resources/{resourceId}/history',
      '/resources/{resourceId}/patch',
      '/resources/{resourceId}/settings',
      '/resources/{resourceId}/state',
      '/resources/{resourceId}/timeline',
      '/resources/{resourceId}/tree',
      '/restore',
      '/restore/operations',
      '/restore/operations/{id}',
      '/restore/operations/{id}/result',
      '/restore/point-in-time',
      '/retention/plan',
      '/retention/policies/{resourceId}',
      '/retention/waits',
      '/retention/waits/{id}',
      '/runs',
      '/runs/{id}',
      '/schedules',
      '/schedules/{id}',
      '/schedules/{id}/drill',
      '/schedules/{id}/pause',
      '/schedules/{id}/resume',
      '/schedules/{id}/run',
      '/session',
      '/sources',
      '/sources/{id}',
      '/sources/{id}/check',
      '/terraform/{resourceId}',
      '/terraform/{resourceId}/lock',
      '/terraform/{resourceId}/rollback',
      '/tokens',
      '/tokens/{id}',
      '/upkeep',
      '/uploads',
    ]);
  });

  test('has no reference that leads nowhere, and no schema id or dialect in the wrong place', async () => {
    const document = await fetchDocument();
    const text = JSON.stringify(document);
    for (const [, id] of text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)) {
      expect(document.components.schemas).toHaveProperty(id!);
    }
    expect([...text.matchAll(/"\$ref":"(?!#\/components\/schemas\/\w+")/g)]).toEqual([]);
    expect(text).not.toMatch(/"\$(schema|id|defs)"/);
    expect(document.openapi).toBe('3.1.1');
  });

  test('asks for a token where the deployment has one', async () => {
    const open = await fetchDocument();
    const closed = await fetchDocument('token');
    for (const { path, method, scope, errors, takesBasic } of ROUTE_LIST) {
      const isOpen = scope === 'public';
      // Whoever signs in may be refused, and needs nothing to try.
      const mayRefuse = !isOpen || (errors as readonly string[]).includes('unauthorized');
      const key = method.toLowerCase();
      // A document saved where no token is needed says how to give one all the same.
      const known = [{ bearer: [scope] }, ...(takesBasic ? [{ basic: [scope] }] : [])];
      expect(open.paths[path]![key]!.security).toEqual(isOpen ? [] : [...known, {}]);
      expect(closed.paths[path]![key]!.security).toEqual(isOpen ? [] : known);
      for (const document of [open, closed]) {
        expect('401' in document.paths[path]![key]!.responses).toBe(mayRefuse);
      }
    }
    expect(closed.components.securitySchemes).toMatchObject({ bearer: { type: 'http', scheme: 'bearer' } });
  });

  test('says of each deployment how its callers are known, and nothing else', () => {
    const ask = (security: Security) =>
      JSON.parse(JSON.stringify(createOpenApi({ version: '1', security, looksAtNames: false }))) as Document;
    const named = { iam: ['iam'], jwt: ['bearer', 'basic'], none: [] };
    for (const [security, schemes] of Object.entries(named) as [keyof typeof named, string[]][]) {
      const { paths, components } = ask(security);
      expect(Object.keys(components.securitySchemes)).toEqual(schemes);
      // A token as a password is for one tool alone.
      const usual = schemes.filter((name) => name !== 'basic');
      expect(paths['/backups']!.get!.security).toEqual(usual.map((name) => ({ [name]: ['backup:list'] })));
      expect(paths['/terraform/{resourceId}']!.get!.security).toEqual(
        schemes.map((name) => ({ [name]: ['data:read'] })),
      );
      expect('401' in paths['/backups']!.get!.responses).toBe(security !== 'none');
      // The gateway's own bounds.
      expect(Object.keys(paths['/health']!.get!.responses)).toEqual(['200', '400', '429', '500', '503']);
    }
    expect(Object.keys(ask('token').paths['/health']!.get!.responses)).toEqual(['200', '400', '500', '503']);
  });

  test.each([
    ['verifyBackup', ['disk_full', 'read_only', 'store_untrusted', 'integrity_error']],
    ['planPolicy', ['disk_full', 'read_only', 'store_untrusted']],
    ['createUpload', ['catalog_damaged', 'store_untrusted']],
    ['restoreBackup', ['store_untrusted', 'write_conflict']],
    ['getHealth', ['catalog_damaged', 'unauthorized']],
    ['getOpenApi', ['catalog_damaged', 'dependency_unavailable', 'unauthorized']],
  ] as const)('%s names no error that it cannot give', (id, never) => {
    const codes = errorsOf(ROUTES[id], { asksWho: true, looksAtNames: true, isBehindGateway: false });
    expect(codes.filter((code) => (never as readonly string[]).includes(code))).toEqual([]);
  });

  test('says whole where it is, so that whoever imports it can call it', async () => {
    const { app } = createHarness();
    const { servers } = (await (await app.request('http://localhost:3004/openapi.json')).json()) as {
      servers: unknown;
    };
    expect(servers).toEqual([{ url: 'http://localhost:3004' }]);
  });

  test('names data or an upload as required, never both, and data of any type', async () => {
    const { paths, components } = await fetchDocument();
    const { schema } = paths['/backups']!.post!.requestBody!.content['application/json']!;
    expect(schema).toEqual({ $ref: '#/components/schemas/CreateBackup' });
    const { CreateBackup, CreateBackupWithData, CreateBackupWithUploadId, BackupType, MetadataInput } =
      components.schemas;
    // Two schemas with names: a generator makes a model of each, and nothing of members that exclude each other.
    expect(CreateBackup).toEqual({
      oneOf: [
        { $ref: '#/components/schemas/CreateBackupWithData' },
        { $ref: '#/components/schemas/CreateBackupWithUploadId' },
      ],
    });
    expect(CreateBackupWithData!.required).toEqual(['resourceId', 'data']);
    expect(CreateBackupWithData!.properties!.data).not.toHaveProperty('type');
    expect(CreateBackupWithData!.properties).not.toHaveProperty('uploadId');
    expect(CreateBackupWithUploadId!.required).toEqual(['resourceId', 'uploadId']);
    expect(CreateBackupWithUploadId!.properties).not.toHaveProperty('data');
    for (const one of [CreateBackupWithData, CreateBackupWithUploadId]) {
      expect(one!.additionalProperties).toBe(false);
      expect(one!.properties!.type).toMatchObject({ default: 'full' });
    }
    expect(BackupType).toEqual({ type: 'string', enum: ['full', 'incremental', 'differential'] });
    expect(MetadataInput!.properties!.retentionDays).toEqual({
      type: 'integer',
      minimum: 0,
      maximum: 3650,
      default: 30,
    });
  });

  test('has no name that a generator makes up for a member without one', async () => {
    const { components } = await fetchDocument();
    const madeUp = Object.entries(components.schemas).flatMap(([name, { properties = {} }]) =>
      Object.entries(properties)
        .filter(([, member]) => 'enum' in member || 'properties' in member || 'items' in member)
        .flatMap(([member]) => {
          const whole = `${name}${member.slice(0, 1).toUpperCase()}${member.slice(1)}`;
          return [whole, `${whole}Item`];
        }),
    );
    expect(madeUp).toContain('WaitDecision');
    expect(madeUp.filter((name) => name in components.schemas)).toEqual([]);
  });

  test('speaks of parameters as what they are', async () => {
    const { paths } = await fetchDocument();
    const byName = Object.fromEntries(
      [...paths['/backups']!.get!.parameters!, ...paths['/backups']!.post!.parameters!].map((one) => [
        one.name,
        one,
      ]),
    );
    expect(byName.limit).toEqual({
      name: 'limit',
      in: 'query',
      required: false,
      schema: { type: 'integer', minimum: 1, maximum: 1000, default: 50 },
    });
    expect(byName['Idempotency-Key']).toMatchObject({ in: 'header', required: false });
    expect(paths['/backups/{id}']!.get!.parameters![0]).toMatchObject({
      name: 'id',
      in: 'path',
      required: true,
    });
  });

  test('answers problems as problem documents', async () => {
    const { paths } = await fetchDocument();
    for (const { path, method, answers: good } of ROUTE_LIST) {
      for (const [status, response] of Object.entries(paths[path]![method.toLowerCase()]!.responses)) {
        const json = path.endsWith('/patch') ? 'application/json-patch+json' : 'application/json';
        const text = (good as Record<string, { media?: string; isText?: boolean }>)[status];
        const wanted = text?.isText === true ? text.media : json;
        const type = status in good ? wanted : 'application/problem+json';
        expect(Object.keys(response.content ?? {})).toEqual(['303', '304'].includes(status) ? [] : [type]);
      }
    }
  });
});

describe('the contract', () => {
  test.each(ROUTE_LIST)('$operationId is served as it says', async (route) => {
    // The one route that takes a token, and not a caller who has shown one.
    const auth = route.operationId === 'openSession' ? { auth: { token: TOKEN } } : {};
    const { send, app } = createHarness(auth);
    const path = route.path.replaceAll(/\{\w+\}/g, 'x');
    const response = await send(route.method, path, BODIES[route.operationId]);
    expect(Object.keys(route.answers)).toContain(String(response.status));
    const answer = (route.answers as Route['answers'])[response.status]!;
    if (answer.isText === true) return;
    const body: unknown = await response.json();
    // zod drops what a schema does not name: equal means nothing more and nothing less.
    expect(schemaOf(answer.schema!).parse(body)).toEqual(body);
    for (const header of Object.keys((route.answers as Route['answers'])[201]?.headers ?? {})) {
      if (header === 'Location') expect(response.headers.has(header)).toBe(true);
    }
    const asked = await app.request(path, {
      method: 'OPTIONS',
      headers: { Authorization: `Bearer ${TOKEN}` },
    });
    expect(asked.headers.get('allow')).toContain(route.method);
  });

  test.each(ROUTE_LIST)('$operationId names its parameters in its path', (route) => {
    expect(Object.keys(route.params?.().shape ?? {})).toEqual(pathParameters(route.path));
  });

  test('problems name only codes that exist, each once', () => {
    for (const route of ROUTE_LIST) {
      const codes = errorsOf(route, { asksWho: true, looksAtNames: true, isBehindGateway: true });
      expect(new Set(codes).size).toBe(codes.length);
    }
  });
});

describe('examples', () => {
  const requests = ROUTE_LIST.flatMap(({ operationId: id, examples }) =>
    Object.entries(examples?.requests ?? {}).map(([name, body]) => [id, name, body] as const),
  );
  const replies = ROUTE_LIST.flatMap(({ operationId: id, examples }) =>
    Object.entries(examples?.answers ?? {}).map(([status, body]) => [id, Number(status), body] as const),
  );

  test.each(requests)('the request of %s, %s, is accepted', async (id, _name, body) => {
    const { send } = createHarness();
    const route: Route = ROUTES[id];
    const response = await send(route.method, route.path.replaceAll(/\{\w+\}/g, 'x'), body);
    expect(response.status).toBeLessThan(300);
  });

  test.each(replies)('the answer of %s, %d, is one', (id, status, body) => {
    const route: Route = ROUTES[id];
    const wire: unknown = JSON.parse(JSON.stringify(body));
    const schema = schemaOf(route.answers[status]!.schema!);
    expect(schema.parse(wire)).toEqual(wire);
  });
});

/** The parameter names in a path, in order. */
function pathParameters(path: string): string[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]!);
}

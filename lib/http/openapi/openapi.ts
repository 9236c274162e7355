// OpenAPI 3.1, derived from the routes table and its schemas: what is described is what is enforced.

import * as z from 'zod/mini';
import { ERROR_CODES, type ErrorCode } from '../../core/records/errors.ts';
import { createAnswers } from '../contract/answers.ts';
import { EXAMPLES, type RouteExamples } from '../contract/examples.ts';
import { PROBLEM_MEDIA_TYPE } from '../contract/problem.ts';
import type { BodySpec, HeaderSpec, Route } from '../contract/route.ts';
import { ROUTE_LIST, UPLOAD_ROUTE } from '../contract/routes.ts';

type Json = Record<string, unknown>;

export interface OpenApiOptions {
  version: string;
  /** Whether this deployment asks for a bearer token. */
  secured: boolean;
  /** What stands before the paths outside. */
  basePath?: string;
  /** Whether this home takes what is uploaded itself. */
  uploads?: boolean;
  /** Those of this deployment; all of the contract, if they are left out. */
  routes?: typeof ROUTE_LIST;
}

/** The OpenAPI document of the whole contract. */
export function createOpenApi({
  version,
  secured,
  basePath = '',
  uploads = false,
  routes = ROUTE_LIST,
}: OpenApiOptions): Json {
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    paths[route.path] ??= {};
    paths[route.path]![route.method.toLowerCase()] = describeOperation(route.operationId, route, secured);
  }
  if (uploads) paths[UPLOAD_ROUTE.path] = { put: describeOperation('putUpload', UPLOAD_ROUTE, secured) };
  return {
    openapi: '3.1.1',
    info: {
      title: 'Backup & Restore Service',
      version,
      description: 'Keeps the history of JSON states and gives back any moment of it, provably intact.',
    },
    servers: [{ url: basePath === '' ? '/' : basePath }],
    paths,
    components: {
      schemas: componentSchemas(),
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
    },
  };
}

function describeOperation(operationId: string, route: Route, secured: boolean): Json {
  const parameters = [
    ...describeParameters('path', route.params?.()),
    ...describeParameters('query', route.query?.()),
    ...describeParameters('header', route.headers?.()),
  ];
  return {
    operationId,
    summary: route.summary,
    tags: [route.tag],
    security: securityOf(route, secured),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(route.body === undefined ? {} : { requestBody: describeBody(operationId, route.body) }),
    ...(route.bytes === undefined ? {} : { requestBody: describeBytes(route.bytes) }),
    responses: { ...describeAnswers(operationId, route), ...describeProblems(route) },
  };
}

/** A deployment without a token takes one all the same: a document that was saved there is as good elsewhere. */
function securityOf({ scope }: Route, secured: boolean): Json[] {
  if (scope === 'public') return [];
  return secured ? [{ bearer: [scope] }] : [{ bearer: [scope] }, {}];
}

function describeParameters(place: 'path' | 'query' | 'header', schema: z.ZodMiniObject | undefined): Json[] {
  if (schema === undefined) return [];
  const required = (plainSchema(schema, 'input').required ?? []) as string[];
  return Object.entries(schema.shape).map(([name, value]) => ({
    // Header names are matched in lower case and written as RFCs write them.
    name: place === 'header' ? name.replace(/(^|-)[a-z]/g, (start) => start.toUpperCase()) : name,
    in: place,
    required: required.includes(name),
    // A query speaks in strings; what they stand for is what the reader wants to know.
    schema: plainSchema(value as z.ZodMiniType, place === 'query' ? 'output' : 'input'),
  }));
}

function describeBody(operationId: string, body: BodySpec): Json {
  const schema = plainSchema(body.fields(), 'input');
  if (body.stateMember !== undefined) {
    schema.properties = {
      ...(schema.properties as Json),
      [body.stateMember]: { description: 'The state: any JSON value, kept and given back as it is' },
    };
    const required = (schema.required as string[] | undefined) ?? [];
    if (body.stateInstead === undefined) schema.required = [...required, body.stateMember];
    else schema.oneOf = [{ required: [body.stateMember] }, { required: [body.stateInstead] }];
  }
  const examples = Object.entries(examplesOf(operationId)?.requests ?? {}).map(([name, value]) => [
    name,
    { value },
  ]);
  return {
    description:
      'JSON, whatever the Content-Type calls it: one that is left out, or that of a form, is taken as well',
    required: body.optional !== true,
    content: {
      'application/json': {
        schema,
        ...(examples.length === 0 ? {} : { examples: Object.fromEntries(examples) }),
      },
    },
  };
}

/** OpenAPI 3.1 speaks of bytes by leaving the schema empty. */
function describeBytes(description: string): Json {
  return { description, required: true, content: { 'application/octet-stream': {} } };
}

function examplesOf(operationId: string): RouteExamples | undefined {
  return (EXAMPLES as Record<string, RouteExamples>)[operationId];
}

function describeAnswers(operationId: string, route: Route): Json {
  const responses = Object.entries(route.answers).map(([status, answer]) => {
    const example = examplesOf(operationId)?.answers?.[Number(status)];
    const { description, schema, headers } = answer;
    const media = schema && { schema: reference(schema), ...(example === undefined ? {} : { example }) };
    return [
      status,
      {
        description,
        ...(headers === undefined ? {} : { headers: describeHeaders(headers) }),
        ...(media === undefined ? {} : { content: { 'application/json': media } }),
      },
    ];
  });
  return Object.fromEntries(responses);
}

function describeHeaders(headers: Record<string, HeaderSpec>): Json {
  const entries = Object.entries(headers).map(([name, { description, optional }]) => [
    name,
    { description, ...(optional === true ? {} : { required: true }), schema: { type: 'string' } },
  ]);
  return Object.fromEntries(entries);
}

const RETRY_AFTER = {
  description: 'Seconds to wait before trying again',
  schema: { type: 'integer', minimum: 1 },
};

/** What problems of a status say beside the document. */
const PROBLEM_HEADERS: Record<number, Json> = {
  401: {
    'WWW-Authenticate': { description: 'How to authenticate', required: true, schema: { type: 'string' } },
  },
  409: { 'Retry-After': { ...RETRY_AFTER, description: `${RETRY_AFTER.description}, where that may help` } },
  429: { 'Retry-After': { ...RETRY_AFTER, required: true } },
  503: { 'Retry-After': { ...RETRY_AFTER, description: `${RETRY_AFTER.description}, where that may help` } },
};

/** One entry a status, which names the codes it may carry. */
function describeProblems(route: Route): Json {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of errorsOf(route)) {
    const status = ERROR_CODES[code][0];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  const responses = [...byStatus].map(([status, codes]) => [
    status,
    {
      description: codes.map((code) => `\`${code}\`: ${ERROR_CODES[code][1]}`).join('; '),
      ...(PROBLEM_HEADERS[status] === undefined ? {} : { headers: PROBLEM_HEADERS[status] }),
      content: { [PROBLEM_MEDIA_TYPE]: { schema: reference('Problem') } },
    },
  ]);
  return Object.fromEntries(responses);
}

const BODY_ERRORS: ErrorCode[] = [
  'malformed_json',
  'json_too_deep',
  'payload_too_large',
  'unsupported_media_type',
  'too_many_requests',
];

const BYTES_ERRORS: ErrorCode[] = ['payload_too_large', 'unsupported_media_type'];

/** Of what has to be written down: of a restore, that it is to be done in the background. */
const WRITE_ERRORS: ErrorCode[] = ['disk_full', 'read_only', 'store_untrusted'];

/** The errors of a route: its own, and those of the edge that can happen on it. */
export function errorsOf(route: Route): ErrorCode[] {
  const codes: ErrorCode[] = [
    'invalid_request',
    ...(route.body === undefined ? [] : BODY_ERRORS),
    ...(route.bytes === undefined ? [] : BYTES_ERRORS),
    ...(route.scope === 'public' ? [] : (['unauthorized'] as const)),
    'forbidden',
    'host_not_allowed',
    ...route.errors,
    'internal_error',
    'dependency_unavailable',
    ...(route.path === '/' || route.path === '/openapi.json' ? [] : (['catalog_damaged'] as const)),
    ...(route.method === 'GET' ? [] : WRITE_ERRORS),
  ];
  return [...new Set(codes)];
}

function componentSchemas(): Json {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(createAnswers())) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, { io: 'input', uri: (id) => reference(id).$ref });
  return Object.fromEntries(Object.entries(schemas).map(([id, schema]) => [id, withoutMeta(schema as Json)]));
}

function plainSchema(schema: z.ZodMiniType, io: 'input' | 'output'): Json {
  return withoutMeta(z.toJSONSchema(schema, { io }) as Json);
}

/** OpenAPI says once which dialect it speaks, and names schemas by their place. */
function withoutMeta({ $schema: _schema, $id: _id, ...rest }: Json): Json {
  return rest;
}

function reference(id: string): { $ref: string } {
  return { $ref: `#/components/schemas/${id}` };
}

// OpenAPI 3.1, derived from the routes table and its schemas: what is described is what is enforced.

import type * as z from 'zod/mini';
import type { BodySpec, Route, RouteExamples, WholeStateSpec } from '../contract/route.ts';
import { ROUTE_LIST } from '../contract/routes.ts';
import { TAGS } from '../contract/tags.ts';
import { UPLOAD_ROUTE } from '../contract/uploads.ts';
import { componentSchemas, type Json, plainSchema, reference, usedBy } from './components.ts';
import { describeResponses, type Edge } from './responses.ts';

/**
 * How callers are known: by a bearer token, which may be left out (`open`) or not (`token`), or by a gateway in front of the
 * service: by IAM, by JWT, or not at all.
 */
export type Security = 'open' | 'token' | GatewaySecurity;
export type GatewaySecurity = 'iam' | 'jwt' | 'none';

export interface OpenApiOptions {
  version: string;
  security: Security;
  /** Where the API is: what a client puts before its paths. */
  server?: string;
  /** Whether this home takes what is uploaded itself. */
  uploads?: boolean;
  /** Whether it looks at the names that it is called by; it does, if this is left out. */
  looksAtNames?: boolean;
  /** Those of this deployment; all of the contract, if they are left out. */
  routes?: typeof ROUTE_LIST;
}

const DESCRIPTION = [
  'Keeps the history of JSON states and gives back any moment of it, provably intact.',
  'A state is text: it comes back byte for byte, insignificant white space aside. A client that parses it may not keep that: in many ' +
    'languages `12345678901234567890.123` becomes `12345678901234567000`, and `1e400` is lost. Where digits count, take the bytes of ' +
    '`GET /restore/operations/{id}/result` as they are.',
  'What is wrong is answered as a problem document (RFC 9457), whose `code` is for programs and does not change. Later versions may add ' +
    'members to answers: pass over those that you do not know. A request must not have any that is not described.',
].join('\n\n');

/** The OpenAPI document of the whole contract. */
export function createOpenApi(options: OpenApiOptions): Json {
  const {
    version,
    security,
    server = '/',
    uploads = false,
    looksAtNames = true,
    routes = ROUTE_LIST,
  } = options;
  const isBehindGateway = security !== 'open' && security !== 'token';
  const edge = { asksWho: security !== 'none', looksAtNames, isBehindGateway };
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    paths[route.path] ??= {};
    paths[route.path]![route.method.toLowerCase()] = describeOperation(
      route.operationId,
      route,
      security,
      edge,
    );
  }
  if (uploads)
    paths[UPLOAD_ROUTE.path] = { put: describeOperation('putUpload', UPLOAD_ROUTE, security, edge) };
  const used = new Set(routes.map(({ tag }) => tag));
  const tags = Object.entries(TAGS).filter(([name]) => used.has(name as keyof typeof TAGS));
  return {
    openapi: '3.1.1',
    info: {
      title: 'Backup & Restore Service',
      version,
      description: DESCRIPTION,
      contact: { name: 'Whoever runs this deployment' },
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: server }],
    tags: tags.map(([name, description]) => ({ name, description })),
    paths,
    components: { schemas: usedBy(paths, componentSchemas(routes)), securitySchemes: SCHEMES[security] },
  };
}

const ROLES =
  'What stands beside it in an operation is the scope that the caller has to hold there; `admin` is all of them.';

const BEARER = {
  type: 'http',
  scheme: 'bearer',
  description: `The API token of the deployment, or a named token. ${ROLES}`,
};

const BASIC = {
  type: 'http',
  scheme: 'basic',
  description: `For clients that know nothing else: the token as the password, under any user name. ${ROLES}`,
};

const SCHEMES: Record<Security, Json> = {
  open: { bearer: BEARER, basic: BASIC },
  token: { bearer: BEARER, basic: BASIC },
  iam: {
    iam: {
      type: 'apiKey',
      name: 'Authorization',
      in: 'header',
      description:
        'AWS Signature Version 4 for execute-api. The policies of IAM decide by route who may call: what stands beside it in an ' +
        'operation is the scope that the ready policies sort their routes by.',
      'x-amazon-apigateway-authtype': 'awsSigv4',
    },
  },
  jwt: {
    bearer: { ...BEARER, bearerFormat: 'JWT', description: `An access token of the issuer. ${ROLES}` },
    basic: BASIC,
  },
  none: {},
};

function securityOf({ scope, takesBasic }: Route, security: Security): Json[] {
  if (scope === 'public') return [];
  const schemes = Object.keys(SCHEMES[security]).filter((name) => name !== 'basic' || takesBasic === true);
  const known = schemes.map((name) => ({ [name]: [scope] }));
  // A deployment without a token takes one all the same: a document that was saved there is as good elsewhere.
  return security === 'open' ? [...known, {}] : known;
}

function describeOperation(operationId: string, route: Route, security: Security, edge: Edge): Json {
  const parameters = [
    ...describeParameters('path', route.params?.()),
    ...describeParameters('query', route.query?.()),
    ...describeParameters('header', route.headers?.()),
  ];
  return {
    operationId,
    summary: route.summary,
    description: descriptionOf(route),
    tags: [route.tag],
    security: securityOf(route, security),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(route.body === undefined ? {} : { requestBody: describeBody(route.body, route.examples) }),
    ...(route.bytes === undefined ? {} : { requestBody: describeBytes(route.bytes) }),
    ...(route.wholeState === undefined ? {} : { requestBody: describeState(route.wholeState) }),
    responses: describeResponses(route, edge),
  };
}

function descriptionOf({ summary, details, scope }: Route): string {
  const who = scope === 'public' ? 'Asks for no credential.' : `Asks for the scope \`${scope}\`.`;
  return [`${summary}.`, ...(details === undefined ? [] : [details]), who].join(' ');
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
    schema: plainSchema(value as z.ZodMiniType, place === 'query' && !staysText(value) ? 'output' : 'input'),
  }));
}

/** Whether a text is made into something that no schema describes, an instant say: then the text is what is described. */
function staysText(schema: z.core.$ZodType): boolean {
  const { def } = schema._zod as z.core.$ZodTypes['_zod'];
  if (def.type === 'pipe') return def.out._zod.def.type === 'transform';
  return 'innerType' in def && staysText(def.innerType);
}

function describeBody(body: BodySpec, { requests = {} }: RouteExamples = {}): Json {
  const examples = Object.entries(requests).map(([name, value]) => [name, { value }]);
  return {
    description:
      'JSON, whatever the Content-Type calls it: one that is left out, or that of a form, is taken as well',
    required: body.optional !== true,
    content: {
      'application/json': {
        schema: reference(body.name),
        ...(examples.length === 0 ? {} : { examples: Object.fromEntries(examples) }),
      },
    },
  };
}

/** Any JSON; and what it is called decides nothing. */
function describeState({ description }: WholeStateSpec): Json {
  const schema = { description: 'The state: any JSON value, kept and given back as it is' };
  return { description, required: true, content: { 'application/json': { schema } } };
}

/** OpenAPI 3.1 would leave the schema out; generators that find none leave the whole operation out, and all know this one. */
function describeBytes(description: string): Json {
  const schema = { type: 'string', format: 'binary' };
  return { description, required: true, content: { 'application/octet-stream': { schema } } };
}

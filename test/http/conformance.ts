// Holds answers against the service's own OpenAPI document: whatever a test asks for, what comes back must be what is
// described there. Clients of tests call it with every answer, so that no test has to think of it.

import { gunzipSync } from 'node:zlib';
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

interface Described {
  description?: string;
  headers?: Record<string, { required?: boolean; schema: object }>;
  content?: Record<string, { schema?: object }>;
}

interface Operation {
  operationId: string;
  responses: Record<string, Described>;
}

/** The part of an OpenAPI document that is read here. */
export interface OpenApiDocument {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object> };
}

export interface Exchange {
  method: string;
  /** Within the API, with or without a query. */
  path: string;
  status: number;
  headers: Headers;
  body: Uint8Array;
}

/** Throws an Error that names the operation, the place and the fault, if the answer is not one that is described. */
export type CheckAnswer = (exchange: Exchange) => void;

const JSON_TYPE = 'application/json';
const PATCH_TYPE = 'application/json-patch+json';
const PROBLEM_TYPE = 'application/problem+json';

/** Where no operation is met: what the edge says to any path and method. */
const EDGE_CODES = [
  'invalid_request',
  'unauthorized',
  'forbidden',
  'route_not_found',
  'method_not_allowed',
  'host_not_allowed',
];

/** Any JSON is a state: what is longer than this is not parsed to learn that it is some. */
const PARSED_STATE_BYTES_MAX = 1024 * 1024;

/** A check of all answers of the service whose document this is. */
export function createAnswerCheck(document: OpenApiDocument): CheckAnswer {
  const validate = createValidator(document.components.schemas);
  const routes = Object.entries(document.paths).map(([template, methods]) => ({ template, methods }));
  // What is named whole comes before what a parameter would take.
  routes.sort((a, b) => Number(a.template.includes('{')) - Number(b.template.includes('{')));
  const patterns = routes.map(({ template, methods }) => ({
    pattern: new RegExp(
      `^${template.replaceAll(/[.*+?^$()|[\]\\]/g, '\\$&').replaceAll(/\{\w+\}/g, '[^/]+')}$`,
    ),
    methods,
  }));

  return (exchange) => {
    const { method, status, body } = exchange;
    const path = exchange.path.replace(/[?#].*$/s, '');
    const asked = method === 'HEAD' ? 'get' : method.toLowerCase();
    const operation = patterns.find(({ pattern }) => pattern.test(path))?.methods[asked];
    const where = operation === undefined ? `${method} ${path}` : operation.operationId;
    const fail = (fault: string): never => {
      const shown = Buffer.from(body.subarray(0, 1000)).toString();
      throw new Error(`${where} gave a ${status} that is not as described: ${fault}\n${shown}`);
    };
    if (operation === undefined) {
      if (status < 400) fail('no such operation is described');
      checkProblem(exchange, EDGE_CODES, validate, fail);
      return;
    }
    const described =
      operation.responses[status] ?? fail(`it has ${Object.keys(operation.responses).join(', ')}`);
    checkHeaders(exchange.headers, described, validate, fail);
    if (status >= 400) {
      const codes = [...(described.description ?? '').matchAll(/`(\w+)`:/g)].map((match) => match[1]!);
      checkProblem(exchange, codes, validate, fail);
    } else checkContent(exchange, described, validate, fail);
  };
}

type Validate = (schema: object, value: unknown) => string | undefined;
type Fail = (fault: string) => never;

/** The first faults of a value, each with its place; undefined if it has none. */
function createValidator(schemas: Record<string, object>): Validate {
  const ajv = new Ajv2020({ allErrors: true, strict: true });
  // A word of OpenAPI's, which says nothing of what is valid.
  ajv.addKeyword('discriminator');
  addFormats.default(ajv);
  for (const [name, schema] of Object.entries(schemas)) ajv.addSchema(closed(schema) as object, name);
  const compiled = new WeakMap<object, ValidateFunction>();
  return (schema, value) => {
    const known = compiled.get(schema) ?? ajv.compile(closed(schema) as object);
    compiled.set(schema, known);
    return known(value) ? undefined : known.errors!.slice(0, 5).map(faultOf).join('; ');
  };
}

function faultOf({ instancePath, message, params }: ErrorObject): string {
  return `${instancePath || 'the body'} ${message} ${JSON.stringify(params)}`;
}

/**
 * The schema with every object shut that does not say itself what else it may hold: later versions may add members, but
 * this one must not have any that it does not describe. References lead to names.
 */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const entries = Object.entries(schema).map(([key, value]) => {
    if (key === '$ref') return [key, String(value).replace('#/components/schemas/', '')];
    return [key, key === 'enum' || key === 'const' ? value : closed(value)];
  });
  const whole = Object.fromEntries(entries);
  const isOpen = 'properties' in whole && whole.type === 'object' && !('additionalProperties' in whole);
  return isOpen ? { ...whole, additionalProperties: false } : whole;
}

function checkHeaders(
  headers: Headers,
  { headers: named = {} }: Described,
  validate: Validate,
  fail: Fail,
): void {
  for (const [name, { required = false, schema }] of Object.entries(named)) {
    const value = headers.get(name);
    if (value === null && required) fail(`the header ${name} is missing`);
    const isNumber = 'type' in schema && schema.type === 'integer';
    const fault = value === null ? undefined : validate(schema, isNumber ? Number(value) : value);
    if (fault !== undefined) fail(`the header ${name}: ${fault}`);
  }
}

function checkProblem(exchange: Exchange, codes: string[], validate: Validate, fail: Fail): void {
  checkType(exchange.headers, PROBLEM_TYPE, fail);
  if (exchange.method === 'HEAD') return;
  const problem = parse(exchange.body, fail) as { status: number; code: string; detail: string };
  const fault = validate({ $ref: '#/components/schemas/Problem' }, problem);
  if (fault !== undefined) fail(fault);
  if (problem.status !== exchange.status) fail(`/status is ${problem.status}`);
  const saysAgain = problem.status === 409 && /\btry again\b/i.test(problem.detail);
  if (saysAgain && !exchange.headers.has('retry-after')) fail('it says to try again, and not when');
  if (!codes.includes(problem.code)) fail(`/code is ${problem.code}; it has ${codes.join(', ')}`);
}

function checkContent(exchange: Exchange, { content }: Described, validate: Validate, fail: Fail): void {
  const { headers, body, method } = exchange;
  if (content === undefined) {
    if (body.length > 0) fail('a body, where none is described');
    return;
  }
  const [type] = Object.keys(content);
  if (type !== JSON_TYPE && type !== PATCH_TYPE && !type!.startsWith('text/')) fail('no JSON is described');
  checkType(headers, type!, fail);
  const { schema } = content[type!]!;
  if (type!.startsWith('text/')) return;
  if (method === 'HEAD' || schema === undefined) return;
  const name = String((schema as { $ref?: string }).$ref)
    .split('/')
    .at(-1);
  if (name === 'State' && body.length > PARSED_STATE_BYTES_MAX) return;
  // Some clients have unpacked it by then.
  const isPacked = headers.get('content-encoding') === 'gzip' && body[0] === 0x1f;
  const whole = isPacked ? gunzipSync(body) : body;
  const fault = validate(schema, parse(name === 'Restored' ? withoutState(whole) : whole, fail));
  if (fault !== undefined) fail(fault);
}

function checkType(headers: Headers, expected: string, fail: Fail): void {
  const type = headers.get('content-type');
  if (type !== expected) fail(`its content type is ${type}`);
}

const DATA = ',"data":';

/** States are any JSON, of any length, and no business of JSON.parse. */
function withoutState(body: Uint8Array): Uint8Array {
  const whole = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const at = whole.indexOf(DATA);
  return at < 0 ? body : Buffer.concat([whole.subarray(0, at + DATA.length), Buffer.from('null}')]);
}

function parse(body: Uint8Array, fail: Fail): unknown {
  try {
    return JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString());
  } catch (error) {
    return fail(`it is no JSON: ${error}`);
  }
}

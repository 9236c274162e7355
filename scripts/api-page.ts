// `docs/api.md`: the contract for who wants to read it without starting the service. Made from the OpenAPI document, and from nothing else.
// `npm run docs` writes it; `npm run check` says where it is not what the document says.

import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createOpenApi } from '../lib/http/openapi/openapi.ts';

const PAGE = join(resolve(import.meta.dirname, '..'), 'docs/api.md');
const METHODS = ['get', 'put', 'post', 'patch', 'delete', 'head'] as const;
/** A longer example is left to the document. */
const EXAMPLE_CHARS_MAX = 1200;

interface Schema {
  $ref?: string;
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  description?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  oneOf?: Schema[];
  anyOf?: Schema[];
  allOf?: Schema[];
  additionalProperties?: Schema | boolean;
  default?: unknown;
  minimum?: number;
  maximum?: number;
  maxLength?: number;
  format?: string;
}

interface Content {
  schema?: Schema;
  example?: unknown;
  examples?: Record<string, { value: unknown }>;
}

interface Operation {
  operationId: string;
  summary: string;
  description?: string;
  tags: string[];
  security?: Record<string, string[]>[];
  parameters?: { name: string; in: string; required?: boolean; schema: Schema; description?: string }[];
  requestBody?: { description?: string; content: Record<string, Content> };
  responses: Record<string, { description: string; content?: Record<string, Content> }>;
}

interface Document {
  tags: { name: string; description: string }[];
  paths: Record<string, Partial<Record<(typeof METHODS)[number], Operation>>>;
  components: { schemas: Record<string, Schema> };
}

/** The page that a document makes. */
export function apiPage(document: Document): string {
  const operations = Object.entries(document.paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = item[method];
      return operation === undefined ? [] : [{ path, method: method.toUpperCase(), operation }];
    }),
  );
  const lines = [
    '# The API',
    '',
    'Made from the OpenAPI document that the service gives at `GET /openapi.json` (`npm run docs`); what it means stands in [using.md](using.md) and [history.md](history.md). In a path an id stands percent-encoded.',
    'Errors are problem documents (RFC 9457): `type`, `title`, `status`, `detail`, `instance`, `code` and, for bad input, `errors` with JSON Pointers. Beside those named with a route there are those of the edge: 400 `invalid_request`,',
    '401 `unauthorized`, 403 `forbidden`, 413, 415, 429, 500 and 503.',
    '',
  ];
  for (const { name, description } of document.tags) {
    lines.push(`## ${name}`, '', description, '');
    for (const one of operations) if (one.operation.tags[0] === name) lines.push(...operationLines(one));
  }
  lines.push('## Schemas', '');
  const named = Object.entries(document.components.schemas).sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [name, schema] of named) lines.push(...schemaLines(name, schema));
  return `${lines.join('\n').trimEnd()}\n`;
}

function operationLines({
  path,
  method,
  operation,
}: {
  path: string;
  method: string;
  operation: Operation;
}): string[] {
  const { operationId, summary, description, parameters = [], requestBody, responses } = operation;
  const lines = [`### ${method} ${path}`, '', `\`${operationId}\`: ${summary}.`];
  const more = description?.startsWith(summary)
    ? description.slice(summary.length).replace(/^\.\s*/, '')
    : description;
  if (more) lines.push('', more);
  if (parameters.length > 0) {
    lines.push('', '| parameter | in | | |', '|---|---|---|---|');
    for (const { name, in: where, required, schema, description: about } of parameters) {
      const facts = [required ? 'required' : '', boundsOf(schema)].filter((fact) => fact !== '').join('; ');
      lines.push(
        `| \`${name}\` | ${where} | ${typeOf(schema)} | ${cell([facts, about ?? schema.description ?? ''])} |`,
      );
    }
  }
  if (requestBody !== undefined) {
    for (const [media, { schema, examples = {} }] of Object.entries(requestBody.content)) {
      lines.push('', `Body, \`${media}\`: ${schema === undefined ? 'bytes' : typeOf(schema)}.`);
      const [first] = Object.values(examples);
      if (first !== undefined) lines.push(...exampleLines(first.value));
    }
  }
  lines.push('', '| answer | |', '|---|---|');
  for (const [status, { description: about, content = {} }] of Object.entries(responses)) {
    const schemas = Object.values(content).flatMap((one) =>
      one.schema === undefined ? [] : [typeOf(one.schema)],
    );
    const shown =
      schemas.length === 0 || schemas.includes(typeOf({ $ref: '/Problem' }))
        ? ''
        : ` (${schemas.join(', ')})`;
    lines.push(`| ${status} | ${cell([about + shown])} |`);
  }
  const good = Object.entries(responses).find(
    ([status, { content }]) => status < '300' && content !== undefined,
  );
  const example = Object.values(good?.[1].content ?? {})[0]?.example;
  if (example !== undefined) lines.push(...exampleLines(example));
  return [...lines, ''];
}

function exampleLines(value: unknown): string[] {
  const text = JSON.stringify(value, undefined, 2);
  return text.length > EXAMPLE_CHARS_MAX ? [] : ['', '```json', text, '```'];
}

function schemaLines(name: string, schema: Schema): string[] {
  const lines = [`### ${name}`, ''];
  if (schema.description !== undefined) lines.push(schema.description, '');
  const { properties, required = [] } = schema;
  if (properties === undefined)
    return [...lines, `${typeOf(schema)}${boundsOf(schema) === '' ? '' : `; ${boundsOf(schema)}`}`, ''];
  lines.push('| member | | |', '|---|---|---|');
  for (const [member, one] of Object.entries(properties)) {
    const facts = [required.includes(member) ? '' : 'optional', boundsOf(one)]
      .filter((fact) => fact !== '')
      .join('; ');
    lines.push(`| \`${member}\` | ${typeOf(one)} | ${cell([facts, one.description ?? ''])} |`);
  }
  return [...lines, ''];
}

/** What a value is, in a few words. */
function typeOf(schema: Schema): string {
  const {
    $ref,
    enum: values,
    const: value,
    type,
    items,
    oneOf,
    anyOf,
    allOf,
    properties,
    additionalProperties,
  } = schema;
  if ($ref !== undefined) {
    const name = $ref.split('/').at(-1)!;
    return `[${name}](#${name.toLowerCase()})`;
  }
  if (value !== undefined) return `\`${JSON.stringify(value)}\``;
  if (values !== undefined) return values.map((one) => `\`${JSON.stringify(one)}\``).join(' or ');
  const several = oneOf ?? anyOf ?? allOf;
  if (several !== undefined) return several.map(typeOf).join(allOf === undefined ? ' or ' : ' and ');
  if (items !== undefined) return `array of ${typeOf(items)}`;
  if (properties !== undefined)
    return `object of ${Object.keys(properties)
      .map((name) => `\`${name}\``)
      .join(', ')}`;
  if (typeof additionalProperties === 'object') return `object of ${typeOf(additionalProperties)}`;
  return Array.isArray(type) ? type.join(' or ') : (type ?? 'any JSON');
}

function boundsOf({ minimum, maximum, maxLength, format, default: initial }: Schema): string {
  const isBound = (value: number | undefined): value is number =>
    value !== undefined && Math.abs(value) < Number.MAX_SAFE_INTEGER;
  return [
    format ?? '',
    isBound(minimum) && minimum !== 0 ? `from ${minimum}` : '',
    isBound(maximum) ? `to ${maximum}` : '',
    maxLength === undefined ? '' : `up to ${maxLength} characters`,
    initial === undefined ? '' : `\`${JSON.stringify(initial)}\` if left out`,
  ]
    .filter((bound) => bound !== '')
    .join(', ');
}

function cell(parts: string[]): string {
  return parts
    .filter((part) => part !== '')
    .join('. ')
    .replaceAll('|', '\\|')
    .replaceAll('\n', ' ');
}

const options = { version: '', server: 'http://localhost:3004', security: 'token', uploads: true } as const;
const page = apiPage(createOpenApi(options) as unknown as Document);
if (process.argv.includes('--write')) writeFileSync(PAGE, page);
else if (readFileSync(PAGE, 'utf8') !== page) {
  process.stderr.write('docs/api.md is not what the contract says: npm run docs\n');
  process.exitCode = 1;
}

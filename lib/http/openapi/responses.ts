// What each operation may answer: its answers, and its problems with the codes that they carry.

import { ERROR_CODES, type ErrorCode } from '../../core/records/errors.ts';
import { PROBLEM_MEDIA_TYPE } from '../contract/problem.ts';
import type { HeaderSpec, Route, StoreUse } from '../contract/route.ts';
import { type Json, reference } from './components.ts';

/** What stands before the routes, and has its own ways to refuse a call. */
export interface Edge {
  /** Whether it is asked who calls. */
  asksWho: boolean;
  /** Whether it looks at the names that it is called by, and at the pages that call. */
  looksAtNames: boolean;
  /** Whether a gateway stands before it, which has bounds of its own and waits for so long. */
  isBehindGateway: boolean;
}

/** All answers of a route, by status. */
export function describeResponses(route: Route, edge: Edge): Json {
  return { ...describeAnswers(route), ...describeProblems(route, edge) };
}

function describeAnswers(route: Route): Json {
  const responses = Object.entries(route.answers).map(([status, answer]) => {
    const example = route.examples?.answers?.[Number(status)];
    const { description, schema, media: type = 'application/json', isPart, isText, headers } = answer;
    const media = schema && { schema: reference(schema), ...(example === undefined ? {} : { example }) };
    return [
      status,
      {
        description,
        ...(headers === undefined ? {} : { headers: describeHeaders(headers) }),
        ...(media === undefined ? {} : { content: { [type]: media } }),
        ...(isText === true ? { content: { [type]: { schema: { type: 'string' } } } } : {}),
        ...(isPart === true ? { content: { 'application/json': {} } } : {}),
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
  503: { 'Retry-After': { ...RETRY_AFTER, required: true } },
};

/** One entry a status, which names the codes it may carry. */
function describeProblems(route: Route, edge: Edge): Json {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of errorsOf(route, edge)) {
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

/** What the store can refuse, by what is asked of it. That it cannot be trusted is of those routes alone that build on it. */
const STORE_ERRORS: Record<StoreUse, ErrorCode[]> = {
  nothing: [],
  uploads: ['dependency_unavailable', 'disk_full', 'read_only'],
  reads: ['dependency_unavailable', 'catalog_damaged'],
  writes: ['dependency_unavailable', 'catalog_damaged', 'disk_full', 'read_only'],
};

/** The errors of a route: its own, those of the store, and those of the edge that can happen on it. */
export function errorsOf(route: Route, { asksWho, looksAtNames, isBehindGateway }: Edge): ErrorCode[] {
  const isGuarded = asksWho && route.scope !== 'public';
  // What calls itself a form may come from a page, which nobody has asked.
  const mayBeForm = route.body !== undefined;
  const codes: ErrorCode[] = [
    'invalid_request',
    ...(mayBeForm ? BODY_ERRORS : []),
    ...(route.bytes === undefined ? [] : BYTES_ERRORS),
    ...(route.wholeState === undefined ? [] : BODY_ERRORS),
    ...(isGuarded ? (['unauthorized'] as const) : []),
    ...(isGuarded || looksAtNames || mayBeForm ? (['forbidden'] as const) : []),
    ...(looksAtNames ? (['host_not_allowed'] as const) : []),
    ...route.errors,
    'internal_error',
    ...STORE_ERRORS[route.store ?? (route.method === 'GET' ? 'reads' : 'writes')],
    ...(isBehindGateway ? (['too_many_requests', 'dependency_unavailable'] as const) : []),
  ];
  return [...new Set(codes)];
}

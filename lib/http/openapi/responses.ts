// What each operation may answer: its answers, and its problems with the codes that they carry.

import { ERROR_CODES, type ErrorCode } from '../../core/records/errors.ts';
import { PROBLEM_MEDIA_TYPE } from '../contract/problem.ts';
import type { HeaderSpec, Route } from '../contract/route.ts';
import { type Json, reference } from './components.ts';

/** All answers of a route, by status. */
export function describeResponses(route: Route): Json {
  return { ...describeAnswers(route), ...describeProblems(route) };
}

function describeAnswers(route: Route): Json {
  const responses = Object.entries(route.answers).map(([status, answer]) => {
    const example = route.examples?.answers?.[Number(status)];
    const { description, schema, media: type = 'application/json', isPart, headers } = answer;
    const media = schema && { schema: reference(schema), ...(example === undefined ? {} : { example }) };
    return [
      status,
      {
        description,
        ...(headers === undefined ? {} : { headers: describeHeaders(headers) }),
        ...(media === undefined ? {} : { content: { [type]: media } }),
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
    ...(route.wholeState === undefined ? [] : BODY_ERRORS),
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

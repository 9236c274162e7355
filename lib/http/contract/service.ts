// The service itself: what it is, how it is, and this contract.

import * as z from 'zod/mini';
import { ERROR_CODES, type ErrorCode } from '../../core/records/errors.ts';
import type { Notice } from '../../core/records/model.ts';
import type { Answer } from './answers.ts';
import { formatInstant } from './instant.ts';
import { once } from './once.ts';
import type { Route } from './route.ts';
import { shapes } from './shapes.ts';

export const SERVICE_ROUTES = {
  getServiceInfo: {
    method: 'GET',
    path: '/',
    summary: 'Service information',
    tag: 'Service',
    scope: 'public',
    store: 'nothing',
    answers: { 200: { description: 'Name, version, features and endpoints', schema: 'ServiceInfo' } },
    errors: [],
  },
  getHealth: {
    method: 'GET',
    path: '/health',
    summary: 'Health check',
    tag: 'Service',
    scope: 'public',
    // Whatever does not answer is what it says.
    store: 'nothing',
    answers: { 200: { description: 'Every part answers', schema: 'Health' } },
    errors: ['dependency_unavailable'],
    examples: { answers: { 200: { status: 'healthy' } } },
  },
  getOpenApi: {
    method: 'GET',
    path: '/openapi.json',
    summary: 'This contract as OpenAPI 3.1',
    tag: 'Service',
    scope: 'public',
    store: 'nothing',
    answers: { 200: { description: 'The OpenAPI document', schema: 'OpenApiDocument' } },
    errors: [],
  },
} as const satisfies Record<string, Route>;

/** Made on demand. */
export const serviceAnswers = once(() => {
  const { about, time } = shapes();
  const ServiceInfo = z.object({
    name: z.string(),
    version: z.string(),
    features: z.array(z.string()),
    endpoints: z.record(z.string(), z.string()),
  });
  const Notice = z.object({
    id: z.exactOptional(z.string()),
    code: z.string().check(about('What it is about, for scripts')),
    severity: z.enum(['warning', 'critical']),
    detail: z.exactOptional(z.string()).check(about('What it is about, for people with the scope admin')),
    resourceId: z.exactOptional(z.string()),
    backupId: z.exactOptional(z.string()),
    since: time,
  });
  const Health = z.object({
    status: z.enum(['healthy', 'degraded']),
    notices: z
      .exactOptional(z.array(Notice))
      .check(about('Where degraded: all is served, and something needs a look')),
  });
  const OpenApiDocument = z.looseObject({ openapi: z.string() });
  const Problem = z
    .looseObject({
      type: z.string(),
      title: z.string(),
      status: z.int(),
      detail: z.string(),
      instance: z.string(),
      code: z.enum(Object.keys(ERROR_CODES) as [ErrorCode, ...ErrorCode[]]),
      errors: z.exactOptional(
        z.array(
          z.object({
            pointer: z
              .string()
              .check(about('JSON Pointer into the body, or /query/..., /path/..., /headers/...')),
            detail: z.string(),
            offset: z.exactOptional(z.int()).check(about('Byte in the body')),
          }),
        ),
      ),
    })
    .check(about('RFC 9457 problem document; some problems have members of their own'));

  return { ServiceInfo, Notice, Health, OpenApiDocument, Problem };
});

/** What anybody may hear of it. */
export function viewNoticeInShort({ code, severity, since }: Notice): Answer<'Notice'> {
  return { code, severity, since: formatInstant(since) };
}

export function viewNotice(notice: Notice): Answer<'Notice'> {
  const { id, code, severity, detail, resourceId, backupId } = notice;
  return {
    id,
    code,
    severity,
    detail,
    ...(resourceId === undefined ? {} : { resourceId }),
    ...(backupId === undefined ? {} : { backupId }),
    since: formatInstant(notice.since),
  };
}

// An API on a fake service, with its log caught.

import { expect } from '@jest/globals';
import { METRICS_MEDIA_TYPE } from '../../lib/http/contract/metrics.ts';
import { type ApiDeps, createApi } from '../../lib/http/server/api.ts';
import { createLogger } from '../../lib/log.ts';
import { createMemoryTokens } from '../../lib/memory/tokens.ts';
import { systemRandom } from '../../lib/random.ts';
import type { BackupService } from '../../lib/service/contract/api.ts';
import { KERNEL } from '../core/kernels.ts';
import { createCheckedApi } from './checked-api.ts';
import { createFakeService, NOW } from './fake-service.ts';

/** What `curl -d` sends when nobody tells it otherwise. */
export const CURL_HEADERS = {
  'Content-Type': 'application/x-www-form-urlencoded',
  'User-Agent': 'curl/8.5.0',
};

export interface HarnessOptions extends Partial<Pick<ApiDeps, 'auth' | 'limits' | 'serves' | 'basePath'>> {
  service?: Partial<BackupService>;
  /** For what no operation gives: faked errors, an API that serves a part. */
  isOffContract?: boolean;
}

export function createHarness(options: HarnessOptions = {}) {
  const { service, calls } = createFakeService(options.service);
  const lines: Record<string, unknown>[] = [];
  const log = createLogger(
    (line) => lines.push(JSON.parse(line)),
    () => NOW,
  );
  const make = options.isOffContract === true ? createApi : createCheckedApi;
  const app = make({
    service,
    auth: { tokens: createMemoryTokens({ now: () => NOW }), ...options.auth },
    version: '0.1.0',
    log,
    random: systemRandom,
    kernel: KERNEL,
    limits: options.limits ?? {},
    ...(options.serves === undefined ? {} : { serves: options.serves }),
    ...(options.basePath === undefined ? {} : { basePath: options.basePath }),
    now: () => NOW,
    readMetrics: async () => ({ mediaType: METRICS_MEDIA_TYPE, text: 'up 1\n' }),
  });

  /** A request with a JSON body, given as text or as a value. */
  const send = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    app.request(path, {
      method,
      headers: { ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
  return { app, calls, lines, send };
}

export interface ProblemBody {
  type: string;
  title: string;
  status: number;
  detail: string;
  instance: string;
  code: string;
  errors?: { pointer: string; detail: string; offset?: number }[];
  [extra: string]: unknown;
}

/** The body of a response as a problem document. */
export async function problemOf(response: Response): Promise<ProblemBody> {
  return (await response.json()) as ProblemBody;
}

/** A body that arrives in pieces, of unknown length. */
export function inPieces(pieces: Iterable<string | Uint8Array>): ReadableStream<Uint8Array> {
  const iterator = pieces[Symbol.iterator]();
  const encoder = new TextEncoder();
  return new ReadableStream({
    pull(controller) {
      const { done, value } = iterator.next();
      if (done === true) controller.close();
      else controller.enqueue(typeof value === 'string' ? encoder.encode(value) : value);
    },
  });
}

/** Sends a request that must be refused: this status and code, these pointers, and a service that never heard of it. */
export async function expectRefused(
  method: string,
  path: string,
  body: string | undefined,
  status: number,
  code: string,
  pointers: string[],
  headers: Record<string, string> = {},
) {
  const { send, calls } = createHarness();
  const response = await send(method, path, body, headers);
  const problem = await problemOf(response);
  expect({ code: problem.code, pointers: (problem.errors ?? []).map((fault) => fault.pointer) }).toEqual({
    code,
    pointers,
  });
  expect(response.status).toBe(status);
  expect(problem.status).toBe(status);
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  expect(problem.detail).not.toBe('');
  for (const fault of problem.errors ?? []) expect(fault.detail).toMatch(/\w/);
  expect(calls).toEqual([]);
  return problem;
}

// Messages by HTTP: no redirect is followed, and of an answer only the head counts.

import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { retryAfterOf } from '../core/records/delivery.ts';
import { PortError } from '../ports/errors.ts';
import type { Outgoing, SendResult } from '../ports/notifier.ts';
import { isPrivateLiteral, publicLookup } from '../private-addresses.ts';

export interface HttpSenderOptions {
  /** Hosts with private addresses that may be sent to. */
  privateHosts: 'any' | readonly string[];
  /** What it calls itself. */
  userAgent: string;
  /** Epoch milliseconds. */
  now: () => number;
}

/** Answers that are no longer are read, so that the connection can be used again. */
const DRAINED_BYTES_MAX = 64 * 1024;
const SOCKETS_MAX = 16;

export function createHttpSender({ privateHosts, userAgent, now }: HttpSenderOptions) {
  const pool = { keepAlive: true, maxSockets: SOCKETS_MAX, timeout: 30_000 };
  const agents = { http: new HttpAgent(pool), https: new HttpsAgent(pool) };

  return (
    { url, headers, body }: Extract<Outgoing, { way: 'http' }>,
    timeoutMs: number,
  ): Promise<SendResult> => {
    const place = new URL(url);
    const host = place.hostname.replace(/^\[|\]$/g, '');
    const isFree = privateHosts === 'any' || privateHosts.includes(host.toLowerCase());
    if (!isFree && isPrivateLiteral(host)) return Promise.resolve(refused());
    const isSecure = place.protocol === 'https:';
    const bytes = Buffer.from(body);
    return new Promise((resolve) => {
      const signal = AbortSignal.timeout(timeoutMs);
      const options = {
        method: 'POST',
        headers: { 'user-agent': userAgent, ...headers, 'content-length': String(bytes.length) },
        signal,
        agent: isSecure ? agents.https : agents.http,
        ...(isFree ? {} : { lookup: publicLookup }),
      };
      const request = (isSecure ? httpsRequest : httpRequest)(place, options);
      request.on('response', (response) => {
        drain(response);
        resolve(resultOf(response, now()));
      });
      request.on('error', (error) => resolve(faultOf(error, signal.aborted)));
      request.end(bytes);
    });
  };
}

function resultOf({ statusCode = 0, headers }: IncomingMessage, now: number): SendResult {
  if (statusCode >= 200 && statusCode < 300) return { ok: true, status: statusCode };
  const retryAfterMs = retryAfterOf(headers['retry-after'], now);
  return {
    ok: false,
    code: 'status',
    status: statusCode,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    detail: statusCode >= 300 && statusCode < 400 ? 'It leads elsewhere.' : `It answered ${statusCode}.`,
  };
}

/** Messages of the system name places: only their code is told. */
function faultOf(error: Error, isLate: boolean): SendResult {
  // Of ours there is one: a name has led to where nothing is sent.
  if (error instanceof PortError) return refused();
  if (isLate) return { ok: false, code: 'timeout', detail: 'It did not answer in time.' };
  return {
    ok: false,
    code: 'unreachable',
    detail: `It cannot be reached (${(error as NodeJS.ErrnoException).code ?? 'failed'}).`,
  };
}

function refused(): SendResult {
  return { ok: false, code: 'refused', detail: 'Its address is private, and this home does not send there.' };
}

function drain(response: IncomingMessage): void {
  let bytes = 0;
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > DRAINED_BYTES_MAX) response.destroy();
  });
  // What breaks off after the head changes nothing.
  response.on('error', () => {});
}

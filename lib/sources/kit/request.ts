// One request by HTTP, to where it may go, with redirects that take no secret along.

import type { IncomingMessage } from 'node:http';
import * as http from 'node:http';
import * as https from 'node:https';
import { pipeline, Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { shownUrl } from '../../core/records/source-words.ts';
import { PortError, type PortErrorCode } from '../../ports/errors.ts';
import { isPrivateLiteral, privateAddress, publicLookup } from '../../private-addresses.ts';
import { portError } from './opened.ts';

export interface Asked {
  method: 'GET' | 'PUT' | 'POST' | 'HEAD';
  url: string;
  headers: Record<string, string>;
  body?: AsyncIterable<Uint8Array>;
  privateHosts: 'any' | readonly string[];
  signal: AbortSignal;
}

export interface Answered {
  status: number;
  headers: http.IncomingHttpHeaders;
  /** Without the encoding of its way. Taken, or destroyed. */
  body: Readable;
}

const REDIRECTS_MAX = 5;
/** As long as nothing moves. */
const IDLE_MS = 60_000;
const REDIRECTS = [301, 302, 303, 307, 308];

/** Any answer; PortError where there is none, or where it may not go. */
export async function request(asked: Asked): Promise<Answered> {
  let { url, headers } = asked;
  for (let redirects = 0; ; redirects++) {
    const answer = await send({ ...asked, url, headers });
    const { location } = answer.headers;
    if (!REDIRECTS.includes(answer.statusCode!) || location === undefined) return decoded(answer, url);
    answer.resume();
    if (asked.method !== 'GET')
      throw new PortError('denied', `${shownUrl(url)} sends what is written elsewhere: name that URL`);
    if (redirects === REDIRECTS_MAX)
      throw new PortError('unavailable', `${shownUrl(asked.url)} redirects without end`);
    const next = new URL(location, url);
    if (next.protocol !== 'https:' && next.protocol !== new URL(url).protocol)
      throw new PortError(
        'denied',
        `${shownUrl(url)} redirects to ${shownUrl(next.href)}, which is not safe`,
      );
    // Whoever is redirected to has not been trusted with them.
    if (next.origin !== new URL(url).origin) headers = {};
    url = next.href;
  }
}

function send({ method, url, headers, body, privateHosts, signal }: Asked): Promise<IncomingMessage> {
  const { protocol, hostname } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  const isFree = privateHosts === 'any' || privateHosts.includes(host.toLowerCase());
  if (!isFree && isPrivateLiteral(host)) return Promise.reject(privateAddress(host));
  if (protocol !== 'http:' && protocol !== 'https:')
    return Promise.reject(new PortError('denied', `${shownUrl(url)} is no URL of HTTP`));
  return new Promise((done, fail) => {
    const sent = (protocol === 'https:' ? https : http).request(url, {
      method,
      signal,
      // Of its own, so that no connection is used that somebody else has opened to elsewhere.
      agent: false,
      headers: {
        accept: 'application/json, */*;q=0.5',
        'accept-encoding': 'gzip, deflate, br',
        'user-agent': 'backup-restore-service',
        ...headers,
      },
      ...(isFree ? {} : { lookup: publicLookup }),
    });
    const failed = (error: unknown): void =>
      fail(signal.aborted ? signal.reason : portError(shownUrl(url), error));
    sent.setTimeout(IDLE_MS, () => sent.destroy(new Error('nothing came for a minute')));
    sent.once('response', done);
    sent.once('error', failed);
    if (body === undefined) sent.end();
    else
      pipeline(Readable.from(body), sent, (error) => {
        if (error) failed(error);
      });
  });
}

function decoded(answer: IncomingMessage, url: string): Answered {
  const encoding = (answer.headers['content-encoding'] ?? '').toLowerCase();
  const through =
    encoding === 'gzip' || encoding === 'x-gzip'
      ? createGunzip()
      : encoding === 'deflate'
        ? createInflate()
        : encoding === 'br'
          ? createBrotliDecompress()
          : undefined;
  if (through === undefined && encoding !== '' && encoding !== 'identity') {
    answer.destroy();
    throw new PortError('integrity', `${shownUrl(url)} answers in ${encoding}, which nobody asked for`);
  }
  const body = through === undefined ? answer : pipeline(answer, through, () => {});
  return { status: answer.statusCode!, headers: answer.headers, body };
}

/** What an answer that is none says; undefined for a good one. */
export function faultOfStatus(url: string, status: number): PortError | undefined {
  if (status >= 200 && status < 300) return undefined;
  const code: PortErrorCode =
    status === 404 || status === 410
      ? 'not_found'
      : status === 409 || status === 412
        ? 'conflict'
        : status === 408 || status === 425 || status === 429 || status >= 500
          ? 'unavailable'
          : 'denied';
  return new PortError(code, `${shownUrl(url)} answers ${status}`, { reason: String(status) });
}

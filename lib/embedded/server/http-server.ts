// The embedded home's HTTP server: node:http around the API, with bounds on what clients may hold.

import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener, type HttpBindings } from '@hono/node-server';
import { passing } from '../../core/bytes/chunks.ts';
import { ServiceError } from '../../core/records/errors.ts';
import { problemResponse } from '../../http/contract/problem.ts';
import type { BodyOf } from '../../http/server/pipeline.ts';
import type { Logger } from '../../log.ts';
import type { Random } from '../../ports/random.ts';
import { answerEarly, noteAnswer, refuseEarly } from './early-refusals.ts';
import { createStandstill, STANDSTILL_LIMITS, type Standstill, type StandstillLimits } from './standstill.ts';

/** Headers are short: whoever takes longer keeps a connection for nothing. */
const HEADERS_TIMEOUT_MS = 20_000;
const CHECK_EVERY_MS = 5_000;
/** Longer than clients and load balancers usually keep an idle connection, so that it is they who close it. */
const KEEP_ALIVE_MS = 75_000;
const CONNECTIONS_MAX = 8192;
/** Files that the store needs beside what clients take. */
const FILES_OF_OUR_OWN = 64;
/** A flood of connections is told of once in that time. */
const DROPS_TOLD_EVERY_MS = 60_000;

/** Requests under way have that long to end once the service is told to stop. */
const DRAIN_MS = 30_000;
/** Whoever stands still meanwhile is not waited for. */
const DRAIN_STANDSTILL_MS = 2_000;
/** How soon connections are closed whose last answer is out. */
const IDLE_EVERY_MS = 50;

export interface HttpServerOptions {
  fetch: (request: Request, env: HttpBindings) => Response | Promise<Response>;
  log: Logger;
  /** Gives ids to requests that are refused before they are any. */
  random: Random;
  standstill?: StandstillLimits;
}

export interface HttpServer {
  server: Server;
  /** To be called when something had to be refused because others hold it. */
  relieve(): void;
  /** Takes no more requests; resolves when those under way have ended, or had their time. */
  drain(): Promise<void>;
}

/** Requests whose client waits for leave to send its body. */
const unanswered = new WeakSet<ServerResponse>();

/**
 * Gives a request's bytes as they come. A web stream would cost a small request more than all its other parts; and whoever
 * stops reading must not hang up.
 */
export const bodyOfIncoming: BodyOf = (env) => {
  const { incoming, outgoing } = env as HttpBindings;
  if (unanswered.delete(outgoing as ServerResponse)) (outgoing as ServerResponse).writeContinue();
  return passing((incoming as IncomingMessage).iterator({ destroyOnReturn: false }));
};

/** Where a request comes from: the other end of its connection, whatever its headers say. */
export function addressOfIncoming(env: unknown): string | undefined {
  const { incoming } = env as HttpBindings;
  return (incoming as IncomingMessage).socket.remoteAddress;
}

export function createHttpServer({ fetch, log, random, standstill }: HttpServerOptions): HttpServer {
  const watch = createStandstill(log, standstill ?? STANDSTILL_LIMITS);
  const listener = getRequestListener(fetch as Parameters<typeof getRequestListener>[0], {
    // For HTTP/1.0, which may leave the name out.
    hostname: 'localhost',
    // Only what the application never saw gets here: a target that is no URL.
    errorHandler: (error) => {
      const reason = error instanceof Error ? error.message : String(error);
      const refusal = new ServiceError('malformed_request', 'The target of the request is no URL.');
      log.info('request', { route: 'none', status: refusal.status, code: refusal.code, reason });
      return problemResponse(refusal, '');
    },
  });
  const take = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    watch.follow(incoming, outgoing);
    noteAnswer(incoming, outgoing);
    outgoing.once('close', () => tellOfUndelivered(incoming, outgoing, log));
    const fault = faultOfHead(incoming);
    if (fault === undefined) void listener(incoming, outgoing);
    else answerEarly(incoming, outgoing, fault, random, log);
  };
  const server = createServer(
    {
      headersTimeout: HEADERS_TIMEOUT_MS,
      connectionsCheckingInterval: CHECK_EVERY_MS,
      // A large state may take as long as it goes on coming: see standstill.ts.
      requestTimeout: 0,
      keepAliveTimeout: KEEP_ALIVE_MS,
      // We say ourselves what is missing.
      requireHostHeader: false,
    },
    take,
  );
  // Leave to send is given once somebody reads: what is refused before need not be sent.
  server.on('checkContinue', (incoming: IncomingMessage, outgoing: ServerResponse) => {
    unanswered.add(outgoing);
    take(incoming, outgoing);
  });
  server.maxConnections = connectionsMax();
  refuseEarly(server, random, log);
  tellOfDrops(server, log);
  return { server, relieve: watch.relieve, drain: () => drain(server, watch, log) };
}

/** The line of the request says what was answered, not that all of it arrived: a restore may be completed that nobody got. */
function tellOfUndelivered(
  { method, url = '' }: IncomingMessage,
  outgoing: ServerResponse,
  log: Logger,
): void {
  if (!outgoing.headersSent || outgoing.writableFinished) return;
  const requestId = outgoing.getHeader('x-request-id');
  log.warn('an answer was not delivered: its client has gone', {
    requestId,
    method,
    path: url.split('?', 1)[0],
  });
}

/** What is wrong with a head that the parser lets through. */
function faultOfHead({ rawHeaders, httpVersion }: IncomingMessage): ServiceError | undefined {
  let hosts = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) if (/^host$/i.test(rawHeaders[i]!)) hosts++;
  if (hosts === 1 || (hosts === 0 && httpVersion === '1.0')) return undefined;
  return new ServiceError('malformed_request', `HTTP/1.1 wants exactly one Host header; ${hosts} came.`);
}

/** So many that the store never lacks a file because of them. */
function connectionsMax(): number {
  const files = openFilesMax();
  const ours = Math.min(Math.max(FILES_OF_OUR_OWN, files / 4), files / 2);
  return Math.max(1, Math.min(CONNECTIONS_MAX, Math.floor(files - ours)));
}

function openFilesMax(): number {
  try {
    const limits = readFileSync('/proc/self/limits', 'utf8');
    return Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? CONNECTIONS_MAX * 2);
  } catch {
    // Only Linux says it there; elsewhere the usual bound of connections stands.
    return CONNECTIONS_MAX * 2;
  }
}

function tellOfDrops(server: Server, log: Logger): void {
  let dropped = 0;
  let toldAt = Number.NEGATIVE_INFINITY;
  const tell = (error?: Error): void => {
    dropped++;
    const now = performance.now();
    if (now - toldAt < DROPS_TOLD_EVERY_MS) return;
    const { maxConnections } = server;
    log.warn('connections were refused: there are too many', {
      dropped,
      maxConnections,
      ...(error && { error }),
    });
    toldAt = now;
    dropped = 0;
  };
  server.on('drop', () => tell());
  // Once it listens, an error is a connection that could not be taken: no file was left for it.
  server.on('listening', () => server.on('error', tell));
}

async function drain(server: Server, watch: Standstill, log: Logger): Promise<void> {
  const drained = new Promise<void>((resolve) => server.close(() => resolve()));
  watch.hurry(DRAIN_STANDSTILL_MS);
  server.closeIdleConnections();
  // Kept alive, a connection is idle only once its answer is out.
  const idle = setInterval(() => server.closeIdleConnections(), IDLE_EVERY_MS);
  const late = setTimeout(() => {
    log.warn('requests were still under way', { afterMs: DRAIN_MS });
    server.closeAllConnections();
  }, DRAIN_MS);
  await drained;
  clearTimeout(late);
  clearInterval(idle);
  watch.stop();
}

/** Resolves with where it listens; rejects if it cannot. */
export function listen(
  { server }: HttpServer,
  { host, port }: { host: string; port: number },
): Promise<{ address: string; port: number }> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve(server.address() as AddressInfo);
    });
  });
}

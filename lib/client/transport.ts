// One call over HTTP, tried again where that is safe: with full jitter, and not before the service says.

import { BackupError, errorOf } from './errors.ts';

/** Adds what proves who is calling, for callers without a token. It may be asked again for another try. */
export type Sign = (request: Request) => Request | Promise<Request>;

export interface TransportOptions {
  /** Of the service, with what stands before its paths. */
  url: string;
  token?: string;
  sign?: Sign;
  headers?: Record<string, string>;
  fetch?: typeof fetch;
  /** How often a call is tried again; 4 without it. */
  retries?: number;
}

export interface Sent {
  method: string;
  /** Below the service's URL, or a whole URL: one that is not the service's is sent no credential. */
  path: string;
  headers?: Record<string, string>;
  /** Made anew for each try: a stream can be sent once. */
  body?: () => string | Blob | ReadableStream<Uint8Array>;
  /** Whether it may be done twice without harm. Unless it is said, GET, HEAD, PUT and DELETE may. */
  isSafe?: boolean;
  signal?: AbortSignal;
}

export type Transport = (sent: Sent) => Promise<Response>;

const AGAIN = [408, 429, 502, 503, 504];
const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 20_000;
/** What asks for more patience than that is told to its caller instead. */
const PATIENCE_SECONDS = 60;

/** Resolves with a good answer (also 3xx); throws BackupError for all others, and the signal's reason if it was aborted. */
export function createTransport(options: TransportOptions): Transport {
  const { token, sign, headers: always = {}, retries = 4 } = options;
  const send = options.fetch ?? ((request: Request) => fetch(request));
  const base = options.url.replace(/\/+$/, '');
  return async ({ method, path, headers, body, isSafe = !/PO|PA/.test(method), signal }) => {
    const url = path.startsWith('/') ? base + path : path;
    const isOurs = url.startsWith(`${base}/`);
    for (let tried = 0; ; tried++) {
      signal?.throwIfAborted();
      let failure: BackupError;
      let mayRepeat = isSafe;
      try {
        const content = body?.() ?? null;
        const init = {
          method,
          headers: {
            ...(isOurs ? always : {}),
            ...(isOurs && token !== undefined ? { Authorization: `Bearer ${token}` } : {}),
            ...headers,
          },
          body: content,
          redirect: 'manual',
          ...(signal === undefined ? {} : { signal }),
          // What a stream needs where streams can be sent.
          ...(content instanceof ReadableStream ? { duplex: 'half' } : {}),
        } as RequestInit;
        const request = new Request(url, init);
        const response = await send(isOurs && sign !== undefined ? await sign(request) : request);
        if (response.ok || (response.status >= 300 && response.status < 400)) return response;
        failure = await errorOf(response);
        // Turned away before anything was begun.
        if (response.status === 429) mayRepeat = true;
        mayRepeat &&= AGAIN.includes(response.status);
      } catch (cause) {
        signal?.throwIfAborted();
        failure = new BackupError('network_error', `No answer from ${isOurs ? base : new URL(url).origin}`, {
          cause,
        });
      }
      const { retryAfterSeconds = 0 } = failure;
      if (!mayRepeat || tried >= retries || retryAfterSeconds > PATIENCE_SECONDS) throw failure;
      const most = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** tried);
      await sleep(retryAfterSeconds * 1000 + Math.random() * most, signal);
    }
  };
}

/** Throws the signal's reason as soon as it is aborted. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal!.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal?.addEventListener('abort', stop, { once: true });
  });
}

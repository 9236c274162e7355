// What a URL gives as JSON, and takes back.

import { filledIn, referencesIn } from '../core/records/secret-reference.ts';
import type { HttpSource } from '../core/records/source.ts';
import { shownUrl } from '../core/records/source-words.ts';
import { PortError } from '../ports/errors.ts';
import type { GivenState, Reading, RestoreOptions, RestorePlan, Source, Target } from '../ports/source.ts';
import { hashOfJson } from './kit/atomic-file.ts';
import { portError, type SourceContext } from './kit/opened.ts';
import { type Answered, faultOfStatus, request } from './kit/request.ts';
import { wanted } from './kit/wanted.ts';

/** RFC 9110, section 5.5: visible characters, spaces, tabs; what is beyond ASCII would go as Latin-1. */
const IN_A_HEADER = /^[\t\x20-\x7e]+$/;

export function openHttp(spec: HttpSource, { secrets, privateHosts }: SourceContext): Source {
  async function headersOf(
    headers: Record<string, string> = {},
    signal: AbortSignal,
  ): Promise<Record<string, string>> {
    const filled: Record<string, string> = {};
    for (const [name, value] of Object.entries(headers)) {
      const found = new Map<string, string>();
      for (const one of referencesIn(value)) {
        const secret = await secrets.read(one, signal);
        // Not a word of it may be told.
        if (!IN_A_HEADER.test(secret))
          throw new PortError('denied', `what stands at ${one} cannot be sent in a header`);
        found.set(one, secret);
      }
      filled[name.toLowerCase()] = filledIn(value, found);
    }
    return filled;
  }

  async function get(url: string, headers: Record<string, string>, signal: AbortSignal): Promise<Answered> {
    return request({ method: 'GET', url, headers, privateHosts, signal });
  }

  /** Throws for an answer that is no state. */
  function demandState(url: string, { status, headers, body }: Answered): void {
    const fault = faultOfStatus(url, status);
    const isPage = /^text\/html\b/i.test(headers['content-type'] ?? '');
    if (fault === undefined && !isPage) return;
    body.destroy();
    throw (
      fault ??
      new PortError('integrity', `${shownUrl(url)} answers with a page for people, and not with JSON`)
    );
  }

  async function read(signal: AbortSignal, knownMark?: string): Promise<Reading | 'unchanged'> {
    const headers = await headersOf(spec.headers, signal);
    const answer = await get(
      spec.url,
      { ...headers, ...(knownMark === undefined ? {} : { 'if-none-match': knownMark }) },
      signal,
    );
    if (answer.status === 304 && knownMark !== undefined) {
      answer.body.resume();
      return 'unchanged';
    }
    demandState(spec.url, answer);
    const { etag } = answer.headers;
    // A weak one may stay the same while the text does not.
    const mark = etag !== undefined && /^"[^"]*"$/.test(etag) ? etag : undefined;
    return {
      chunks: bytesOf(spec.url, answer, signal),
      warnings: [],
      ...(mark === undefined ? {} : { mark }),
    };
  }

  return {
    async check(signal) {
      const answer = await get(spec.url, await headersOf(spec.headers, signal), signal);
      demandState(spec.url, answer);
      answer.body.destroy();
      const type = answer.headers['content-type'] ?? 'no content type';
      return {
        detail: `${shownUrl(spec.url)} answers ${answer.status}, ${type}`,
        warnings: answer.headers.etag === undefined ? ['It has no ETag: it is read whole each time'] : [],
      };
    },
    read,
    ...(spec.write === undefined ? {} : { target: targetOf(spec.write) }),
  };

  function targetOf(write: NonNullable<HttpSource['write']>): Target {
    const url = write.url ?? spec.url;

    /** What is there now; undefined if nothing is. */
    async function now(signal: AbortSignal): Promise<{ hash: string; etag: string | undefined } | undefined> {
      const headers = await headersOf(spec.headers ?? write.headers, signal);
      const answer = await get(url, headers, signal);
      if (answer.status === 404 || answer.status === 410) {
        answer.body.resume();
        return undefined;
      }
      demandState(url, answer);
      return { hash: await hashOfJson(bytesOf(url, answer, signal)), etag: answer.headers.etag };
    }

    async function look(state: GivenState, options: RestoreOptions, signal: AbortSignal) {
      const target = await hashOfJson(wanted(state, options.path));
      const found = await now(signal);
      const isSame = found?.hash === target;
      const insert = found === undefined && options.modes.create ? 1 : 0;
      const update = found !== undefined && !isSame && options.modes.update ? 1 : 0;
      const plan: RestorePlan = {
        parts: [{ name: shownUrl(url), insert, update, delete: 0, same: isSame ? 1 : 0 }],
        missing: [],
        warnings: [],
        isExact: isSame || insert + update > 0,
      };
      return { plan, etag: found?.etag, isIdle: insert + update === 0 };
    }

    return {
      plan: async (state, options, signal) => (await look(state, options, signal)).plan,
      async restore(state, options, signal) {
        const { plan, etag, isIdle } = await look(state, options, signal);
        if (isIdle) return plan;
        let bytes = 0;
        for await (const chunk of wanted(state, options.path)) bytes += chunk.length;
        const headers = {
          'content-type': 'application/json',
          'content-length': String(bytes),
          // Whoever has written since is not written over.
          ...(etag !== undefined && !etag.startsWith('W/') ? { 'if-match': etag } : {}),
          ...(await headersOf(write.headers ?? spec.headers, signal)),
        };
        const body = wanted(state, options.path);
        const answer = await request({ method: write.method, url, headers, body, privateHosts, signal });
        answer.body.resume();
        const fault = faultOfStatus(url, answer.status);
        if (fault !== undefined) throw fault;
        const isSame = (await look(state, options, signal)).plan.parts[0]!.same === 1;
        const warnings = isSame
          ? []
          : [`${shownUrl(url)} does not give back what was put there, byte for byte`];
        return { parts: plan.parts, warnings, isExact: isSame };
      },
    };
  }
}

async function* bytesOf(
  url: string,
  { body }: Answered,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* body as AsyncIterable<Uint8Array>;
  } catch (error) {
    signal.throwIfAborted();
    throw portError(shownUrl(url), error, 'unavailable');
  } finally {
    body.destroy();
  }
}

// `brs console`: the console on this machine, for a service that is elsewhere or knows its callers by IAM. It serves the page on loopback, and
// passes on what the page asks for, with the credentials that the command line has. Only pages of its own may use it.

import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { fileURLToPath } from 'node:url';
import type { Context } from '../lib/cli/kit/context.ts';
import { ServiceError } from '../lib/core/records/errors.ts';
import { problemResponse, toServiceError } from '../lib/http/contract/problem.ts';
import { createAccess } from '../lib/http/server/access.ts';
import { createConsole } from '../lib/http/server/console.ts';
import { demandOwnPage } from '../lib/http/server/sessions.ts';
import { silentLogger } from '../lib/log.ts';
import { VERSION } from '../lib/version.ts';

const FOLDER = import.meta.url.endsWith('.ts') ? '../dist/console/' : './console/';
/** Only names that lead to this machine. */
const ACCESS = { checksHost: true, allowedHosts: [] };
/** Of one connection alone (RFC 9110, 7.6.1), or of our own page. */
const NOT_PASSED =
  /^(connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|host|content-length|accept-encoding|origin|referer|cookie|sec-.*)$/i;
const NOT_GIVEN_BACK =
  /^(connection|keep-alive|transfer-encoding|content-encoding|content-length|set-cookie)$/i;

/** Serves until the user interrupts. Says where on stdout. */
export async function serveConsole(context: Context, { port = 0 }: { port?: number }): Promise<void> {
  const { settings, credentials, signal } = context;
  if (import.meta.url.endsWith('.ts')) await build();
  const pages = createConsole({
    folder: fileURLToPath(new URL(FOLDER, import.meta.url)),
    access: ACCESS,
    log: silentLogger,
  });
  const demandAccess = createAccess(ACCESS);
  const base = settings.url.replace(/\/+$/, '');

  const answer = async (request: Request, incoming: IncomingMessage): Promise<Response> => {
    const { pathname, search, origin } = new URL(request.url);
    const page = pages(request);
    if (page !== undefined) return page;
    try {
      demandAccess(request);
      demandOwnPage(request);
      if (pathname === '/session') return sessionOf(settings.profile ?? 'brs console');
      const body = request.method === 'GET' || request.method === 'HEAD' ? undefined : await bodyOf(incoming);
      const headers = new Headers([...request.headers].filter(([name]) => !NOT_PASSED.test(name)));
      if (credentials.token !== undefined) headers.set('Authorization', `Bearer ${credentials.token}`);
      const passed = new Request(`${base}${pathname}${search}`, {
        method: request.method,
        headers,
        redirect: 'manual',
        ...(body === undefined || body.length === 0 ? {} : { body: new Uint8Array(body) }),
      });
      const signed = credentials.sign === undefined ? passed : await credentials.sign(passed);
      const response = await fetch(signed).catch((cause: unknown) => {
        throw new ServiceError('dependency_unavailable', `No answer from ${base}.`, { cause });
      });
      return await back(
        response,
        pathname === '/uploads' ? { from: new URL(base).origin, to: origin } : undefined,
      );
    } catch (error) {
      return problemResponse(toServiceError(error, silentLogger, 'console'), pathname);
    }
  };

  const server = createServer((incoming, outgoing) => {
    void answer(requestOf(incoming), incoming)
      .then((response) => send(response, outgoing))
      // The page or the service has gone in the middle of an answer: the page sees that it broke off.
      .catch(() => outgoing.destroy());
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  await context.line(`http://localhost:${(server.address() as AddressInfo).port}/console/`);
  context.say(`The console of ${base}, until you interrupt it.`);
  signal.addEventListener('abort', () => server.close());
  if (!signal.aborted) await once(signal, 'abort');
  server.closeAllConnections();
}

/** From the source the page is made first. Named so late that nobody takes it in who bundles this. */
async function build(): Promise<void> {
  const { href } = new URL('../scripts/build-console.ts', import.meta.url);
  await ((await import(href)) as { buildConsole(): Promise<unknown> }).buildConsole();
}

function requestOf({ method = 'GET', url = '/', headers }: IncomingMessage): Request {
  const plain = Object.entries(headers).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  // `Host` is no header that a Request would take from a page; here it is what is looked at.
  return new Request(new URL(url, `http://${headers.host ?? 'localhost'}`), {
    method,
    headers: new Headers(plain),
  });
}

/** Who holds this machine's credentials is who is signed in: what they are good for, the service says call by call. */
function sessionOf(subject: string): Response {
  const now = new Date().toISOString();
  return Response.json(
    { required: false, signedIn: true, subject, scopes: ['admin'], version: VERSION, now },
    { headers: { 'Cache-Control': 'no-store' } },
  );
}

/** What pages send is small: states go by uploads. */
async function bodyOf(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Where the service takes uploads itself, the page reaches it through here. */
async function back(response: Response, upload: { from: string; to: string } | undefined): Promise<Response> {
  const headers = new Headers([...response.headers].filter(([name]) => !NOT_GIVEN_BACK.test(name)));
  const { status } = response;
  if (upload === undefined || !response.ok) return new Response(response.body, { status, headers });
  return new Response((await response.text()).replace(`"url":"${upload.from}/`, `"url":"${upload.to}/`), {
    status,
    headers,
  });
}

async function send(response: Response, outgoing: ServerResponse): Promise<void> {
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  if (response.body === null) outgoing.end();
  else await pipeline(Readable.fromWeb(response.body as ReadableStream), outgoing);
}

// The console's files, from memory: a page and what it is made of. They hold nothing of anybody's, so they ask for no credential; what
// they may do in a browser is bounded by the strictest policy that they run under.

import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { ServiceError } from '../../core/records/errors.ts';
import type { Logger } from '../../log.ts';
import { problemResponse, toServiceError } from '../contract/problem.ts';
import type { SignInElsewhere } from '../contract/sign-in.ts';
import { type AccessOptions, createAccess } from './access.ts';

const TYPES: Record<string, string> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
};

/** `elsewhere`: where else than here the page may ask for something. */
const policyFor = (elsewhere: readonly string[]): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    ["connect-src 'self'", ...elsewhere].join(' '),
    "img-src 'self' data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');

const HEADERS = {
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
};

/** What is kept for ever changes its name with what is in it. */
const FOR_EVER = 'public, max-age=31536000, immutable';

interface File {
  bytes: Buffer;
  packed: Buffer;
  type: string;
  etag: string;
}

/** Answers for the console's paths, and sends a browser that asks for `/` there; undefined for every other request. */
export type Console = (request: Request) => Response | undefined;

export interface ConsoleOptions {
  /** Of what `npm run build` makes. */
  folder: string;
  /** Which names the service answers to; whoever stands before it sees to that if it is not given. */
  access?: AccessOptions;
  /** What stands before `/console/` outside. */
  basePath?: string;
  signIn?: SignInElsewhere;
  /** Origins beside ours, and that of the sign-in, that the page may ask. */
  elsewhere?: readonly string[];
  log: Logger;
}

/** Reads all files once. Without the folder `/console` says how it is made. */
export function createConsole({
  folder,
  access,
  basePath = '',
  signIn,
  elsewhere = [],
  log,
}: ConsoleOptions): Console {
  const files = readFilesOrTell(folder, signIn, log);
  const demandAccess = access === undefined ? () => undefined : createAccess(access);
  const home = `${basePath}/console/`;
  const policy = policyFor([
    ...(signIn === undefined ? [] : [new URL(signIn.tokenEndpoint).origin]),
    ...elsewhere,
  ]);
  return (request) => {
    const { pathname } = new URL(request.url);
    const isReading = request.method === 'GET' || request.method === 'HEAD';
    const isOurs = pathname === '/console' || pathname.startsWith('/console/');
    const isBrowser = pathname === '/' && isReading && files !== undefined && wantsPage(request.headers);
    if (!isOurs && !isBrowser) return undefined;
    let response: Response;
    try {
      // Which page leads here does not matter: a link may. Which name leads here does.
      demandAccess(new Request(request.url, { headers: named(request.headers) }));
      response = isBrowser ? redirect(302, home) : answer(files, pathname, request, home);
    } catch (error) {
      response = problemResponse(toServiceError(error, log, 'console'), pathname);
    }
    response.headers.set('Content-Security-Policy', policy);
    for (const [name, value] of Object.entries(HEADERS)) response.headers.set(name, value);
    log.info('console', { method: request.method, path: pathname.slice(0, 200), status: response.status });
    return response;
  };
}

function answer(
  files: Map<string, File> | undefined,
  pathname: string,
  request: Request,
  home: string,
): Response {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    throw new ServiceError('method_not_allowed', 'The console is only read.');
  }
  if (pathname === '/console') return redirect(308, home);
  if (files === undefined) {
    throw new ServiceError('route_not_found', 'The console is not built here: "npm run build" makes it.');
  }
  const name = pathname.slice('/console/'.length);
  const isAsset = name.startsWith('assets/');
  const file = files.get(isAsset ? name : 'index.html');
  if (file === undefined) throw new ServiceError('route_not_found', 'The console has no such file.');
  const { bytes, packed, type, etag } = file;
  const headers: Record<string, string> = {
    'Content-Type': type,
    'Cache-Control': isAsset ? FOR_EVER : 'no-cache',
    ETag: etag,
    Vary: 'Accept-Encoding',
  };
  if (request.headers.get('if-none-match') === etag) return new Response(null, { status: 304, headers });
  const isPacked = /\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))/.test(request.headers.get('accept-encoding') ?? '');
  const body = isPacked ? packed : bytes;
  return new Response(request.method === 'HEAD' ? null : new Uint8Array(body), {
    headers: {
      ...headers,
      'Content-Length': String(body.length),
      ...(isPacked ? { 'Content-Encoding': 'gzip' } : {}),
    },
  });
}

function redirect(status: 302 | 308, home: string): Response {
  return new Response(null, {
    status,
    headers: { Location: home, Vary: 'Accept', 'Cache-Control': 'no-store' },
  });
}

/** A browser names it; programs ask for anything, or for JSON. */
function wantsPage(headers: Headers): boolean {
  return /\btext\/html\b/.test(headers.get('accept') ?? '');
}

function named(headers: Headers): Headers {
  const host = headers.get('host');
  return new Headers(host === null ? {} : { host });
}

/** States are kept whether or not there is a page to look at them. */
function readFilesOrTell(
  folder: string,
  signIn: SignInElsewhere | undefined,
  log: Logger,
): Map<string, File> | undefined {
  try {
    return readFiles(folder, signIn);
  } catch (error) {
    log.error('the console cannot be read, and is not served', { folder, error });
    return undefined;
  }
}

function readFiles(folder: string, signIn: SignInElsewhere | undefined): Map<string, File> | undefined {
  if (!existsSync(join(folder, 'index.html'))) return undefined;
  const names = ['index.html', ...readdirSync(join(folder, 'assets')).map((name) => `assets/${name}`)];
  return new Map(
    names.map((name) => {
      const stored = readFileSync(join(folder, name));
      const bytes = name === 'index.html' && signIn !== undefined ? told(stored, signIn) : stored;
      const etag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`;
      const type = TYPES[name.slice(name.lastIndexOf('.') + 1)] ?? 'application/octet-stream';
      return [name, { bytes, packed: gzipSync(bytes, { level: 9 }), type, etag }];
    }),
  );
}

/** The page, with what it has to know before it can ask anybody. Throws RangeError if the page has no place for it. */
function told(page: Buffer, signIn: SignInElsewhere): Buffer {
  const text = page.toString();
  const json = JSON.stringify(signIn)
    .replaceAll('&', '&amp;')
    .replaceAll('"', '&quot;')
    .replaceAll('<', '&lt;');
  if (!text.includes(SIGN_IN_PLACE)) throw new RangeError('the page has no place for how one signs in');
  return Buffer.from(text.replace(SIGN_IN_PLACE, () => `<meta name="sign-in" content="${json}">`));
}

const SIGN_IN_PLACE = '<meta name="sign-in" content="">';

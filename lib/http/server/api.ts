// The HTTP API on the Web's Request and Response: it runs wherever those do, and knows no server and no environment.

import { type Context, Hono } from 'hono';
import { matchedRoutes } from 'hono/route';
import type { Scratch } from '../../core/bytes/packed.ts';
import { closest } from '../../core/closest.ts';
import type { Kernel } from '../../core/json/kernel/kernel.ts';
import { NOBODY, type Principal } from '../../core/records/access.ts';
import { hasCode, ServiceError } from '../../core/records/errors.ts';
import { LIMITS } from '../../core/records/limits.ts';
import type { Logger } from '../../log.ts';
import type { Meter } from '../../ports/meter.ts';
import { type Random, randomUuid } from '../../ports/random.ts';
import { callerFor } from '../../service/access/doors.ts';
import type { BackupService, UploadReceiver } from '../../service/contract/api.ts';
import { once } from '../contract/once.ts';
import { invalidRequest, problemResponse, toServiceError } from '../contract/problem.ts';
import { type InputOf, type Route, routerPath } from '../contract/route.ts';
import { type OperationId, ROUTE_LIST } from '../contract/routes.ts';
import { UPLOAD_ROUTE } from '../contract/uploads.ts';
import type { Call } from '../handlers/call.ts';
import { createHandlers } from '../handlers/handlers.ts';
import type { MetricsHandlerDeps } from '../handlers/metrics.ts';
import { replyJson } from '../handlers/reply.ts';
import { createOpenApi } from '../openapi/openapi.ts';
import { type AccessOptions, createAccess } from './access.ts';
import { type AuthOptions, createAuthenticator, securityOf } from './auth.ts';
import { bodyMemoryBytesMax, emptyBody } from './body.ts';
import { createByteBudget } from './budget.ts';
import { checkUpload } from './media.ts';
import {
  type ApiLimits,
  type BodyOf,
  DEFAULT_LIMITS,
  methodNotAllowed,
  type RequestState,
  serveRoute,
} from './pipeline.ts';
import { createSessions } from './sessions.ts';
import { isDecodable, MALFORMED_ENCODING } from './validate.ts';

export type { ApiLimits } from './pipeline.ts';

export interface ApiDeps {
  service: BackupService;
  auth: AuthOptions;
  /** Of the product, as `GET /` and OpenAPI say it. */
  version: string;
  log: Logger;
  /** Gives ids to requests that come without one. */
  random: Random;
  /** What bodies are read with. */
  kernel: Kernel;
  limits?: Partial<ApiLimits>;
  /** Epoch milliseconds. */
  now?: () => number;
  /** Takes what is PUT to the paths that `createUpload` gives, in a home that does so itself. */
  uploads?: UploadReceiver;
  /** For states that do not fit into memory. */
  scratch?: Scratch;
  bodyOf?: BodyOf;
  /** Where a call comes from, by its bindings, in a home that sees that. */
  addressOf?: (env: unknown) => string | undefined;
  /** The operations that this process serves; all of them, if it is left out. The contract stays whole either way. */
  serves?: (operationId: OperationId) => boolean;
  /** What stands before the paths outside, as `/prod`: links begin with it. */
  basePath?: string;
  /** Which names it answers to, and which pages may call it, in a home whose door is open to everybody on the machine. */
  access?: AccessOptions;
  /** The figures of the process, where one process is the home. */
  readMetrics?: MetricsHandlerDeps['readMetrics'];
  /** Is told how long each request took. */
  meter?: Pick<Meter, 'time'>;
  /** Called when a request had to be refused because others hold what it needs. */
  onFull?: () => void;
}

type Env = { Variables: RequestState & { errorCode?: string } };
export type Api = Hono<Env>;

/** Who is refused so has no right to be here, whatever was asked for. */
const REFUSALS: ReadonlySet<string> = new Set(['unauthorized', 'forbidden', 'host_not_allowed']);

const BASE_HEADERS = { 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' };

/** What a caller may name its request: short, and safe to write into a log. */
const REQUEST_ID = /^[A-Za-z0-9._:-]{1,128}$/;

/**
 * The API as a Hono app: `app.fetch(request)`. Throws at once if it could not work: an empty token, or a body limit
 * that the budget can never grant.
 */
export function createApi(deps: ApiDeps): Api {
  const { service, version, log, random, now = Date.now, serves = () => true, basePath = '', bodyOf } = deps;
  const limits = { ...DEFAULT_LIMITS, ...deps.limits };
  const isTooLittle =
    limits.inFlightBytesMax < bodyMemoryBytesMax(limits.bodyBytesMax) ||
    limits.smallInFlightBytesMax < limits.smallBodyBytesMax;
  if (isTooLittle) throw new Error('inFlightBytesMax must let in at least one body of the greatest size.');
  const demandAccess = deps.access === undefined ? undefined : createAccess(deps.access);
  const sessions = deps.auth.tokens === undefined ? undefined : createSessions(random, now);
  const authenticator = createAuthenticator(deps.auth, sessions);
  // Made on demand: it is costly, and a cold start should not pay for it.
  const routes = ROUTE_LIST.filter(
    ({ needsTokens, needsProcess }) =>
      (needsTokens !== true || deps.auth.tokens !== undefined) &&
      (needsProcess !== true || deps.readMetrics !== undefined),
  );
  const openApi = once(() =>
    createOpenApi({
      version,
      security: securityOf(deps.auth),
      uploads: deps.uploads !== undefined,
      looksAtNames: deps.access !== undefined,
      routes,
    }),
  );
  const handlers = createHandlers({
    ...{ version, openApi, now, basePath, routes, isCredentialAsked: authenticator.isAsked },
    whoHolds: authenticator.whoHolds,
    takesLarge: limits.bodyBytesMax >= LIMITS.bodyBytesMax,
    ...(deps.readMetrics === undefined ? {} : { readMetrics: deps.readMetrics }),
    ...(sessions === undefined ? {} : { sessions }),
  });
  const pipeline = {
    service,
    kernel: deps.kernel,
    limits,
    budget: createByteBudget(limits.inFlightBytesMax, {
      small: { bytesMax: limits.smallInFlightBytesMax, eachBytesMax: limits.smallBodyBytesMax },
      ...(deps.onFull === undefined ? {} : { onFull: deps.onFull }),
    }),
    ...(deps.scratch === undefined ? {} : { scratch: deps.scratch }),
    ...(bodyOf === undefined ? {} : { bodyOf }),
  };
  const app: Api = new Hono<Env>();

  const refuse = async (
    context: Context<Env>,
    error: unknown,
    headers: Record<string, string> = {},
  ): Promise<Response> => {
    const problem = toServiceError(error, log, context.var.requestId);
    context.set('errorCode', problem.code);
    if (problem.refused !== undefined || REFUSALS.has(problem.code)) await noteRefusal(context, problem);
    const challenge: Record<string, string> =
      problem.code === 'unauthorized' ? { 'WWW-Authenticate': 'Bearer' } : {};
    return problemResponse(problem, rawPath(context.req.raw), { ...challenge, ...headers });
  };

  /** Refused calls stand in the trail, those too that never got to the service. */
  const noteRefusal = (context: Context<Env>, { code, refused }: ServiceError): Promise<void> => {
    const { principal, address } = context.var;
    const path = contractPath(context);
    const route = path === undefined ? {} : { route: `${context.req.method} ${path}` };
    return service.noteRefusal({ ...refused, code, ...route }, callerFor(principal, address));
  };

  app.use(async (context, next) => {
    const started = performance.now();
    begin(context, random);
    context.set('address', deps.addressOf?.(context.env));
    try {
      await next();
    } catch (thrown) {
      // Hono's own handler takes only Errors; whatever else is thrown must not escape either.
      context.res = await refuse(context, thrown);
    }
    const durationMs = performance.now() - started;
    finish(context, log, durationMs);
    const { method } = context.req;
    // What is no method of ours may be anything.
    deps.meter?.time('http_request', durationMs, {
      route: contractPath(context) ?? 'none',
      method: METHODS.has(method) ? method : 'other',
      status: String(context.res.status),
    });
  });

  /** Where no credential is needed, one that is not good is as good as none. */
  const whoCalls = (context: Context<Env>, isOptional: boolean): Principal => {
    try {
      const by = TAKES_BASIC.has(contractPath(context)) ? { address: context.var.address ?? '' } : undefined;
      return authenticator.whoCalls(context.req.raw, context.env, by);
    } catch (error) {
      if (isOptional && hasCode(error, 'unauthorized')) return NOBODY;
      throw error;
    }
  };

  app.use(async (context, next) => {
    demandAccess?.(context.req.raw);
    if (!isDecodable(rawPath(context.req.raw))) {
      throw invalidRequest([{ pointer: '/path', detail: MALFORMED_ENCODING }]);
    }
    if (!isUpload(context)) context.set('principal', whoCalls(context, isPublic(context)));
    await next();
  });

  for (const route of routes.filter(({ operationId }) => serves(operationId))) {
    const handler = handlers[route.operationId] as AnyHandler;
    for (const { method, path } of [route, ...(route.also ?? [])]) {
      app.on(method, routerPath(path), (context) =>
        serveRoute(pipeline, route as Route, handler, context, context.var),
      );
    }
  }
  const { uploads } = deps;
  if (uploads !== undefined) {
    app.put(UPLOAD_PATH, async (context) => {
      const uploadId = context.req.param('uploadId')!;
      checkUpload(context.req.raw.headers);
      const body = bodyOf?.(context.env) ?? context.req.raw.body;
      if (body === null) throw emptyBody();
      const { bytes, sha256 } = await uploads.receive(uploadId, body);
      context.var.meter.bytesIn = bytes;
      return replyJson(200, { uploadId, bytes, sha256 });
    });
  }
  for (const [path, allow] of allowedMethods(routes)) {
    app.all(routerPath(path), (context) =>
      refuse(context, methodNotAllowed(context.req.method, allow), { Allow: allow }),
    );
  }
  app.notFound((context) =>
    refuse(
      context,
      new ServiceError('route_not_found', `No route has this path; ${hintOf(context.req.raw)}`),
    ),
  );
  app.onError((error, context) => refuse(context, error));
  return app;
}

type AnyHandler = (input: InputOf<Route>, call: Call) => Promise<Response>;

function begin(context: Context<Env>, random: Random): void {
  const asked = context.req.raw.headers.get('x-request-id');
  context.set('requestId', asked !== null && REQUEST_ID.test(asked) ? asked : randomUuid(random));
  context.set('meter', { bytesIn: 0 });
  context.set('principal', NOBODY);
}

/** Headers that every answer has, and the request's one line: names and numbers, never what was said. */
function finish(context: Context<Env>, log: Logger, durationMs: number): void {
  const { requestId, meter, errorCode } = context.var;
  const { res } = context;
  // The head alone is sent: what stands behind it waits for nobody, and must not be held.
  if (context.req.method === 'HEAD' && res.body?.locked === false) void res.body.cancel();
  for (const [name, value] of Object.entries(BASE_HEADERS)) res.headers.set(name, value);
  res.headers.set('X-Request-Id', requestId);
  log.info('request', {
    requestId,
    method: context.req.method,
    route: contractPath(context) ?? 'none',
    status: res.status,
    ...(errorCode === undefined ? {} : { code: errorCode }),
    durationMs: Math.round(durationMs * 10) / 10,
    bytesIn: meter.bytesIn,
    bytesOut: Number(res.headers.get('content-length') ?? 0),
  });
}

const METHODS: ReadonlySet<string> = new Set([
  ...['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
  ...ROUTE_LIST.flatMap(({ also = [] }) => also.map(({ method }) => method)),
]);

const UPLOAD_PATH = routerPath(UPLOAD_ROUTE.path);

function isUpload(context: Context<Env>): boolean {
  return context.req.method === 'PUT' && /^\/uploads\/[^/]+$/.test(context.req.path);
}

const PATHS = new Map(ROUTE_LIST.map((route) => [routerPath(route.path), route.path]));
const PUBLIC = new Set(
  ROUTE_LIST.filter((route) => route.scope === 'public').map((route) => `${route.method} ${route.path}`),
);

/** Of any method: what a caller is known by does not depend on what it does. */
const TAKES_BASIC: ReadonlySet<string | undefined> = new Set(
  ROUTE_LIST.filter(({ takesBasic }) => takesBasic).map(({ path }) => path),
);

/** The contract's path that the request matched, with or without its method. */
function contractPath(context: Context<Env>): string | undefined {
  const matched = matchedRoutes(context).find(({ path }) => PATHS.has(path));
  return matched === undefined ? undefined : PATHS.get(matched.path);
}

function isPublic(context: Context<Env>): boolean {
  const method = context.req.method === 'HEAD' ? 'GET' : context.req.method;
  return PUBLIC.has(`${method} ${contractPath(context)}`);
}

/** For each path of the contract, its Allow header. HEAD goes where GET goes. */
function allowedMethods(routes: typeof ROUTE_LIST): Map<string, string> {
  const byPath = new Map<string, string[]>();
  for (const { path, method, also = [] } of routes) {
    for (const one of [{ path, method }, ...also]) {
      const methods = one.method === 'GET' ? ['GET', 'HEAD'] : [one.method];
      byPath.set(one.path, [...(byPath.get(one.path) ?? []), ...methods]);
    }
  }
  return new Map([...byPath].map(([path, methods]) => [path, methods.join(', ')]));
}

/** What may have been meant by a path that is none. */
function hintOf(request: Request): string {
  const path = rawPath(request);
  const policy = /^\/retention\/policies\/(.+\/.+)$/.exec(path)?.[1];
  if (policy !== undefined) {
    return `in an id a slash is written %2F, as in "/retention/policies/${policy.replaceAll('/', '%2F')}".`;
  }
  const withoutSlash = path.replace(/\/+$/, '');
  if (withoutSlash !== path && ROUTE_LIST.some((route) => matchesPath(route.path, withoutSlash))) {
    return `"${withoutSlash}", without the slash at its end, is one.`;
  }
  const meant = closest(
    path.slice(1),
    ROUTE_LIST.map((route) => route.path.slice(1)).filter((one) => !one.includes('{') && one !== ''),
  );
  return meant === undefined ? 'GET / lists them all.' : `did you mean "/${meant}"?`;
}

function matchesPath(template: string, path: string): boolean {
  return new RegExp(`^${template.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path);
}

/** The path as it was sent, still percent-encoded, without query. */
function rawPath(request: Request): string {
  return /^[^:]+:\/\/[^/?#]*([^?#]*)/.exec(request.url)?.[1] || '/';
}

// From a request to a handler's input: what every route does before its own work, in the order that costs least first.

import type { Context } from 'hono';
import type { Scratch } from '../../core/bytes/packed.ts';
import type { ScannedBody } from '../../core/json/body.ts';
import type { Kernel } from '../../core/json/kernel/kernel.ts';
import { isPacked, type ScannedState } from '../../core/json/state-sink.ts';
import { authorize, type Principal } from '../../core/records/access.ts';
import { type Fault, ServiceError } from '../../core/records/errors.ts';
import { LIMITS } from '../../core/records/limits.ts';
import { callerFor, serviceFor } from '../../service/access/doors.ts';
import type { BackupService } from '../../service/contract/api.ts';
import { invalidRequest } from '../contract/problem.ts';
import { Nothing } from '../contract/requests.ts';
import type { BodySpec, InputOf, Route, WholeStateSpec } from '../contract/route.ts';
import type { Handler } from '../handlers/call.ts';
import {
  type BodyBounds,
  type BodyChunks,
  emptyBody,
  type Received,
  readBody,
  readWholeState,
} from './body.ts';
import type { ByteBudget, Reservation } from './budget.ts';
import { findLosses } from './lossless.ts';
import { checkMedia, checkWholeState } from './media.ts';
import { packingOfBody } from './unpack-body.ts';
import { applySchema, parseQuery } from './validate.ts';

/** The bounds a home may set for itself; what it leaves out is as in `LIMITS`. */
export type ApiLimits = Record<
  'bodyBytesMax' | 'inFlightBytesMax' | 'bodyFieldsBytesMax' | 'smallBodyBytesMax' | 'smallInFlightBytesMax',
  number
>;

export const DEFAULT_LIMITS: ApiLimits = {
  bodyBytesMax: LIMITS.bodyBytesMax,
  inFlightBytesMax: LIMITS.inFlightBytesMax,
  bodyFieldsBytesMax: LIMITS.bodyFieldsBytesMax,
  smallBodyBytesMax: LIMITS.smallBodyBytesMax,
  smallInFlightBytesMax: LIMITS.smallInFlightBytesMax,
};

export interface PipelineDeps {
  service: BackupService;
  limits: ApiLimits;
  budget: ByteBudget;
  /** For states that do not fit into memory. */
  scratch?: Scratch;
  bodyOf?: BodyOf;
  kernel: Kernel;
}

/**
 * Gives the bytes of the request whose bindings these are, if a home has them faster than its web stream does. A chunk
 * may be gone once the next one is asked for.
 */
export type BodyOf = (env: unknown) => BodyChunks;

/** What the edge keeps of a request while it is served. */
export interface RequestState {
  requestId: string;
  meter: Received;
  principal: Principal;
  /** Where the call came from, as far as the home sees that. */
  address?: string | undefined;
}

/**
 * Serves a route: checks media type, path, query and headers before a byte of the body is read, then the body, then
 * calls the handler. The body's bytes count against the budget until the handler is done.
 */
export async function serveRoute<R extends Route>(
  deps: PipelineDeps,
  route: R,
  handler: Handler<R>,
  context: Context,
  state: RequestState,
): Promise<Response> {
  const request = context.req.raw;
  const { principal, address } = state;
  // Before anything else is read: whoever lacks the right learns nothing, and costs nothing.
  if (route.scope !== 'public') authorize(principal, route.scope);
  // Every other method that changes something is asked for by a preflight, which gets no leave here.
  if (route.method === 'POST' || route.body !== undefined) checkMedia(request.headers);
  const faults: Fault[] = [];
  const params = applySchema((route.params ?? Nothing)(), context.req.param(), '/path', faults);
  const query = applySchema((route.query ?? Nothing)(), parseQuery(request.url, faults), '/query', faults);
  const headers = applySchema((route.headers ?? Nothing)(), namedHeaders(route, request), '/headers', faults);
  if (faults.length > 0) throw invalidRequest(faults);

  const reservation = deps.budget.open();
  let body: ScannedBody | undefined;
  let whole: ScannedState | undefined;
  try {
    if (route.body !== undefined) body = await takeBody(deps, route.body, context, reservation, state.meter);
    if (route.wholeState !== undefined) {
      const { 'content-md5': md5 } = headers as { 'content-md5'?: string };
      whole = await takeState(deps, route.wholeState, context, reservation, state.meter, { query, md5 });
    }
    const fields = route.body === undefined ? {} : { fields: fieldsOf(route.body, body) };
    // The schemas of this very route made these: the table's types and its values are one.
    const input = { params, query, headers, ...fields, state: whole ?? body?.state } as unknown as InputOf<R>;
    const service = serviceFor(deps.service, principal, address);
    const caller = callerFor(principal, address);
    return await handler(input, {
      principal,
      caller,
      service,
      origin: new URL(request.url).origin,
      isHead: request.method === 'HEAD',
      headers: request.headers,
    });
  } finally {
    reservation.free();
    const taken = whole ?? body?.state;
    if (taken !== undefined && isPacked(taken)) await taken.discard();
  }
}

function takeState(
  { kernel, limits, scratch, bodyOf }: PipelineDeps,
  { isTextWanted }: WholeStateSpec,
  context: Context,
  reservation: Reservation,
  meter: Received,
  { query, md5 }: { query: unknown; md5: string | undefined },
): Promise<ScannedState> {
  const request = context.req.raw;
  checkWholeState(request.headers);
  const bounds = { kernel, bodyBytesMax: limits.bodyBytesMax, ...(scratch === undefined ? {} : { scratch }) };
  const how = { isTextWanted: isTextWanted(query), packed: packingOfBody(request.headers), md5 };
  return readWholeState(request, bounds, how, reservation, meter, bodyOf?.(context.env));
}

async function takeBody(
  { kernel, limits, scratch, bodyOf }: PipelineDeps,
  { stateMember, isStateTextWanted, optional }: BodySpec,
  context: Context,
  reservation: Reservation,
  meter: Received,
): Promise<ScannedBody | undefined> {
  const bounds: BodyBounds =
    stateMember === undefined
      ? { kernel, bodyBytesMax: limits.smallBodyBytesMax, fieldsBytesMax: limits.smallBodyBytesMax }
      : {
          kernel,
          bodyBytesMax: limits.bodyBytesMax,
          fieldsBytesMax: limits.bodyFieldsBytesMax,
          stateMember,
          ...(isStateTextWanted === undefined ? {} : { isStateTextWanted }),
          ...(scratch === undefined ? {} : { scratch }),
        };
  const body = await readBody(context.req.raw, bounds, reservation, meter, bodyOf?.(context.env));
  if (body === undefined && optional !== true) throw emptyBody();
  return body;
}

/** The fields as the schema gives them. Throws ServiceError `invalid_request`, also for a state that is missing or too many. */
function fieldsOf(spec: BodySpec, body: ScannedBody | undefined): unknown {
  const { stateMember } = spec;
  const { fields: raw, fieldsText, state } = body ?? { fields: {}, fieldsText: '{}' };
  const losses = findLosses(fieldsText);
  const faults: Fault[] = [];
  const fields = applySchema(spec.fields(), raw, '', faults, stateMember === undefined ? [] : [stateMember]);
  if (stateMember !== undefined && isObject(raw)) {
    const instead = spec.stateInstead !== undefined && Object.hasOwn(raw, spec.stateInstead);
    if (state === undefined && !instead) faults.push({ pointer: `/${stateMember}`, detail: 'is required' });
    if (state !== undefined && instead) {
      faults.push({ pointer: `/${spec.stateInstead}`, detail: `must not stand beside ${stateMember}` });
    }
  }
  // What is lost in parsing is the better explanation of what the schema then found.
  const known = new Set(losses.map((loss) => loss.pointer));
  const all = [...losses, ...faults.filter((fault) => !known.has(fault.pointer))];
  if (all.length > 0) throw invalidRequest(all);
  return fields;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The headers that the route's schema names; others are not its business. */
function namedHeaders(route: Route, request: Request): Record<string, string> {
  const named: Record<string, string> = {};
  for (const name of Object.keys(route.headers?.().shape ?? {})) {
    const value = request.headers.get(name);
    if (value !== null) named[name] = value;
  }
  return named;
}

/** The error for a path that is known, but not with this method. */
export function methodNotAllowed(method: string, allow: string): ServiceError {
  return new ServiceError('method_not_allowed', `This route does not take ${method}; it takes ${allow}.`);
}

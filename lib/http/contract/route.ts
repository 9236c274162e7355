// What a route of the contract is made of, and the types its handler gets from it.

import type * as z from 'zod/mini';
import type { ScannedState } from '../../core/json/state-sink.ts';
import type { Scope } from '../../core/records/access.ts';
import type { ErrorCode } from '../../core/records/errors.ts';
import type { Tag } from './tags.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** Made on demand, once (`once.ts`). */
export type Schema = () => z.ZodMiniObject;

export interface BodySpec {
  /** What generated clients call it. */
  name: string;
  /** Of the members beside the state. */
  fields: Schema;
  /** The member that holds a state. Required, of any type, and never made into objects. */
  stateMember?: string;
  /** Whether the state will be needed as text, by what of the fields has come before it. Else a long one is packed. */
  isStateTextWanted?: (fields: unknown) => boolean;
  /** A field that may stand in the state's place, to say where the state is instead. */
  stateInstead?: string;
  /** Whether the body may be left out; it then counts as `{}`. */
  optional?: boolean;
}

/** A body that is a state: JSON text, as it is or packed. */
export interface WholeStateSpec {
  description: string;
  /** Whether it will be needed as text, by what the query says. Else a long one is packed. */
  isTextWanted: (query: unknown) => boolean;
}

export interface HeaderSpec {
  description: string;
  /** Only in some of the answers. */
  optional?: true;
}

export interface AnswerSpec {
  description: string;
  /** Name of a schema among the answers of its noun; without one the answer has no body. */
  schema?: string;
  /** What kind of JSON it is; `application/json` without it. */
  media?: string;
  /** Some bytes of a JSON text. */
  isPart?: true;
  /** Plain text, of the kind that `media` says. */
  isText?: true;
  headers?: Record<string, HeaderSpec>;
}

/** Nothing, a place for an upload, what is stored, or that something be written down. */
export type StoreUse = 'nothing' | 'uploads' | 'reads' | 'writes';

/** Shown in the document. Tests send the requests, and hold the answers against their schemas. */
export interface RouteExamples {
  requests?: Record<string, unknown>;
  /** By status. */
  answers?: Record<number, unknown>;
}

export interface Route {
  method: Method;
  /** Whether what its head says is worth a call of its own, through gateways that have to be told of each method too. */
  hasHead?: true;
  /** As OpenAPI writes it: `/backups/{id}`. */
  path: string;
  /** The same by methods that neither OpenAPI nor every gateway knows, where the home can take them. */
  also?: readonly { method: string; path: string }[];
  summary: string;
  tag: Tag;
  /** What the summary has no room for. */
  details?: string;
  /** The right it asks for; `public`: none, and no credential either. */
  scope: Scope | 'public';
  /** Only where this service knows its callers itself, by tokens. */
  needsTokens?: boolean;
  /** Whether a token may come as the password of HTTP Basic: there are clients that know nothing else. */
  takesBasic?: true;
  /** Only where one process is the home: elsewhere no call sees more than its own function's. */
  needsProcess?: boolean;
  params?: Schema;
  query?: Schema;
  headers?: Schema;
  body?: BodySpec;
  /** What the body is, where it is bytes that are taken as they come. */
  bytes?: string;
  /** Where the body is a state and nothing else. */
  wholeState?: WholeStateSpec;
  answers: Record<number, AnswerSpec>;
  /** What it asks of the store, where its method does not say so: a GET reads, all else writes. */
  store?: StoreUse;
  /** Errors of the use case; those of the edge (bad input, no token, our own faults) and of the store go without saying. */
  errors: ErrorCode[];
  examples?: RouteExamples;
}

type OutputOf<S> = S extends Schema ? z.output<ReturnType<S>> : Record<never, never>;

/** What a handler is given: validated, with defaults filled in. */
export interface InputOf<R extends Route> {
  params: OutputOf<R['params']>;
  query: OutputOf<R['query']>;
  headers: OutputOf<R['headers']>;
  fields: R['body'] extends { fields: infer F } ? OutputOf<F> : Record<never, never>;
  /** Present exactly if the body has a stateMember, or is a state. */
  state: R['body'] extends { stateInstead: string }
    ? ScannedState | undefined
    : R['body'] extends { stateMember: string }
      ? ScannedState
      : R['wholeState'] extends WholeStateSpec
        ? ScannedState
        : undefined;
}

/** The methods by which a gateway has to know the route. */
export function methodsOf({ method, hasHead }: Pick<Route, 'method' | 'hasHead'>): string[] {
  return hasHead === true ? [method, 'HEAD'] : [method];
}

/** The path as Hono's router takes it: `/backups/:id`. */
export function routerPath(path: string): string {
  return path.replace(/\{(\w+)\}/g, ':$1');
}

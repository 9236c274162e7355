// What a handler is called with, and what it is.

import type { Principal } from '../../core/records/access.ts';
import type { BackupService, Caller } from '../../service/contract/api.ts';
import type { InputOf, Route } from '../contract/route.ts';

/** Who is calling, and what a handler may use for it. */
export interface Call {
  principal: Principal;
  /** The principal, as the trail names it. */
  caller: Caller;
  /** The service as this principal may use it: there is no other in a handler's reach. */
  service: BackupService;
  /** Where the caller has reached us, for URLs that must be whole: `http://localhost:3004`. */
  origin: string;
  /** Whether only the head of the answer is wanted. */
  isHead: boolean;
  /** Of the request, for what the contract has no name for: its cookies. */
  headers: Headers;
}

export type Handler<R extends Route> = (input: InputOf<R>, call: Call) => Promise<Response>;

/** One handler for each route of a noun. */
export type HandlersOf<Routes extends Record<string, Route>> = {
  [Id in keyof Routes]: Handler<Routes[Id]>;
};

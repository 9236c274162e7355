// A world whose every port call can be counted, made to fail, or held up for a while.

import { setImmediate as nextTurn } from 'node:timers/promises';
import { type FaultPlan, type FaultyCall, faulty, faultyBlobStore } from '../../lib/decorators/faulty.ts';
import { PortError } from '../../lib/ports/errors.ts';
import type { Deps } from '../../lib/service/contract/deps.ts';
import { createWorld } from '../service/world.ts';

export type PortName = 'blobs' | 'catalog' | 'keyring' | 'queue' | 'events' | 'transfers';

/** A call, counted per port from 0. */
export interface PortCall {
  port: PortName;
  index: number;
  method: string;
}

export interface Fault extends PortCall {
  /** Whether the port has done what was asked when the caller sees the error. */
  when: 'before' | 'after';
}

export interface Watched {
  calls: PortCall[];
  /** Whether the fault was met. */
  struck: boolean;
  /** What the action threw. */
  error?: unknown;
  /** What was logged as an error meanwhile, and as a warning. */
  logged: unknown[];
  warned: unknown[];
}

export type FaultyWorld = ReturnType<typeof createFaultyWorld>;

/** `around` is called before and after each port call, and may throw or wait; `replace` swaps further parts. */
export function wrapPorts(deps: Deps, around: (port: PortName) => FaultPlan): Pick<Deps, PortName> {
  return {
    blobs: faultyBlobStore(deps.blobs, around('blobs')),
    catalog: faulty(deps.catalog, around('catalog')),
    keyring: faulty(deps.keyring, around('keyring')),
    queue: faulty(deps.queue, around('queue')),
    events: faulty(deps.events, around('events')),
    transfers: faulty(deps.transfers, around('transfers')),
  };
}

/** A world in which `watch` meets one fault; outside of it nothing fails. */
export function createFaultyWorld() {
  let watched: Watched | undefined;
  let fault: Fault | undefined;
  const counts = new Map<PortName, number>();
  const numbers = new WeakMap<FaultyCall, number>();

  function strike(port: PortName, call: FaultyCall, when: Fault['when']): void {
    const struck = fault?.port === port && fault.index === numbers.get(call) && fault.when === when;
    if (!struck || watched === undefined) return;
    watched.struck = true;
    throw new PortError('unavailable', `${port}.${call.method} fails`);
  }

  const plan = (port: PortName): FaultPlan => ({
    before(call) {
      if (watched === undefined) return;
      const index = counts.get(port) ?? 0;
      counts.set(port, index + 1);
      numbers.set(call, index);
      watched.calls.push({ port, index, method: call.method });
      strike(port, call, 'before');
    },
    after: (call) => strike(port, call, 'after'),
  });

  const world = createWorld((deps) => ({
    ...wrapPorts(deps, plan),
    log: {
      info: () => {},
      warn: (message, fields) => watched?.warned.push([message, fields]),
      error: (message, fields) => watched?.logged.push([message, fields]),
    },
  }));

  return {
    ...world,
    /** Runs an action, with a fault or, to count its calls, without. Resolves when nothing of it is under way any more. */
    async watch(action: () => Promise<unknown>, planned?: Fault): Promise<Watched> {
      const seen: Watched = { calls: [], struck: false, logged: [], warned: [] };
      watched = seen;
      fault = planned;
      counts.clear();
      try {
        await action();
      } catch (error) {
        seen.error = error;
      }
      // What ran beside the call that failed comes to its end too; a rejection that nobody handles fails the test.
      for (let turn = 0; turn < 5; turn++) await nextTurn();
      watched = undefined;
      return seen;
    },
  };
}

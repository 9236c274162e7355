// Counts what is asked of a port, and remembers with which arguments.

import { around, type MethodOf, type PortCall } from './around.ts';

type ArgsOf<Member> = NonNullable<Member> extends (...args: infer Args) => unknown ? Args : never;

export interface CallCounts<Port> {
  /** How often these methods were called since the last reset, all together; all methods if none is named. */
  of(...methods: MethodOf<Port>[]): number;
  /** The arguments of each call of a method since then, in order. */
  argsOf<Method extends MethodOf<Port>>(method: Method): ArgsOf<Port[Method]>[];
  /** Forgets what was called so far. */
  reset(): void;
  /** For the decorator. */
  add(call: PortCall): void;
}

/** Counts of one port, or of several of one kind together. */
export function createCallCounts<Port>(): CallCounts<Port> {
  let calls: PortCall[] = [];
  const of = (methods: readonly string[]) => calls.filter(({ method }) => methods.includes(method));
  return {
    of: (...methods) => (methods.length === 0 ? calls : of(methods)).length,
    argsOf: (method) => of([method]).map(({ args }) => args as ArgsOf<Port[typeof method]>),
    reset() {
      calls = [];
    },
    add: (call) => void calls.push(call),
  };
}

/** The port, with its calls counted: each when it begins, whatever becomes of it. */
export function counting<Port extends object>(port: Port, counts: CallCounts<Port>): Port {
  return around(port, (call, run) => {
    counts.add(call);
    return run();
  });
}

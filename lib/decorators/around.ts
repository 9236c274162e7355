// What all decorators are made of: a port of the same shape, whose every call goes through one function.

/** A call of a port. A method of a part of it is named with the part: `results.write`. */
export interface PortCall {
  method: string;
  args: readonly unknown[];
}

/** The methods of a port, by name. */
export type MethodOf<Port> = {
  [Name in keyof Port]-?: NonNullable<Port[Name]> extends (...args: never[]) => unknown
    ? Name & string
    : never;
}[keyof Port];

/**
 * The port with `each` around every call: what it returns is what the caller gets, and `run` makes the call itself. Parts
 * that have methods of their own are wrapped too; what is no method is read from the port as it stands.
 */
export function around<Port extends object>(
  port: Port,
  each: (call: PortCall, run: () => unknown) => unknown,
  prefix = '',
): Port {
  const wrapped: Record<string, unknown> = {};
  for (const name of namesOf(port)) {
    const member = port[name as keyof Port] as unknown;
    const method = prefix + name;
    if (typeof member === 'function') {
      wrapped[name] = (...args: unknown[]) =>
        each({ method, args }, () => methodOf(port, name).apply(port, args));
    } else if (isPart(member)) {
      wrapped[name] = around(member, each, `${method}.`);
    } else {
      Object.defineProperty(wrapped, name, { enumerable: true, get: () => port[name as keyof Port] });
    }
  }
  return wrapped as Port;
}

/** As it is when it is called: whoever holds the port may have exchanged it since. */
function methodOf(port: object, name: string): (...args: unknown[]) => unknown {
  return (port as Record<string, (...args: unknown[]) => unknown>)[name]!;
}

/** Own members, and methods of the classes it is of: an adapter may be either. */
function namesOf(port: object): Set<string> {
  const names = new Set(Object.keys(port));
  for (let at = Object.getPrototypeOf(port); at !== null && at !== Object.prototype; ) {
    for (const name of Object.getOwnPropertyNames(at)) if (name !== 'constructor') names.add(name);
    at = Object.getPrototypeOf(at);
  }
  return names;
}

function isPart(member: unknown): member is object {
  return (
    typeof member === 'object' &&
    member !== null &&
    Object.values(member).some((one) => typeof one === 'function')
  );
}

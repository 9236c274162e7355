// The file system as the adapters see it, asking a test before each call whether it is to fail. For `jest.mock`.

import { getSystemErrorMap, promisify } from 'node:util';

type Call = (...args: unknown[]) => unknown;

interface Faults {
  /** Called with the name of each function before it runs; what it throws is what the caller sees. */
  before?: ((name: string) => void) | undefined;
}

/** One for all copies of this module: the mocks have one of their own. */
const shared = globalThis as { failingFs?: Faults };
shared.failingFs ??= {};
export const faults: Faults = shared.failingFs;

const ask = (name: string): void => faults.before?.(name);

/** `node:fs`, watched. */
export function watchedFs(real: object): object {
  return mapCalls(real, (name, call) => {
    if (name.endsWith('Sync')) return guarded(name, call);
    const wrapped: Call = (...args) => call(...args);
    // Only so are they used here.
    const promised = promisify(call as never) as Call;
    Object.defineProperty(wrapped, promisify.custom, {
      value: async (...args: unknown[]) => {
        ask(name);
        return promised(...args);
      },
    });
    return wrapped;
  });
}

/** `node:fs/promises`, watched, with the handles that it opens. */
export function watchedPromises(real: object): object {
  return mapCalls(real, (name, call) => async (...args) => {
    ask(`promises.${name}`);
    const result = await call(...args);
    if (name === 'open') watchHandle(result as Record<string, Call>);
    return result;
  });
}

function watchHandle(handle: Record<string, Call>): void {
  for (const name of ['close', 'sync', 'writeFile', 'write', 'read', 'stat', 'truncate', 'datasync']) {
    const call = handle[name];
    if (call !== undefined)
      handle[name] = async (...args) => guarded(`handle.${name}`, call.bind(handle))(...args);
  }
}

/** A close frees the handle whatever it says. */
function guarded(name: string, call: Call): Call {
  if (!/close/i.test(name)) {
    return (...args) => {
      ask(name);
      return call(...args);
    };
  }
  return (...args) => {
    const result = call(...args);
    ask(name);
    return result;
  };
}

function mapCalls(real: object, wrap: (name: string, call: Call) => Call): object {
  const isCall = (name: string, value: unknown): value is Call =>
    typeof value === 'function' && !/^[A-Z_]|^statfs/.test(name);
  return Object.fromEntries(
    Object.entries(real).map(([name, value]) => [name, isCall(name, value) ? wrap(name, value) : value]),
  );
}

/** The error as Node makes it: libuv has no name for some, and Node none for those either. */
export function systemError(number: number, syscall: string): Error {
  const code = getSystemErrorMap().get(-number)?.[0] ?? `Unknown system error ${-number}`;
  return Object.assign(new Error(`${code}, ${syscall}`), { code, errno: -number, syscall });
}

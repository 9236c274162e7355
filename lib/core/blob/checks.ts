// Checks of parsed JSON, strict and without copying: each says what is wrong with a value, or undefined if nothing is.

import { Buffer } from 'node:buffer';

/** `name` is how the value is called in the answer. Values themselves are never part of it. */
export type Check = (value: unknown, name: string) => string | undefined;

/** A member that may be left out. */
export interface Optional {
  optional: Check;
}

/** Members of an object, by name: all of them and no others. */
export type Shape = Readonly<Record<string, Check | Optional>>;

export const anything: Check = () => undefined;
export const anyText: Check = (value, name) => fault(typeof value === 'string', name);
export const text: Check = (value, name) => fault(typeof value === 'string' && value !== '', name);

export function integer(min: number, max = Number.MAX_SAFE_INTEGER): Check {
  return (value, name) =>
    fault(Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max, name);
}

export function oneOf(...values: (string | boolean)[]): Check {
  return (value, name) => fault((values as unknown[]).includes(value), name);
}

/** Lower-case hex of that many digits. */
export function hex(digits: number): Check {
  return (value, name) =>
    fault(typeof value === 'string' && value.length === digits && /^[0-9a-f]*$/.test(value), name);
}

/** base64 (RFC 4648, section 4) of that many bytes, in its one canonical spelling. */
export function base64(bytes: number): Check {
  return (value, name) => {
    const decoded = typeof value === 'string' ? Buffer.from(value, 'base64') : undefined;
    return fault(decoded?.length === bytes && decoded.toString('base64') === value, name);
  };
}

export function optional(check: Check): Optional {
  return { optional: check };
}

/** An object with any members, each of which passes. */
export function recordOf(member: Check): Check {
  return (value, name) => {
    if (!isObject(value)) return fault(false, name);
    return firstFault(Object.values(value), (element) => member(element, `a member of ${name}`));
  };
}

export function object(shape: Shape): Check {
  return (value, name) => {
    if (!isObject(value)) return fault(false, name);
    const unknown = Object.keys(value).some((member) => !Object.hasOwn(shape, member));
    if (unknown) return `${name} has an unknown member`;
    return firstFault(Object.entries(shape), ([member, rule]) => {
      const check = typeof rule === 'function' ? rule : rule.optional;
      if (Object.hasOwn(value, member)) return check(value[member], member);
      return typeof rule === 'function' ? `${member} is missing` : undefined;
    });
  };
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function fault(holds: boolean, name: string): string | undefined {
  return holds ? undefined : `${name} is not what it should be`;
}

function firstFault<T>(values: Iterable<T>, check: (value: T) => string | undefined): string | undefined {
  for (const value of values) {
    const found = check(value);
    if (found !== undefined) return found;
  }
  return undefined;
}

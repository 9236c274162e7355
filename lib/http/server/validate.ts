// From what came in to what handlers get: schemas are applied, and every fault is named by its place.

import type * as z from 'zod/mini';
import { closest } from '../../core/closest.ts';
import type { Fault } from '../../core/records/errors.ts';
import { childPointer } from '../contract/pointer.ts';

/**
 * The value as the schema gives it, or undefined after adding what is wrong to `faults`, each under `prefix`. `alsoKnown`
 * are names that stand beside it and never meet a schema.
 */
export function applySchema<S extends z.ZodMiniType>(
  schema: S,
  value: unknown,
  prefix: string,
  faults: Fault[],
  alsoKnown: readonly string[] = [],
): z.output<S> | undefined {
  const result = schema.safeParse(value, { error: describe });
  if (result.success) return result.data;
  for (const issue of result.error.issues) {
    const pointer = issue.path.reduce(childPointer, prefix);
    if (issue.code === 'unrecognized_keys') {
      const known = [...namesAt(schema, issue.path), ...(issue.path.length === 0 ? alsoKnown : [])];
      for (const key of issue.keys) {
        const meant = closest(key, known);
        const hint = meant === undefined ? '' : `; did you mean ${meant}?`;
        faults.push({ pointer: childPointer(pointer, key), detail: `is not known here${hint}` });
      }
    } else if (issue.code === 'invalid_key') {
      faults.push({ pointer, detail: `its name ${issue.issues[0]?.message ?? 'is not valid'}` });
    } else {
      faults.push({ pointer, detail: issue.message });
    }
  }
  return undefined;
}

/** The names that an object inside a schema knows. */
function namesAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): string[] {
  const shape = shapeOf(schema);
  const [first, ...rest] = path;
  if (first === undefined) return Object.keys(shape);
  const inner = shape[String(first)];
  return inner === undefined ? [] : namesAt(inner, rest);
}

/** The members of an object, through whatever is wrapped around it. */
function shapeOf(schema: z.core.$ZodType): Readonly<Record<string, z.core.$ZodType>> {
  const { def } = schema._zod as z.core.$ZodTypes['_zod'];
  if (def.type === 'object') return def.shape;
  if (def.type === 'pipe') return shapeOf(def.in);
  return 'innerType' in def ? shapeOf(def.innerType) : {};
}

/**
 * The parameters of a query string, decoded as forms are. A parameter given twice, or one that is not decodable, is a
 * fault: whichever reading we chose, someone meant the other.
 */
export function parseQuery(url: string, faults: Fault[]): Record<string, string> {
  const query = /\?([^#]*)/.exec(url)?.[1] ?? '';
  const values = new Map<string, string>();
  for (const part of query.split('&')) {
    if (part === '') continue;
    const equals = part.indexOf('=');
    const key = decodeForm(equals === -1 ? part : part.slice(0, equals));
    const value = decodeForm(equals === -1 ? '' : part.slice(equals + 1));
    if (key === undefined) faults.push({ pointer: '/query', detail: MALFORMED_ENCODING });
    // Own as a name of ours, but schemas pass over it.
    else if (key === '__proto__') faults.push({ pointer: '/query/__proto__', detail: 'is not known here' });
    else if (value === undefined) {
      faults.push({ pointer: childPointer('/query', key), detail: MALFORMED_ENCODING });
    } else if (values.has(key)) {
      faults.push({ pointer: childPointer('/query', key), detail: 'is given more than once' });
    } else values.set(key, value);
  }
  return Object.fromEntries(values);
}

/** Whether every percent sign of a path begins a byte, and the bytes are UTF-8. */
export function isDecodable(path: string): boolean {
  return decodeForm(path) !== undefined;
}

export const MALFORMED_ENCODING = 'is not valid percent-encoded UTF-8';

function decodeForm(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}

/** What is said of a fault. Schemas with words of their own keep them. */
function describe(issue: z.core.$ZodRawIssue): string {
  if (issue.input === undefined) return 'is required';
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${KINDS[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return `must be ${issue.values.length === 1 ? '' : 'one of '}${issue.values.map((value) => JSON.stringify(value)).join(', ')}`;
    case 'too_small':
      return bound('at least', issue.minimum, issue.origin);
    case 'too_big':
      return bound('at most', issue.maximum, issue.origin);
    case 'unrecognized_keys':
      return 'is not known here';
    default:
      return 'is not valid';
  }
}

const KINDS: Record<string, string> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'an object',
  record: 'an object',
  array: 'an array',
};

function bound(side: string, value: number | bigint, origin: string): string {
  return origin === 'string' ? `must have ${side} ${value} characters` : `must be ${side} ${value}`;
}

// Rows of arrays by what they are called: `id=42`, `sku="a,b"`, `order_no=1000,line=7`. As a step of a path it stands where
// a number would; on an object it is a member's name like any other.

import { decodeName } from '../json/pointer.ts';

/** A member that a row must have, and its value. */
export interface RowKey {
  name: string;
  /** The characters of a string; of all else the raw JSON text. */
  value: string;
  isString: boolean;
}

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const WORDS = new Set(['true', 'false', 'null']);
/** A string in quotes, as JSON writes it. */
const QUOTED = /^"(?:[^"\\]|\\.)*"/s;

/**
 * The keys of a step: one `name=value` or several with commas between them. A value that reads as a number, `true`,
 * `false` or `null` is that, by its very text (`1.0` is not `1`); `"42"` in quotes is a string, and so is anything else, in
 * quotes only if it has a comma or begins with one of them. Undefined for a step that is not of this form.
 */
export function parseRowKeys(step: string): RowKey[] | undefined {
  const keys: RowKey[] = [];
  let rest = step;
  for (;;) {
    const equals = rest.indexOf('=');
    if (equals < 1) return undefined;
    const name = rest.slice(0, equals);
    rest = rest.slice(equals + 1);
    const quoted = QUOTED.exec(rest)?.[0];
    const text = quoted ?? /^[^,]*/.exec(rest)![0];
    if (quoted === undefined && text.startsWith('"')) return undefined;
    const value = quoted === undefined ? bareValue(text) : quotedValue(quoted);
    if (value === undefined) return undefined;
    keys.push({ name, ...value });
    rest = rest.slice(text.length);
    if (rest === '') return keys;
    if (!rest.startsWith(',')) return undefined;
    rest = rest.slice(1);
  }
}

function bareValue(value: string): Omit<RowKey, 'name'> {
  return { value, isString: !isScalar(value) };
}

function quotedValue(text: string): Omit<RowKey, 'name'> | undefined {
  try {
    return { value: JSON.parse(text) as string, isString: true };
  } catch {
    return undefined;
  }
}

function isScalar(text: string): boolean {
  return WORDS.has(text) || NUMBER.test(text);
}

/** The step that names a row by one member; `raw` is its value's JSON text. `parseRowKeys` reads it back. */
export function rowKeyOf(name: string, raw: string): string {
  if (!raw.startsWith('"')) return `${name}=${raw}`;
  const value = decodeName(Buffer.from(raw.slice(1, -1)));
  const isBare = !(isScalar(value) || value.startsWith('"') || value.includes(','));
  return `${name}=${isBare ? value : JSON.stringify(value)}`;
}

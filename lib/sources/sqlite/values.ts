// Values of SQLite in JSON: each of its five kinds so that it comes back as the kind that it was.

import { PortError } from '../../ports/errors.ts';

export type Value = null | bigint | number | string | Uint8Array;

/** What is asked of a column, so that text comes as its bytes: what is no text in them must not be lost. */
export function asBytes(column: string): string {
  return `CASE typeof(${column}) WHEN 'text' THEN CAST(${column} AS BLOB) ELSE ${column} END`;
}

export interface Decoder {
  decode(bytes: Uint8Array): string;
}

/** By the first letter of `typeof`. */
export function valueFrom(found: unknown, kind: string, decoder: Decoder): Value {
  if (kind !== 't') return found as Value;
  try {
    return decoder.decode(found as Uint8Array);
  } catch {
    return new BrokenText(found as Uint8Array);
  }
}

/** Text that is none, by its bytes. */
class BrokenText extends Uint8Array {}

/** An integer as its digits, a real with a point or an exponent, a text as a string, bytes as `{"$blob": hex}`. */
export function written(value: Value): string {
  if (value === null || typeof value === 'bigint') return String(value);
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) return `{"$real":"${value}"}`;
    const text = Object.is(value, -0) ? '-0' : String(value);
    return /[.e]/.test(text) ? text : `${text}.0`;
  }
  const hex = Buffer.from(value.buffer, value.byteOffset, value.length).toString('hex');
  return `{"${value instanceof BrokenText ? '$text' : '$blob'}":"${hex}"}`;
}

/** The values of a row, by column. Throws PortError `integrity` for what SQLite has not. */
export function readBack(text: string): Record<string, Value> {
  return JSON.parse(text, (name, value: unknown, context?: { source?: string }) => {
    if (typeof value === 'number') return numberOf(context!.source!);
    if (typeof value === 'object' && value !== null && name !== '')
      return special(value as Record<string, unknown>);
    if (typeof value === 'boolean') throw notOurs();
    return value;
  }) as Record<string, Value>;
}

function numberOf(source: string): bigint | number {
  if (/[.eE]/.test(source)) return Number(source);
  const whole = BigInt(source);
  if (BigInt.asIntN(64, whole) !== whole) throw notOurs();
  return whole;
}

function special(value: Record<string, unknown>): Value {
  const [[kind, content] = [], ...more] = Object.entries(value);
  if (more.length > 0 || typeof content !== 'string') throw notOurs();
  if (kind === '$real') return Number(content);
  if (kind === '$blob') return new Uint8Array(Buffer.from(content, 'hex'));
  if (kind === '$text') return new BrokenText(Buffer.from(content, 'hex'));
  throw notOurs();
}

/** How a value is bound: text that is none has to be made of its bytes. */
export function placeholder(value: Value): string {
  return value instanceof BrokenText ? 'CAST(? AS TEXT)' : '?';
}

export function notOurs(): PortError {
  return new PortError('integrity', 'the state was not read from SQLite');
}

/** The name of a row: its text or digits, where no other value could be called the same; else, and of several columns, JSON. */
export function rowName(key: readonly Value[]): string {
  const [only] = key;
  if (key.length === 1 && typeof only === 'bigint') return String(only);
  if (key.length === 1 && typeof only === 'string' && !/^(?:-?\d+$|[[{"]|null$)/.test(only)) return only;
  return `[${key.map(written).join(',')}]`;
}

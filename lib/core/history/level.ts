// One container on the way to a place: where its children begin, and which of them a step means.

import type { Kernel } from '../json/kernel/kernel.ts';
import { skipString, skipValue, Unended } from '../json/skip.ts';
import { createTape, indexContainer, type Rows, rowStart, rowsOf, valueStart } from '../json/spans.ts';
import { FAST_BYTES_MIN_MAX } from '../json/tape-fast.ts';
import { ServiceError } from '../records/errors.ts';
import { isNamed } from './member.ts';
import type { Parts } from './parts.ts';
import { hasKeys } from './place.ts';
import { parseRowKeys, type RowKey } from './row-key.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const OPEN_OBJECT = 0x7b;

/** Where children begin: of an object's, their names do. Grows in place, as there may be many of them. */
export interface Children {
  count: number;
  starts: Float64Array;
  /** Bytes from there to the value: of an element none. */
  heads: Float64Array;
}

export interface Level extends Children {
  start: number;
  /** Of its closing bracket. */
  close: number;
  isObject: boolean;
  /** The children that the step means, rising: of an object the last one counts, of an array only one that is alone. */
  matches: number[];
  /** The levels of large children whose structure edits have touched, by their numbers: what is touched again is not read whole. */
  beside: Map<number, Level>;
  /** Memory for the children as they will be after the next edits. */
  spare: Children;
}

export function addChild(children: Children, start: number, head: number): void {
  if (children.count === children.starts.length) reserve(children, children.count + 1);
  children.starts[children.count] = start;
  children.heads[children.count++] = head;
}

/** Room for fewer is not worth growing to. */
const CHILDREN_MIN = 16;

/** Makes room for as many in all. */
export function reserve(children: Children, count: number): void {
  if (count <= children.starts.length) return;
  const capacity = Math.max(count, children.starts.length * 2, CHILDREN_MIN);
  for (const name of ['starts', 'heads'] as const) {
    const column = new Float64Array(capacity);
    column.set(children[name].subarray(0, children.count));
    children[name] = column;
  }
}

/**
 * The container that begins at `start` and ends before `end`, and those within it that further `steps` lead through: all of
 * them in one pass, up to where rows are told by their values. Throws ServiceError `payload_too_large` if it has too many
 * children to keep.
 */
export function readLevels(
  kernel: Kernel,
  text: Parts,
  start: number,
  end: number,
  steps: readonly string[],
): Level[] {
  const bytes = text.part(start, end);
  const tape = createTape();
  const index = (from: number, to: number, bytesMin: number): void => {
    if (indexContainer(kernel, tape, bytes, from, to, bytesMin)) return;
    throw new ServiceError(
      'payload_too_large',
      'A container has too many values for one of them to be followed.',
    );
  };
  const levels: Level[] = [];
  for (let from = 0, to = bytes.length; ; ) {
    // Those that are too small for the tape of what is around them are read once more.
    if (levels.length === 0) index(from, to, FAST_BYTES_MIN_MAX);
    else if (to - from < tape.bytesMin) index(from, to, 0);
    const level = levelOf(rowsOf(tape, from, to, bytes[from] === OPEN_OBJECT), start, from);
    const step = steps[levels.push(level) - 1];
    if (step === undefined) return levels;
    const meaning = meaningOf(level, step);
    if ('keys' in meaning) return levels;
    level.matches = choose(text, level, meaning);
    const chosen = chosenOf(level);
    if (typeof chosen === 'string' || levels.length === steps.length) return levels;
    from = valueAt(level, chosen) - start;
    to = endOf(level, chosen) - start;
    if (!isContainer(bytes[from])) return levels;
  }
}

/** Of rows in bytes that begin at `base` in the text. */
function levelOf(rows: Rows, base: number, from: number): Level {
  const { count, stride } = rows;
  const children = { count: 0, starts: new Float64Array(count), heads: new Float64Array(count) };
  for (let k = 0; k < count; k++)
    addChild(children, base + rowStart(rows, k), valueStart(rows, k) - rowStart(rows, k));
  const place = { start: base + from, close: base + rows.close, isObject: stride === 2 };
  const spare = { count: 0, starts: new Float64Array(count), heads: new Float64Array(count) };
  return { ...children, ...place, matches: [], beside: new Map(), spare };
}

export function isContainer(first: number | undefined): boolean {
  return first === OPEN_OBJECT || first === OPEN_ARRAY;
}

/** Adds the children that are all of [start, end); false if that is not what stands there, also where one goes on behind it. */
export function readChildren(
  text: Parts,
  start: number,
  end: number,
  isObject: boolean,
  children: Children,
): boolean {
  const bytes = text.part(start, end);
  try {
    return addChildren(bytes, start, isObject, children);
  } catch (error) {
    if (error instanceof Unended) return false;
    throw error;
  }
}

/** Throws Unended if a string or a value goes on behind the bytes. */
function addChildren(bytes: Buffer, start: number, isObject: boolean, children: Children): boolean {
  for (let at = 0; at < bytes.length; at++) {
    let value = at;
    if (isObject) {
      if (bytes[at] !== QUOTE) return false;
      value = skipString(bytes, at);
      if (bytes[value++] !== COLON) return false;
    }
    addChild(children, start + at, value - at);
    at = skipValue(bytes, value);
    if (at === bytes.length) return true;
    if (bytes[at] !== COMMA) return false;
  }
  return false;
}

export function valueAt({ starts, heads }: Children, child: number): number {
  return starts[child]! + heads[child]!;
}

/** Behind the child: where its comma stands, or the closing bracket. */
export function endOf({ starts, count, close }: Level, child: number): number {
  return child + 1 < count ? starts[child + 1]! - 1 : close;
}

/** The child that is meant, if it is one. */
export function chosenOf({ isObject, matches }: Level): number | 'nothing' | 'several' {
  if (!isObject && matches.length > 1) return 'several';
  return matches.at(-1) ?? 'nothing';
}

/** The first child from `child` on that ends at `offset` or behind it. */
export function childEndingAt(level: Level, child: number, offset: number): number {
  let low = child;
  let high = level.count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (endOf(level, middle) < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** What a step means among the children of a level: the one of a number, or those of a name, or of the values of some members. */
export type Meaning =
  | { number: number }
  | { name: string; bytes: Buffer }
  | { keys: readonly RowKey[] | undefined };

export function meaningOf({ isObject }: Level, step: string): Meaning {
  if (isObject) return { name: step, bytes: Buffer.from(step) };
  return /^(0|[1-9]\d{0,15})$/.test(step) ? { number: Number(step) } : { keys: parseRowKeys(step) };
}

/** All children that the step means. */
export function choose(text: Parts, level: Level, meaning: Meaning): number[] {
  if ('number' in meaning) return meaning.number < level.count ? [meaning.number] : [];
  const found: number[] = [];
  for (const child of candidates(text, level, meaning))
    if (isMeant(text, level, child, meaning)) found.push(child);
  return found;
}

/** Whether a child has the name, or the values, that the step says. */
export function isMeant(text: Parts, level: Level, child: number, meaning: Meaning): boolean {
  if ('number' in meaning) return child === meaning.number;
  const start = level.starts[child]!;
  if ('keys' in meaning) {
    return meaning.keys !== undefined && hasKeys(text.part(start, endOf(level, child)), 0, meaning.keys);
  }
  const head = text.part(start, valueAt(level, child));
  return isNamed(head, 1, head.length - 2, meaning.bytes, meaning.name);
}

/** Those that need to be asked: whichever has the bytes of a value somewhere, or an escape, behind which they may hide. */
function* candidates(text: Parts, level: Level, meaning: Meaning): Generator<number> {
  const key = 'keys' in meaning ? meaning.keys?.[0] : undefined;
  if (key === undefined) {
    for (let child = 0; child < level.count; child++) yield child;
    return;
  }
  const bytes = text.part(level.start, level.close);
  const value = Buffer.from(key.value);
  const next = (wanted: Buffer | number, from: number): number => {
    const at = bytes.indexOf(wanted, from);
    return at < 0 ? Number.POSITIVE_INFINITY : at;
  };
  let named = -1;
  let escaped = key.isString ? -1 : Number.POSITIVE_INFINITY;
  for (let from = 1, child = 0; child < level.count; child++) {
    if (named < from) named = next(value, from);
    if (escaped < from) escaped = next(BACKSLASH, from);
    const at = level.start + Math.min(named, escaped);
    child = childEndingAt(level, child, at + 1);
    if (child === level.count) return;
    yield child;
    from = endOf(level, child) - level.start;
  }
}

// One container on the way to a place: where its children begin, and which of them a step means.

import { skipString, skipValue } from '../json/skip.ts';
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
/** `]` and `}` once this bit is set. */
const CASE_BIT = 0x20;
const CLOSE_OBJECT = 0x7d;

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

const CHILDREN_AT_FIRST = 16;

function noChildren(): Children {
  return {
    count: 0,
    starts: new Float64Array(CHILDREN_AT_FIRST),
    heads: new Float64Array(CHILDREN_AT_FIRST),
  };
}

export function addChild(children: Children, start: number, head: number): void {
  if (children.count === children.starts.length) reserve(children, children.count + 1);
  children.starts[children.count] = start;
  children.heads[children.count++] = head;
}

/** Makes room for as many in all. */
export function reserve(children: Children, count: number): void {
  if (count <= children.starts.length) return;
  const capacity = Math.max(count, children.starts.length * 2);
  for (const name of ['starts', 'heads'] as const) {
    const column = new Float64Array(capacity);
    column.set(children[name].subarray(0, children.count));
    children[name] = column;
  }
}

function newLevel(start: number, isObject: boolean): Level {
  const level = { start, close: start + 1, isObject, ...noChildren(), matches: [] };
  return { ...level, beside: new Map(), spare: noChildren() };
}

/**
 * The container that begins at `start` and ends before `end`, and those within it that further `steps` lead through: all
 * of them in one pass, as far as it is names and numbers that are said.
 */
export function readLevels(text: Parts, start: number, end: number, steps: readonly string[]): Level[] {
  return levelsIn(text.part(start, end), 0, start, steps);
}

function levelsIn(bytes: Buffer, from: number, base: number, [step, ...further]: readonly string[]): Level[] {
  const level = newLevel(base + from, bytes[from] === OPEN_OBJECT);
  const meaning = step === undefined ? undefined : meaningOf(level, step);
  let inner: Level[] = [];
  let at = from + 1;
  if ((bytes[at]! | CASE_BIT) === CLOSE_OBJECT) return [level];
  for (; ; at++) {
    const name = at;
    if (level.isObject) at = skipString(bytes, at) + 1;
    addChild(level, base + name, at - name);
    if (meaning !== undefined && isToldAtOnce(bytes, name, at, level, meaning)) {
      level.matches.push(level.count - 1);
      inner = isContainer(bytes[at]) && further.length > 0 ? levelsIn(bytes, at, base, further) : [];
      at = inner.length > 0 ? inner[0]!.close + 1 - base : skipValue(bytes, at);
    } else at = skipValue(bytes, at);
    if (bytes[at] === COMMA) continue;
    level.close = base + at;
    return [level, ...inner];
  }
}

/** Whether the child that has just been added is meant, where its value need not be looked into. */
function isToldAtOnce(
  bytes: Buffer,
  name: number,
  value: number,
  { count }: Level,
  meaning: Meaning,
): boolean {
  if ('number' in meaning) return count - 1 === meaning.number;
  return 'name' in meaning && isNamed(bytes, name + 1, value - 2, meaning.bytes, meaning.name);
}

export function isContainer(first: number | undefined): boolean {
  return first === OPEN_OBJECT || first === OPEN_ARRAY;
}

/** Adds the children that are all of [start, end); false if that is not what stands there. */
export function readChildren(
  text: Parts,
  start: number,
  end: number,
  isObject: boolean,
  children: Children,
): boolean {
  const bytes = text.part(start, end);
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

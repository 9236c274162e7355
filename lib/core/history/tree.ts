// What stands at a path of a text, one level deep and a page at a time: its children with their kinds, counts and raw scalars.

import { bufferOf } from '../bytes/buffer.ts';
import { findInText, type Identity } from '../delta/compare/identity.ts';
import { decodeName } from '../json/pointer.ts';
import { skipString, skipValue } from '../json/skip.ts';
import { hidesName, hidesPath, type Mask } from './mask.ts';
import { findMember, findPlace } from './place.ts';
import { rowKeyOf } from './row-key.ts';
import { kindAt, type ShownValue, showValue } from './value.ts';

const COMMA = 0x2c;
const OPEN_ARRAY = 0x5b;
const OPEN_OBJECT = 0x7b;
const CASE_BIT = 0x20;
const CLOSE_OBJECT = 0x7d;

/** A longer name is shown as its beginning. */
const NAME_CHARS_MAX = 1024;
/** Characters of a page: a child beyond them begins the next one. */
const PAGE_CHARS_MAX = 1024 * 1024;

export interface TreeOptions {
  /** Children of a page, at most. */
  limit: number;
  /** So many are passed over. */
  after: number;
  /** Bytes of one scalar's text. */
  textBytesMax: number;
  mask?: Mask;
}

export interface TreeChild extends ShownValue {
  /** Of an object's member; `nameCut` if only its beginning is shown. */
  name?: string;
  nameCut?: true;
  /** Of an array's element. */
  index?: number;
  /** The step of a path that names this row, where it is the only one that it names. */
  row?: string;
}

export interface Tree extends ShownValue {
  /** The steps that lead here by names and numbers alone. */
  steps: string[];
  children?: TreeChild[];
  /** How many children are to be passed over for the next page; absent on the last one. */
  next?: number;
}

/** What is at `steps` (`findPlace`), or why nothing is shown. The text must be canonical. */
export function readTree(
  text: Uint8Array,
  steps: readonly string[],
  options: TreeOptions,
): Tree | 'nothing' | 'several' {
  const place = findPlace(text, steps);
  if (typeof place === 'string') return place;
  const bytes = bufferOf(text);
  const isHidden = hidesPath(options.mask, place.names);
  const kind = kindAt(bytes, place.start);
  if (kind !== 'object' && kind !== 'array') {
    return {
      steps: place.steps,
      ...showValue(bytes, place.start, place.end, options.textBytesMax, isHidden),
    };
  }
  const { spans, count, next } = pageOf(bytes, place.start, kind === 'object', options);
  const children = spans.map((span) => childOf(bytes, span, options, isHidden));
  if (kind === 'array' && !isHidden) nameRows(bytes, place.start, spans, children, options.mask);
  return {
    steps: place.steps,
    kind,
    count,
    ...(isHidden ? { masked: true } : { bytes: place.end - place.start }),
    children,
    ...(next === undefined ? {} : { next }),
  };
}

/** A child: its number, and of a member where its name begins. */
interface Span {
  index: number;
  name: number | undefined;
  start: number;
  end: number;
}

function pageOf(
  text: Buffer,
  container: number,
  isObject: boolean,
  { after, limit, textBytesMax }: TreeOptions,
): { spans: Span[]; count: number; next?: number } {
  const spans: Span[] = [];
  let isFull = false;
  let chars = 0;
  let at = container + 1;
  if ((text[at]! | CASE_BIT) === CLOSE_OBJECT) return { spans, count: 0 };
  for (let index = 0; ; index++) {
    const name = isObject ? at : undefined;
    const start = isObject ? skipString(text, at) + 1 : at;
    const end = skipValue(text, start);
    if (index >= after && !isFull) {
      chars += Math.min(textBytesMax, end - start) + Math.min(NAME_CHARS_MAX, start - at);
      isFull = spans.length === limit || (chars > PAGE_CHARS_MAX && spans.length > 0);
      if (!isFull) spans.push({ index, name, start, end });
    }
    at = end;
    if (text[at] !== COMMA) {
      return { spans, count: index + 1, ...(isFull ? { next: spans.at(-1)!.index + 1 } : {}) };
    }
    at++;
  }
}

function childOf(
  text: Buffer,
  { index, name, start, end }: Span,
  { mask, textBytesMax }: TreeOptions,
  isHidden: boolean,
): TreeChild {
  if (name === undefined) return { index, ...showValue(text, start, end, textBytesMax, isHidden) };
  const whole = decodeName(text.subarray(name + 1, start - 2));
  const shown =
    whole.length <= NAME_CHARS_MAX
      ? { name: whole }
      : { name: whole.slice(0, NAME_CHARS_MAX), nameCut: true as const };
  return { ...shown, ...showValue(text, start, end, textBytesMax, isHidden || hidesName(mask, whole)) };
}

/** Gives the page's rows the steps that name them, save those that name others of the array too. */
function nameRows(
  text: Buffer,
  array: number,
  spans: readonly Span[],
  children: TreeChild[],
  mask: Mask | undefined,
): void {
  const named = new Map<string, { child: TreeChild; times: number }>();
  const members = new Set<string>();
  for (const [i, { start, end }] of spans.entries()) {
    const row = rowOf(text, start, end, mask);
    if (row === undefined) continue;
    members.add(row.name);
    named.set(row.step, { child: children[i]!, times: 0 });
  }
  if (named.size === 0) return;
  // A step means every row that has the member, whatever that row is called itself.
  for (let at = array + 1; ; ) {
    for (const name of members) {
      const step = text[at] === OPEN_OBJECT ? stepBy(text, at, name) : undefined;
      const known = step === undefined ? undefined : named.get(step);
      if (known !== undefined) known.times++;
    }
    at = skipValue(text, at);
    if (text[at] !== COMMA) break;
    at++;
  }
  for (const [row, { child, times }] of named) if (times === 1) child.row = row;
}

/** What the row [start, end) is called; undefined for one without a name, with a long one, or one that is masked. */
function rowOf(
  text: Buffer,
  start: number,
  end: number,
  mask: Mask | undefined,
): { name: string; step: string } | undefined {
  if (text[start] !== OPEN_OBJECT || end - start === 2) return undefined;
  const found: Identity = { start: 0, end: 0 };
  findInText(text, start, end, found);
  if (found.end === 0 || found.end - found.start > NAME_CHARS_MAX) return undefined;
  const name = decodeName(text.subarray(found.start + 1, skipString(text, found.start) - 1));
  const step = hidesName(mask, name) ? undefined : stepBy(text, start, name);
  return step === undefined ? undefined : { name, step };
}

/** The step that names a row by this member, if it has it with a short scalar. */
function stepBy(text: Buffer, row: number, name: string): string | undefined {
  const value = findMember(text, row, name);
  if (value === undefined || text[value] === OPEN_OBJECT || text[value] === OPEN_ARRAY) return undefined;
  const end = skipValue(text, value);
  return end - value > NAME_CHARS_MAX ? undefined : rowKeyOf(name, text.toString('utf8', value, end));
}

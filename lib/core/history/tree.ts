// What stands at a path of a text, one level deep and a page at a time: its children with their kinds, counts and raw scalars.

import { bufferOf } from '../bytes/buffer.ts';
import { keyMembers, keyPathsIn, keyPathsOf } from '../delta/compare/row-keys.ts';
import { decodeName } from '../json/pointer.ts';
import { skipString, skipValue } from '../json/skip.ts';
import type { RowIdentity } from '../records/settings.ts';
import { hidesName, hidesPath, type Mask } from './mask.ts';
import { findPlace, type Place } from './place.ts';
import { namedRows } from './rows.ts';
import { kindAt, type ShownValue, showValue } from './value.ts';

const COMMA = 0x2c;
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
  /** How rows are told apart, if their owner has said. */
  identity?: RowIdentity;
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
  if (kind === 'array' && !isHidden) {
    const shown = new Set(spans.map(({ index }) => index));
    const named = namedRows(bytes, place.start, shown, options.mask, keyOf(place, options));
    for (const child of children) {
      const row = named.get(child.index!);
      if (row !== undefined) child.row = row;
    }
  }
  return {
    steps: place.steps,
    kind,
    count,
    ...(isHidden ? { masked: true } : { bytes: place.end - place.start }),
    children,
    ...(next === undefined ? {} : { next }),
  };
}

/** By which members the rows of an array are told apart, if their owner has said. */
function keyOf({ steps, isName }: Place, { identity }: TreeOptions): readonly string[] | undefined {
  const root = keyPathsOf(identity);
  const paths = steps.reduce((at, step, i) => keyPathsIn(at, isName[i] ? step : undefined), root);
  return keyMembers(paths)?.names;
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

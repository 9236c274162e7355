// What stands at a path of a text, one level deep and a page at a time: its children with their kinds, counts and raw scalars.

import { bufferOf } from '../bytes/buffer.ts';
import { keyMembers, keyPathsIn, keyPathsOf } from '../delta/compare/row-keys.ts';
import { decodeName } from '../json/pointer.ts';
import type { RowIdentity } from '../records/settings.ts';
import { hidesName, hidesPath, type Mask } from './mask.ts';
import { findPlace, type Place } from './place.ts';
import { namedRows } from './rows.ts';
import type { TextIndex } from './text-index.ts';
import { kindAt, type ShownValue, showValue } from './value.ts';
import {
  byteAt,
  childrenFrom,
  countChildren,
  demandQuick,
  demandThere,
  type HeldSpans,
  isIndexed,
  type Ways,
} from './ways.ts';

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

/**
 * What is at `steps` (`findPlace`), or why nothing is shown. The text must be canonical. With an index of it, `isQuick` throws TakesTime
 * where that would not be told at once; of a text that is not all there, what has to be there throws NotHeld.
 */
export function readTree(
  text: Uint8Array,
  steps: readonly string[],
  options: TreeOptions,
  index?: TextIndex,
  isQuick = false,
  held?: HeldSpans,
): Tree | 'nothing' | 'several' {
  const ways: Ways =
    index === undefined ? { text } : { text, index, isQuick, ...(held === undefined ? {} : { held }) };
  const place = findPlace(text, steps, ways);
  if (typeof place === 'string') return place;
  const bytes = bufferOf(text);
  const isHidden = hidesPath(options.mask, place.names);
  byteAt(ways, place.start);
  const kind = kindAt(bytes, place.start);
  if (kind !== 'object' && kind !== 'array') {
    demandThere(ways, place.start, place.end);
    return {
      steps: place.steps,
      ...showValue(bytes, place.start, place.end, options.textBytesMax, isHidden),
    };
  }
  const { spans, count, next } = pageOf(ways, place.start, kind === 'object', options);
  // Of a large member the index knows all that is shown; rows are read for what they are called.
  const read = spans.filter(({ start }) => kind === 'array' || !isIndexed(ways, start));
  demandQuick(
    ways,
    read.reduce((sum, { start, end }) => sum + end - start, 0),
  );
  const children = spans.map((span) => childOf(bytes, span, options, isHidden, ways));
  if (kind === 'array' && !isHidden) {
    const shown = new Set(spans.map(({ index }) => index));
    const named = namedRows(bytes, place.start, shown, options.mask, keyOf(place, options), ways);
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
  ways: Ways,
  container: number,
  isObject: boolean,
  { after, limit, textBytesMax }: TreeOptions,
): { spans: Span[]; count: number; next?: number } {
  const spans: Span[] = [];
  let chars = 0;
  let next: number | undefined;
  for (const { number, at, start, end } of childrenFrom(ways, container, after)) {
    chars += Math.min(textBytesMax, end - start) + Math.min(NAME_CHARS_MAX, start - at);
    if (spans.length === limit || (chars > PAGE_CHARS_MAX && spans.length > 0)) {
      next = number;
      break;
    }
    spans.push({ index: number, name: isObject ? at : undefined, start, end });
  }
  return { spans, count: countChildren(ways, container), ...(next === undefined ? {} : { next }) };
}

function childOf(
  text: Buffer,
  { index, name, start, end }: Span,
  { mask, textBytesMax }: TreeOptions,
  isHidden: boolean,
  ways: Ways,
): TreeChild {
  if (name === undefined) return { index, ...showValue(text, start, end, textBytesMax, isHidden, ways) };
  const whole = decodeName(text.subarray(name + 1, start - 2));
  const shown =
    whole.length <= NAME_CHARS_MAX
      ? { name: whole }
      : { name: whole.slice(0, NAME_CHARS_MAX), nameCut: true as const };
  const isMasked = isHidden || hidesName(mask, whole);
  return { ...shown, ...showValue(text, start, end, textBytesMax, isMasked, ways) };
}

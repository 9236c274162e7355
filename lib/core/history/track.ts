// Follows one place through the edits of a text: what an edit does not touch is not read again. In each container on the way
// the children that edits touch are read anew; all others have only moved.

import { skipString, skipValue } from '../json/skip.ts';
import { isNamed } from './member.ts';
import { type Found, findPlace, hasKeys } from './place.ts';
import { parseRowKeys } from './row-key.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const OPEN_OBJECT = 0x7b;
/** `]` and `}` once this bit is set. */
const CASE_BIT = 0x20;
const CLOSE_OBJECT = 0x7d;

/** Bytes [from, to) of the text before were replaced by [start, end) of the next one; in order, and apart from each other. */
export interface TextEdit {
  from: number;
  to: number;
  start: number;
  end: number;
}

/** One container on the way. */
interface Level {
  start: number;
  /** Of its closing bracket. */
  close: number;
  isObject: boolean;
  /** Of each child: of its name, if it has one. */
  starts: number[];
  /** The child that the step means; `nothing` or `several` if it means none. */
  chosen: number | 'nothing' | 'several';
  /** The levels of large children that edits have touched, by their numbers: what is touched again is not read whole. */
  beside: Map<number, Level>;
}

/** A place that is followed. */
export interface Tracker {
  text: Buffer;
  steps: readonly string[];
  levels: Level[];
  besideBytesMin: number;
}

/** Smaller children are read anew when they are touched. */
const BESIDE_BYTES_MIN = 16 * 1024;

/** Begins to follow what `steps` (`findPlace`) mean in a canonical text. */
export function track(
  text: Buffer,
  steps: readonly string[],
  { besideBytesMin = BESIDE_BYTES_MIN }: { besideBytesMin?: number } = {},
): Tracker {
  const tracker: Tracker = { text, steps, levels: [], besideBytesMin };
  descend(tracker);
  return tracker;
}

/** Where it stands now: as `findPlace` would say of the text. */
export function placeOf({ text, steps, levels }: Tracker): Found {
  if (steps.length === 0) return findPlace(text, []);
  const last = levels.at(-1);
  if (typeof last?.chosen === 'string') return last.chosen;
  if (last === undefined || levels.length < steps.length) return 'nothing';
  const isName = levels.map(({ isObject }) => isObject);
  return {
    start: valueAt(text, last, last.chosen),
    end: endOf(last, last.chosen),
    steps: levels.map(({ chosen }, i) => (isName[i] ? steps[i]! : String(chosen))),
    names: steps.filter((_, i) => isName[i]),
    isName,
  };
}

/** Goes on to the next text. Where the edits leave no way to follow, or there are none told, it is looked for anew. */
export function follow(tracker: Tracker, text: Buffer, edits: readonly TextEdit[] | undefined): void {
  const before = tracker.text;
  tracker.text = text;
  const texts = { before, text, besideBytesMin: tracker.besideBytesMin };
  let left = edits;
  for (let depth = 0; left !== undefined && depth < tracker.levels.length; depth++) {
    const level = tracker.levels[depth]!;
    const inner = tracker.levels[depth + 1];
    // What lies within the next container on the way is its business.
    const isDeeper = ({ from, to }: TextEdit): boolean =>
      inner !== undefined && from > inner.start && to <= inner.close;
    const here = left.filter((edit) => !isDeeper(edit));
    const next = moved(level, texts, here, edits!);
    if (next === undefined) break;
    const isTouched = here.length < left.length;
    const isSame = chooseAgain(text, level, next, tracker.steps[depth]!, isTouched);
    tracker.levels[depth] = next.level;
    if (!isSame) {
      tracker.levels.length = depth + 1;
      descend(tracker);
      return;
    }
    if (inner === undefined) return;
    left = left.filter(isDeeper);
  }
  tracker.levels.length = 0;
  descend(tracker);
}

/** Looks for the rest of the way, behind the levels that are known. */
function descend(tracker: Tracker): void {
  const { text, steps, levels } = tracker;
  while (levels.length < steps.length) {
    const last = levels.at(-1);
    if (typeof last?.chosen === 'string') return;
    const start = last === undefined ? 0 : valueAt(text, last, last.chosen);
    if (text[start] !== OPEN_OBJECT && text[start] !== OPEN_ARRAY) return;
    const level = readLevel(text, start);
    level.chosen = choose(text, level, steps[levels.length]!);
    levels.push(level);
  }
}

function readLevel(text: Buffer, start: number): Level {
  const isObject = text[start] === OPEN_OBJECT;
  const level: Level = {
    ...{ start, close: start + 1, isObject, starts: [], chosen: 'nothing' },
    beside: new Map(),
  };
  if ((text[start + 1]! | CASE_BIT) === CLOSE_OBJECT) return level;
  for (let at = start + 1; ; at++) {
    level.starts.push(at);
    at = skipValue(text, isObject ? skipString(text, at) + 1 : at);
    if (text[at] !== COMMA) {
      level.close = at;
      return level;
    }
  }
}

function valueAt(text: Buffer, { isObject, starts }: Level, child: number): number {
  return isObject ? skipString(text, starts[child]!) + 1 : starts[child]!;
}

/** Behind the child: where its comma stands, or the closing bracket. */
function endOf({ starts, close }: Level, child: number): number {
  return child + 1 < starts.length ? starts[child + 1]! - 1 : close;
}

/** Children [from, to) were read anew, as [start, end). */
interface Window {
  from: number;
  to: number;
  start: number;
  end: number;
}

interface Texts {
  before: Buffer;
  text: Buffer;
  besideBytesMin: number;
}

/** The level in the next text, without what is chosen there; undefined if its brackets were touched, or it does not come out even. */
function moved(
  level: Level,
  texts: Texts,
  here: readonly TextEdit[],
  all: readonly TextEdit[],
): { level: Level; windows: Window[] } | undefined {
  const { start, close, isObject, starts } = level;
  if (here.some(({ from, to }) => from <= start || to > close)) return undefined;
  const shift = shifting(all);
  const next: Level = { ...level, start: start + shift.at(start), starts: [], beside: new Map() };
  const windows: Window[] = [];
  for (let child = 0, edit = 0; ; ) {
    const touched = edit === here.length ? starts.length : childEndingAt(level, child, here[edit]!.from);
    const run = { from: child, to: touched, apart: next.starts.length - child };
    while (child < touched) child = moveRun(starts, child, touched, shift, next.starts);
    keepBeside(level, next, run, texts, all);
    if (edit === here.length) break;
    // Behind all of them, so that no child is of its business.
    if (child === starts.length) return undefined;
    const at = starts[child]!;
    const first = child;
    const firstEdit = edit;
    const newStart = here[edit]!.from === at ? here[edit]!.start : at + shift.at(at);
    let end = endOf(level, child);
    for (; edit < here.length && here[edit]!.from <= end; edit++) {
      while (child + 1 < starts.length && here[edit]!.to > end) end = endOf(level, ++child);
    }
    child++;
    const begin = next.starts.length;
    const own =
      child - first === 1 ? movedBeside(level, first, texts, here.slice(firstEdit, edit), all) : undefined;
    if (own !== undefined) {
      next.starts.push(newStart);
      next.beside.set(begin, own);
    } else if (!readChildren(texts.text, newStart, end + shift.at(end), isObject, next.starts))
      return undefined;
    windows.push({ from: first, to: child, start: begin, end: next.starts.length });
  }
  next.close = close + shift.at(close);
  return { level: next, windows };
}

/** The level of a large child in the next text, if the edits lie within its brackets and leave it one; undefined otherwise. */
function movedBeside(
  level: Level,
  child: number,
  texts: Texts,
  here: readonly TextEdit[],
  all: readonly TextEdit[],
): Level | undefined {
  const { before, besideBytesMin } = texts;
  const start = valueAt(before, level, child);
  const end = endOf(level, child);
  const isContainer = before[start] === OPEN_OBJECT || before[start] === OPEN_ARRAY;
  if (!isContainer || end - start < besideBytesMin) return undefined;
  if (here.some(({ from, to }) => from <= start || to > end - 1)) return undefined;
  return moved(level.beside.get(child) ?? readLevel(before, start), texts, here, all)?.level;
}

/** Of the children [from, to), which no edit has touched, the levels move along; their numbers are `apart` from what they were. */
function keepBeside(
  level: Level,
  next: Level,
  { from, to, apart }: { from: number; to: number; apart: number },
  texts: Texts,
  all: readonly TextEdit[],
): void {
  for (const [child, beside] of level.beside) {
    // Edits within the child that is chosen are told to its own level, and not here.
    if (child < from || child >= to || child === level.chosen) continue;
    const own = moved(beside, texts, [], all);
    if (own !== undefined) next.beside.set(child + apart, own.level);
  }
}

/** The first child from `child` on that ends at `offset` or behind it. */
function childEndingAt(level: Level, child: number, offset: number): number {
  let low = child;
  let high = level.starts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (endOf(level, middle) < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Adds where children begin that have all moved alike: as many of [child, to) as no edit stands between. Gives the next one. */
function moveRun(
  starts: readonly number[],
  child: number,
  to: number,
  shift: Shift,
  moved: number[],
): number {
  const by = shift.at(starts[child]!);
  const bound = shift.until();
  let at = child;
  do moved.push(starts[at++]! + by);
  while (at < to && starts[at]! < bound);
  return at;
}

/** How far what no edit covers has moved: behind what was put there. */
interface Shift {
  /** To be asked for rising offsets. */
  at(offset: number): number;
  /** Up to there it is what it was at the last offset. */
  until(): number;
}

function shifting(edits: readonly TextEdit[]): Shift {
  let next = 0;
  let shift = 0;
  return {
    at(offset) {
      for (; next < edits.length && edits[next]!.to <= offset; next++)
        shift = edits[next]!.end - edits[next]!.to;
      return shift;
    },
    until: () => (next < edits.length ? edits[next]!.to : Number.POSITIVE_INFINITY),
  };
}

/** Adds where the children begin that are all of [start, end); false if that is not what stands there. */
function readChildren(
  text: Buffer,
  start: number,
  end: number,
  isObject: boolean,
  starts: number[],
): boolean {
  for (let at = start; at < end; at++) {
    starts.push(at);
    if (isObject) {
      if (text[at] !== QUOTE) return false;
      at = skipString(text, at);
      if (text[at++] !== COLON) return false;
    }
    at = skipValue(text, at);
    if (at === end) return true;
    if (text[at] !== COMMA) return false;
  }
  return false;
}

/** The child that a step means. */
function choose(text: Buffer, level: Level, step: string): Level['chosen'] {
  const means = meaning(text, level, step);
  if (typeof means === 'number') return means < level.starts.length ? means : 'nothing';
  let found: Level['chosen'] = 'nothing';
  for (let child = level.starts.length - 1; child >= 0; child--) {
    if (!means(child)) continue;
    if (level.isObject) return child;
    if (found !== 'nothing') return 'several';
    found = child;
  }
  return found;
}

/** The number that a step is, or which children it means. */
function meaning(
  text: Buffer,
  { isObject, starts }: Level,
  step: string,
): number | ((child: number) => boolean) {
  if (isObject) {
    const wanted = Buffer.from(step);
    return (child) => isNamed(text, starts[child]! + 1, skipString(text, starts[child]!) - 1, wanted, step);
  }
  if (/^(0|[1-9]\d{0,15})$/.test(step)) return Number(step);
  const keys = parseRowKeys(step);
  return (child) => keys !== undefined && hasKeys(text, starts[child]!, keys);
}

/**
 * Chooses among the children as they are now. Gives whether it is the same child, as it was.
 * @param isTouched whether edits lie within the child that was chosen: they may be of what a row is called by
 */
function chooseAgain(
  text: Buffer,
  { chosen: before }: Level,
  { level, windows }: { level: Level; windows: readonly Window[] },
  step: string,
  isTouched: boolean,
): boolean {
  const kept = keptChild(before, windows);
  const means = meaning(text, level, step);
  const isTold =
    typeof means === 'number' ||
    kept === undefined ||
    (isTouched && typeof kept === 'number' && !means(kept)) ||
    (before === 'several' && windows.length > 0) ||
    windows.some(({ start, end }) => {
      for (let child = start; child < end; child++) if (means(child)) return true;
      return false;
    });
  level.chosen = isTold ? choose(text, level, step) : kept;
  return level.chosen === kept;
}

/** What was chosen before, by its number now; undefined if it was read anew. */
function keptChild(before: Level['chosen'], windows: readonly Window[]): Level['chosen'] | undefined {
  if (typeof before === 'string') return before;
  let shift = 0;
  for (const { from, to, start, end } of windows) {
    if (before < from) break;
    if (before < to) return undefined;
    shift += end - start - (to - from);
  }
  return before + shift;
}

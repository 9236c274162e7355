// One container from a text to the next: the children that edits touch are read anew, all others have only moved.

import type { Kernel } from '../json/kernel/kernel.ts';
import type { TextEdit } from './edits.ts';
import {
  addChild,
  type Children,
  childEndingAt,
  chosenOf,
  endOf,
  isContainer,
  type Level,
  readChildren,
  readLevels,
  reserve,
  valueAt,
} from './level.ts';
import type { Parts } from './parts.ts';

/** Children [from, to) may be others now, and are [start, end). */
export interface Window {
  from: number;
  to: number;
  start: number;
  end: number;
  /** Only what stands within the one child has changed, and not how far it goes. */
  isSame: boolean;
}

export interface Texts {
  kernel: Kernel;
  before: Parts;
  text: Parts;
  /** Smaller children are read anew when they are touched. */
  besideBytesMin: number;
}

/** What is known of the edits of a text. */
interface Edits {
  all: readonly TextEdit[];
  /** Those that lie within the container. */
  here: readonly TextEdit[];
  /** Within the next container on the way, whose business they are. */
  isDeeper(edit: TextEdit): boolean;
}

const NONE_DEEPER = (): boolean => false;

/**
 * The level in the next text, without what is meant there; undefined if its brackets were touched, or it does not come out
 * even. The level itself is spent.
 */
export function moved(
  level: Level,
  texts: Texts,
  { all, here, isDeeper }: Edits,
): { level: Level; windows: Window[] } | undefined {
  const { start, close, isObject, count } = level;
  if (here.some(({ from, to }) => from <= start || to > close)) return undefined;
  const shift = shifting(all);
  const children = level.spare;
  children.count = 0;
  const next: Level = { ...level, ...children, start: start + shift.at(start), beside: new Map() };
  const windows: Window[] = [];
  const moveTo = (from: number, to: number): void => {
    const run = { from, to, apart: next.count - from };
    moveRun(level, run, shift, next);
    keepBeside(level, next, run, texts, all);
  };
  let child = 0;
  for (let edit = 0; edit < here.length; ) {
    const first = childEndingAt(level, child, here[edit]!.from);
    // Behind all of them, so that no child is of its business.
    if (first === count) return undefined;
    if (isDeeper(here[edit]!) || isWithin(level, first, here[edit]!)) {
      const now = first + next.count - child;
      if (windows.at(-1)?.from !== first) {
        windows.push({ from: first, to: first + 1, start: now, end: now + 1, isSame: true });
      }
      edit++;
      continue;
    }
    moveTo(child, first);
    if (windows.at(-1)?.from === first) windows.pop();
    child = first;
    const firstEdit = edit;
    const at = level.starts[first]!;
    const newStart = here[edit]!.from === at ? here[edit]!.start : at + shift.at(at);
    let end = endOf(level, child);
    for (; edit < here.length && here[edit]!.from <= end; edit++) {
      while (child + 1 < count && here[edit]!.to > end) end = endOf(level, ++child);
    }
    child++;
    const begin = next.count;
    const touched = { all, here: here.slice(firstEdit, edit), isDeeper: NONE_DEEPER };
    const own = child - first === 1 ? movedBeside(level, first, texts, touched) : undefined;
    if (own !== undefined) {
      addChild(next, newStart, level.heads[first]!);
      next.beside.set(begin, own);
    } else if (!readChildren(texts.text, newStart, end + shift.behind(end), isObject, next)) return undefined;
    windows.push({ from: first, to: child, start: begin, end: next.count, isSame: false });
  }
  moveTo(child, count);
  next.close = close + shift.behind(close);
  const { starts, heads } = level;
  next.spare = { count: 0, starts, heads };
  return { level: next, windows };
}

/** Whether an edit is of nothing but the characters of one scalar within the value of a child, and leaves some of them. */
function isWithin(level: Level, child: number, { isPlain, from, to, start, end }: TextEdit): boolean {
  if (isPlain !== true || from < valueAt(level, child)) return false;
  return end > start || from > valueAt(level, child) || to < endOf(level, child);
}

/** The level of a large child in the next text, if the edits lie within its brackets and leave it one; undefined otherwise. */
function movedBeside(level: Level, child: number, texts: Texts, edits: Edits): Level | undefined {
  const { kernel, before, besideBytesMin } = texts;
  const start = valueAt(level, child);
  const end = endOf(level, child);
  if (end - start < besideBytesMin) return undefined;
  if (!isContainer(before.part(start, start + 1)[0])) return undefined;
  if (edits.here.some(({ from, to }) => from <= start || to > end - 1)) return undefined;
  return moved(level.beside.get(child) ?? readLevels(kernel, before, start, end, [])[0]!, texts, edits)
    ?.level;
}

interface Run {
  from: number;
  to: number;
  /** How far their numbers are from what they were. */
  apart: number;
}

/** Of the children of a run, whose extents no edit has changed but by what lies within, the levels move along. */
function keepBeside(
  level: Level,
  next: Level,
  { from, to, apart }: Run,
  texts: Texts,
  all: readonly TextEdit[],
): void {
  if (level.beside.size === 0) return;
  const chosen = chosenOf(level);
  for (const [child, beside] of level.beside) {
    // Edits within the child that is on the way are told to its own level, and not here.
    if (child < from || child >= to || child === chosen) continue;
    const here = all.filter((edit) => edit.from > beside.start && edit.to <= beside.close);
    const own = moved(beside, texts, { all, here, isDeeper: NONE_DEEPER });
    if (own !== undefined) next.beside.set(child + apart, own.level);
  }
}

/** Adds the children of a run, which have moved with what came and went before each of them. */
function moveRun({ starts, heads }: Children, { from, to }: Run, shift: Shift, moved: Children): void {
  reserve(moved, moved.count + to - from);
  moved.heads.set(heads.subarray(from, to), moved.count);
  let count = moved.count;
  for (let child = from; child < to; ) {
    const by = shift.at(starts[child]!);
    const bound = shift.until();
    do moved.starts[count++] = starts[child++]! + by;
    while (child < to && starts[child]! < bound);
  }
  moved.count = count;
}

/** How far what no edit covers has moved: with what came and went before it. To be asked for rising offsets. */
interface Shift {
  /** Of what begins at the offset: what was put right before a scalar is part of it. */
  at(offset: number): number;
  /** Of what ends there: what was put right behind it is part of it. */
  behind(offset: number): number;
  /** Up to there it is what it was at the last offset. */
  until(): number;
}

function shifting(edits: readonly TextEdit[]): Shift {
  let next = 0;
  let shift = 0;
  const pass = (): void => {
    shift = edits[next]!.end - edits[next]!.to;
    next++;
  };
  return {
    at(offset) {
      while (next < edits.length && edits[next]!.to <= offset && !isRightBefore(edits[next]!, offset)) pass();
      return shift;
    },
    behind(offset) {
      while (next < edits.length && edits[next]!.to <= offset) pass();
      return shift;
    },
    until: () => (next < edits.length ? edits[next]!.to : Number.POSITIVE_INFINITY),
  };
}

function isRightBefore({ from, isPlain }: TextEdit, offset: number): boolean {
  return isPlain === true && from === offset;
}

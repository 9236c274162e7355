// Follows one place through the edits of a text: what an edit does not touch is not read again.

import type { Kernel } from '../json/kernel/kernel.ts';
import type { TextEdit } from './edits.ts';
import {
  choose,
  chosenOf,
  endOf,
  isContainer,
  isMeant,
  type Level,
  type Meaning,
  meaningOf,
  readLevels,
  valueAt,
} from './level.ts';
import { moved, type Texts, type Window } from './moved.ts';
import type { Parts } from './parts.ts';
import type { Found } from './place.ts';

/** A place that is followed. */
export interface Tracker {
  kernel: Kernel;
  text: Parts;
  steps: readonly string[];
  /** The containers on the way. */
  levels: Level[];
  besideBytesMin: number;
}

const BESIDE_BYTES_MIN = 16 * 1024;

/** Begins to follow what `steps` (`findPlace`) mean in a canonical text. */
export function track(
  kernel: Kernel,
  text: Parts,
  steps: readonly string[],
  { besideBytesMin = BESIDE_BYTES_MIN }: { besideBytesMin?: number } = {},
): Tracker {
  const tracker: Tracker = { kernel, text, steps, levels: [], besideBytesMin };
  descend(tracker);
  return tracker;
}

/** Where it stands now: as `findPlace` would say of the text. */
export function placeOf({ text, steps, levels }: Tracker): Found {
  if (steps.length === 0) return { start: 0, end: text.bytes, steps: [], names: [], isName: [] };
  const last = levels.at(-1);
  const chosen = last && chosenOf(last);
  if (typeof chosen === 'string') return chosen;
  if (last === undefined || levels.length < steps.length) return 'nothing';
  const isName = levels.map(({ isObject }) => isObject);
  return {
    start: valueAt(last, chosen!),
    end: endOf(last, chosen!),
    steps: levels.map((level, i) => (isName[i] ? steps[i]! : String(chosenOf(level)))),
    names: steps.filter((_, i) => isName[i]),
    isName,
  };
}

/** Goes on to the next text. Where the edits leave no way to follow, or there are none told, it is looked for anew. */
export function follow(tracker: Tracker, text: Parts, edits: readonly TextEdit[] | undefined): void {
  const { kernel, text: before, levels, steps, besideBytesMin } = tracker;
  tracker.text = text;
  const texts: Texts = { kernel, before, text, besideBytesMin };
  let here = edits;
  for (let depth = 0; here !== undefined && depth < levels.length; depth++) {
    const level = levels[depth]!;
    const inner = levels[depth + 1];
    const isDeeper = ({ from, to }: TextEdit): boolean =>
      inner !== undefined && from > inner.start && to <= inner.close;
    const chosen = chosenOf(level);
    const next = moved(level, texts, { all: edits!, here, isDeeper });
    if (next === undefined) break;
    next.level.matches = meantNow(text, level.matches, next, meaningOf(level, steps[depth]!));
    levels[depth] = next.level;
    if (inner === undefined || !isKept(chosen, chosenOf(next.level), next.windows)) {
      levels.length = depth + 1;
      descend(tracker);
      return;
    }
    here = here.filter(isDeeper);
  }
  levels.length = 0;
  descend(tracker);
}

type Chosen = ReturnType<typeof chosenOf>;

/** Whether the same child is chosen, and its own level is good for it. */
function isKept(before: Chosen, now: Chosen, windows: readonly Window[]): boolean {
  return typeof before === 'number' && keptChildren([before], windows)[0] === now;
}

/** Looks for the rest of the way, behind the levels that are known. */
function descend({ kernel, text, steps, levels }: Tracker): void {
  while (levels.length < steps.length) {
    const last = levels.at(-1);
    const chosen = last && chosenOf(last);
    if (typeof chosen === 'string') return;
    const start = last === undefined ? 0 : valueAt(last, chosen!);
    if (!isContainer(text.part(start, start + 1)[0])) return;
    const end = last === undefined ? text.bytes : endOf(last, chosen!);
    levels.push(...readLevels(kernel, text, start, end, steps.slice(levels.length)));
    const level = levels.at(-1)!;
    const step = meaningOf(level, steps[levels.length - 1]!);
    // Rows are told by their values, once it is known where they stand.
    if ('keys' in step) level.matches = choose(text, level, step);
  }
}

/** Which children are meant now: of those that no edit has touched it is known. */
function meantNow(
  text: Parts,
  before: readonly number[],
  { level, windows }: { level: Level; windows: readonly Window[] },
  meaning: Meaning,
): number[] {
  if ('number' in meaning) return choose(text, level, meaning);
  const found = new Set(keptChildren(before, windows));
  for (const { start, end, isSame } of windows) {
    // What a member is called is no part of its value.
    if (isSame && level.isObject) continue;
    for (let child = start; child < end; child++) {
      if (isMeant(text, level, child, meaning)) found.add(child);
      else found.delete(child);
    }
  }
  return [...found].sort((a, b) => a - b);
}

/** What numbers children have now; those that were read anew have none of before. */
function keptChildren(before: readonly number[], windows: readonly Window[]): number[] {
  const kept: number[] = [];
  let passed = 0;
  let shift = 0;
  for (const child of before) {
    for (; passed < windows.length && windows[passed]!.to <= child; passed++) {
      const { from, to, start, end } = windows[passed]!;
      shift += end - start - (to - from);
    }
    const window = windows[passed];
    if (window === undefined || child < window.from || window.isSame) kept.push(child + shift);
  }
  return kept;
}

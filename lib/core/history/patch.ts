// What two states differ by, as a JSON Patch (RFC 6902): operations that are done one after the other.

import {
  ADDITION,
  CHANGE,
  COUNT,
  DELETION,
  INDEX,
  KIND,
  MOVED_TO,
  NONE,
  OP_COLUMNS,
  PLACE,
  STEP,
  STEP_INDEX,
  TARGET_END,
  TARGET_START,
} from '../delta/compare/ops.ts';
import { pointerOfSteps } from '../json/pointer.ts';
import { skipValue } from '../json/skip.ts';
import { ServiceError } from '../records/errors.ts';
import type { Compared, DiffOptions } from './diff.ts';
import { stepsTo } from './op-steps.ts';

/** Characters of a page. */
const PAGE_CHARS_MAX = 3 * 1024 * 1024;

// In a container, what is done first: nothing of this moves what is still to be found.
const REPLACE = 0;
const REMOVE = 1;
const ADD = 2;
const WORDS = ['replace', 'remove', 'add'] as const;

interface Patched {
  kind: number;
  /** The pointer of the container, and how deep it is. */
  around: string;
  depth: number;
  step: string;
  index: number;
  /** Where the value stands in the target. */
  start: number;
  end: number;
}

/**
 * A page of the patch. Deeper containers come first, and in each what is replaced, what is removed from the back to the front,
 * what is added from the front to the back: so every path is true when its turn comes. A row that has moved is removed and
 * added, and that members have other places among each other is not told: to JSON Patch they have none.
 * Throws ServiceError `payload_too_large` for an operation that no page can carry.
 */
export function writePatch(
  compared: Compared,
  { after, limit }: Pick<DiffOptions, 'after' | 'limit'>,
): { patch: string; next?: number } {
  const all = operationsOf(compared).sort(compareOps);
  const shown: string[] = [];
  let chars = 0;
  for (const one of all.slice(after, after + limit)) {
    const bytes = one.kind === REMOVE ? 0 : one.end - one.start;
    chars += bytes + one.around.length + one.step.length;
    if (chars > PAGE_CHARS_MAX) {
      if (shown.length > 0) break;
      const detail = `One operation of the patch has ${bytes} bytes: a page carries ${PAGE_CHARS_MAX}. Name a path, or fetch both states.`;
      throw new ServiceError('payload_too_large', detail);
    }
    const value =
      one.kind === REMOVE ? '' : `,"value":${compared.target.toString('utf8', one.start, one.end)}`;
    const path = JSON.stringify(pathOf(one));
    shown.push(`{"op":"${WORDS[one.kind]}","path":${path}${value}}`);
  }
  const next = after + shown.length;
  return { patch: `[${shown.join()}]`, ...(next < all.length ? { next } : {}) };
}

const WHOLE = -1;

function pathOf({ around, step, depth }: Patched): string {
  return depth === WHOLE ? around : around + pointerOfSteps([step]);
}

function operationsOf(compared: Compared): Patched[] {
  const { ops, target } = compared;
  const { data, length } = ops.ops;
  const all: Patched[] = [];
  for (let op = 0; op < length; op += OP_COLUMNS) {
    const kind = data[op + KIND]!;
    const place = data[op + PLACE]!;
    const start = data[op + TARGET_START]!;
    const end = data[op + TARGET_END]!;
    const at = placed(compared, place);
    if (kind === CHANGE) all.push({ ...at, kind: REPLACE, start, end });
    else if (kind === ADDITION) all.push({ ...at, kind: ADD, start, end });
    else if (kind === DELETION) all.push({ ...at, kind: REMOVE, start: 0, end: 0 });
    else if (data[op + MOVED_TO] !== NONE) {
      all.push({ ...at, kind: REMOVE, start: 0, end: 0 });
      const goal = placed(compared, data[op + MOVED_TO]!);
      all.push({ ...goal, kind: ADD, start, end: skipValue(target, start) });
    } else if (ops.places.data[place + STEP] === STEP_INDEX) all.push(...moved(compared, op, at));
  }
  return all;
}

/** Where an operation at `place` is done. */
function placed(
  { ops, base, target, steps: outer }: Compared,
  place: number,
): Pick<Patched, 'around' | 'depth' | 'step' | 'index'> {
  const steps = stepsTo(ops, place, base, target);
  const last = steps.at(-1);
  const path = [...outer, ...steps.map(({ step }) => step)];
  return {
    around: pointerOfSteps(last === undefined ? path : path.slice(0, -1)),
    depth: last === undefined ? WHOLE : steps.length,
    step: last?.step ?? '',
    index: last?.index ?? 0,
  };
}

/** Rows that have moved together: each is taken away where it was, and comes as it is now where it is now. */
function moved(
  { ops, target }: Compared,
  op: number,
  at: Pick<Patched, 'around' | 'depth' | 'index'>,
): Patched[] {
  const { data } = ops.ops;
  const all: Patched[] = [];
  let start = data[op + TARGET_START]!;
  for (let k = 0; k < data[op + COUNT]!; k++) {
    const from = at.index + k;
    const to = data[op + INDEX]! + k;
    const end = skipValue(target, start);
    all.push({ ...at, kind: REMOVE, index: from, step: String(from), start: 0, end: 0 });
    all.push({ ...at, kind: ADD, index: to, step: String(to), start, end });
    start = end + 1;
  }
  return all;
}

function compareOps(a: Patched, b: Patched): number {
  if (a.depth !== b.depth) return b.depth - a.depth;
  if (a.around !== b.around) return a.around < b.around ? -1 : 1;
  if (a.kind !== b.kind) return a.kind - b.kind;
  return a.kind === REMOVE ? b.index - a.index : a.index - b.index;
}

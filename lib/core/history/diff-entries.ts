// A page of differences, in the shape of a served delta: each with its key, its JSON Pointer, and its path by what rows are
// called, where they have names of their own.

import { createPieces, finishPieces } from '../delta/apply/pieces.ts';
import {
  ADDITION,
  BASE_END,
  BASE_START,
  CHANGE,
  COUNT,
  DELETION,
  INDEX,
  KIND,
  MOVE,
  MOVED_TO,
  NONE,
  PLACE,
  STEP,
  STEP_INDEX,
  TARGET_END,
  TARGET_START,
} from '../delta/compare/ops.ts';
import { writePath } from '../delta/served/paths.ts';
import { inOrder } from '../delta/served/serve.ts';
import { pointerOfSteps } from '../json/pointer.ts';
import type { Compared, DiffOptions } from './diff.ts';
import { pathsByName } from './diff-rows.ts';
import { hidesPath, type Mask } from './mask.ts';
import { maskedText } from './mask-text.ts';
import { type OpStep, stepsTo } from './op-steps.ts';

/** Characters of a page; an entry beyond them begins the next one. */
const PAGE_CHARS_MAX = 2 * 1024 * 1024;
/** A longer path is told by its beginning. */
const PATH_CHARS_MAX = 16 * 1024;

export const LISTS = ['changes', 'additions', 'deletions', 'moves'] as const;
/** JSON arrays by name. */
export type EntryLists = Record<(typeof LISTS)[number], string>;

const ORDERS = [
  [CHANGE, BASE_START],
  [ADDITION, TARGET_START],
  [DELETION, BASE_START],
  [MOVE, TARGET_START],
] as const;

/** An entry of the page. */
export interface PagedOp {
  /** Its offset among the operations. */
  op: number;
  kind: number;
  steps: OpStep[];
}

/** Changes and deletions in the order of the base, additions and moves in that of the target. */
export function writeEntries(
  compared: Compared,
  { after, limit, valueBytesMax, mask }: DiffOptions,
): { lists: EntryLists; next?: number } {
  const { ops, base, target } = compared;
  const { data } = ops.ops;
  const paged: PagedOp[] = [];
  let passed = 0;
  for (const [kind, column] of ORDERS) {
    const found = inOrder(ops, kind, column);
    const from = Math.max(0, after - passed);
    for (const op of found.subarray(from, from + limit - paged.length)) {
      paged.push({ op, kind, steps: stepsTo(ops, data[op + PLACE]!, base, target) });
    }
    passed += found.length;
  }
  const rows = pathsByName(compared, paged, mask);
  const lists: Record<number, string[]> = { [CHANGE]: [], [ADDITION]: [], [DELETION]: [], [MOVE]: [] };
  let shown = 0;
  let chars = 0;
  for (const one of paged) {
    const entry = entryOf(compared, one, rows.get(one), valueBytesMax, mask);
    chars += entry.length;
    if (chars > PAGE_CHARS_MAX && shown > 0) break;
    lists[one.kind]!.push(entry);
    shown++;
  }
  const joinedLists = LISTS.map((name, i) => [name, `[${lists[ORDERS[i]![0]]!.join()}]`]);
  const isOver = after + shown >= passed;
  return {
    lists: Object.fromEntries(joinedLists) as EntryLists,
    ...(isOver ? {} : { next: after + shown }),
  };
}

function entryOf(
  compared: Compared,
  { op, kind, steps }: PagedOp,
  row: string | undefined,
  valueBytesMax: number,
  mask: Mask | undefined,
): string {
  const { ops, base, target } = compared;
  const { data } = ops.ops;
  const names = steps.flatMap(({ step, index }) => (index === undefined ? [step] : []));
  const isHidden = hidesPath(mask, [...compared.names, ...names]);
  const value = (text: Buffer, start: number, end: number, name: string, bytesName: string): string => {
    if (isHidden) return ',"masked":true';
    const bytes = end - start;
    if (bytes > valueBytesMax) return `,"${bytesName}":${bytes}`;
    const shown = maskedText(text, start, end, mask);
    return `,"${name}":${shown.text}${shown.isMasked ? ',"masked":true' : ''}`;
  };
  const oldValue = (name: string, bytesName: string) =>
    value(base, data[op + BASE_START]!, data[op + BASE_END]!, name, bytesName);
  const newValue = (name: string, bytesName: string) =>
    value(target, data[op + TARGET_START]!, data[op + TARGET_END]!, name, bytesName);
  const index = data[op + INDEX]!;
  const where = `${placeOf(compared, op, steps)}${row === undefined ? '' : `,"row":${JSON.stringify(row)}`}`;
  switch (kind) {
    case CHANGE: {
      const old = oldValue('oldValue', 'oldBytes');
      const fresh = newValue('newValue', 'newBytes');
      // Both are hidden, or one of them in part: it is said once.
      const isSaidTwice = old.endsWith(MASKED) && fresh.endsWith(MASKED);
      return `{${where}${isSaidTwice ? old.slice(0, -MASKED.length) : old}${fresh}}`;
    }
    case ADDITION:
      return `{${where}${newValue('value', 'bytes')}${index === NONE ? '' : `,"index":${index}`}}`;
    case DELETION:
      return `{${where}${oldValue('value', 'bytes')}}`;
    default: {
      const isElement = ops.places.data[goalOf(compared, op) + STEP] === STEP_INDEX;
      const count = data[op + COUNT]!;
      const more = isElement ? (count === 1 ? '' : `,"count":${count}`) : `,"index":${index}`;
      return `{${where}${more}}`;
    }
  }
}

const MASKED = ',"masked":true';

/** Key and pointer of an entry; of a move those of where it comes from and goes to. */
function placeOf(compared: Compared, op: number, steps: readonly OpStep[]): string {
  const { ops } = compared;
  const { data } = ops.ops;
  const path = [...compared.steps, ...steps.map(({ step }) => step)];
  const pointer = shortened(pointerOfSteps(path));
  if (data[op + KIND] !== MOVE) return `"key":${keyOf(compared, op)},"pointer":${pointer}`;
  const index = data[op + INDEX]!;
  const goal = stepsTo(ops, goalOf(compared, op), compared.base, compared.target).map(({ step }) => step);
  const isElement = ops.places.data[goalOf(compared, op) + STEP] === STEP_INDEX;
  if (isElement) goal[goal.length - 1] = String(index);
  const to = shortened(pointerOfSteps([...compared.steps, ...goal]));
  return `"from":${keyOf(compared, op)},"to":${keyOf(compared, op, index)},"pointer":${pointer},"toPointer":${to}`;
}

/** The place that an operation leads to: its own, unless it moves something to another. */
function goalOf({ ops: { ops } }: Compared, op: number): number {
  const isElsewhere = ops.data[op + KIND] === MOVE && ops.data[op + MOVED_TO] !== NONE;
  return ops.data[op + (isElsewhere ? MOVED_TO : PLACE)]!;
}

/** The key as a delta has it, as JSON. `index` is given for where a move goes to. */
function keyOf(compared: Compared, op: number, index?: number): string {
  const { ops, base, target, steps, isName } = compared;
  const pieces = createPieces();
  const place = index === undefined ? ops.ops.data[op + PLACE]! : goalOf(compared, op);
  writePath(pieces, ops, place, base, target, index);
  const key = JSON.parse(Buffer.concat(finishPieces(pieces)).toString()) as string;
  const around = keyOfSteps(steps, isName);
  const isJoined = around === '' || key === '' || key.startsWith('[');
  return shortened(`${around}${isJoined ? '' : '.'}${key}`);
}

/** As `writePath` has it: `tables.users[3]["a.b"]`. */
function keyOfSteps(steps: readonly string[], isName: readonly boolean[]): string {
  let key = '';
  for (const [i, step] of steps.entries()) {
    if (!isName[i]) key += `[${step}]`;
    else if (/^[A-Za-z_$][A-Za-z0-9_$]*$/.test(step)) key += `${key === '' ? '' : '.'}${step}`;
    else key += `[${JSON.stringify(step)}]`;
  }
  return key;
}

/** As JSON; a path that is too long by its beginning. */
function shortened(path: string): string {
  return JSON.stringify(path.length > PATH_CHARS_MAX ? `${path.slice(0, PATH_CHARS_MAX)}…` : path);
}

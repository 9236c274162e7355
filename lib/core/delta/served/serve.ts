// The delta as its reader sees it: every change with its old and its new value, in the shape of the specification.

import { bufferOf } from '../../bytes/buffer.ts';
import type { CanonicalText } from '../../bytes/text.ts';
import type { Kernel } from '../../json/kernel/kernel.ts';
import type { ChangeCounts } from '../../records/model.ts';
import type { RowIdentity } from '../../records/settings.ts';
import { addAscii, addBytes, createPieces, finishPieces } from '../apply/pieces.ts';
import { compareTexts } from '../compare/compare-texts.ts';
import {
  ADDITION,
  BASE_END,
  BASE_START,
  CHANGE,
  COUNT,
  changeCounts,
  DELETION,
  INDEX,
  KIND,
  MOVE,
  MOVED_TO,
  NONE,
  OP_COLUMNS,
  type Ops,
  PLACE,
  reportWhole,
  STEP,
  STEP_INDEX,
  TARGET_END,
  TARGET_START,
} from '../compare/ops.ts';
import { keyPathsOf } from '../compare/row-keys.ts';
import { pathsBytesMax, writePath } from './paths.ts';

const MIB = 1024 * 1024;
/** Paths may take so many times what both texts have: people nest names, and a path repeats them. */
const PATHS_RATIO_MAX = 16;
/** From here on they may only take so many times as much: nobody reads it, and it has to be made and sent. */
const PATHS_BYTES_FREE = 64 * MIB;
const LONG_PATHS_RATIO_MAX = 4;
const PATHS_BYTES_MIN = 64 * 1024;

export interface ServeOptions {
  /** Leave out which states are compared. */
  bare?: boolean;
  /** How rows are told apart, if their owner has said. */
  identity?: RowIdentity;
}

export interface ServedDelta {
  /** JSON text. Refers to both states' texts. */
  chunks: Uint8Array[];
  counts: ChangeCounts;
}

/**
 * What turns `base` into `target`: `{"changes":[{key,oldValue,newValue}],"additions":[{key,value,index?}],
 * "deletions":[{key,value}],"moves":[{from,to,index?,count?}]?,"base","target"}`, values byte for byte as in the texts.
 *
 * Keys have the base's numbers and names, but the last step of an addition or of a move's `to` has the target's. `index` is a
 * member's number in the target, given where it is not simply added behind the others. Changes and deletions come in the
 * base's order, additions and moves in the target's. A container that keeps nothing, or in which a name occurs twice, is
 * one change; so is the whole text, under the key "", if there is too much to report: millions of changes, or paths that
 * would be many times as long as both texts. So the delta has at most 17 times their bytes, and some for each change.
 */
export function serveDelta(
  kernel: Kernel,
  base: CanonicalText,
  target: CanonicalText,
  options: ServeOptions = {},
): ServedDelta {
  const a = bufferOf(base.bytes);
  const b = bufferOf(target.bytes);
  const ops = compareTexts(kernel, a, b, undefined, keyPathsOf(options.identity));
  if (pathsBytesMax(ops) > pathsBytesAllowed(a.length + b.length)) reportWhole(ops, a.length, b.length);
  const { data } = ops.ops;
  const pieces = createPieces();
  const ascii = (text: string): void => addAscii(pieces, text);
  const place = (at: number, index?: number): void => writePath(pieces, ops, at, a, b, index);
  const path = (op: number): void => place(data[op + PLACE]!);
  const oldValue = (op: number): void => addBytes(pieces, a, data[op + BASE_START]!, data[op + BASE_END]!);
  const newValue = (op: number): void =>
    addBytes(pieces, b, data[op + TARGET_START]!, data[op + TARGET_END]!);
  const list = (kind: number, order: number, write: (op: number) => void): void => {
    ascii('[');
    inOrder(ops, kind, order).forEach((op, k) => {
      ascii(k === 0 ? '{' : ',{');
      write(op);
      ascii('}');
    });
    ascii(']');
  };

  ascii('{"changes":');
  list(CHANGE, BASE_START, (op) => {
    ascii('"key":');
    path(op);
    ascii(',"oldValue":');
    oldValue(op);
    ascii(',"newValue":');
    newValue(op);
  });
  ascii(',"additions":');
  list(ADDITION, TARGET_START, (op) => {
    ascii('"key":');
    path(op);
    ascii(',"value":');
    newValue(op);
    if (data[op + INDEX] !== NONE) ascii(`,"index":${data[op + INDEX]}`);
  });
  ascii(',"deletions":');
  list(DELETION, BASE_START, (op) => {
    ascii('"key":');
    path(op);
    ascii(',"value":');
    oldValue(op);
  });
  if (ops.counts.moves > 0) {
    ascii(',"moves":');
    list(MOVE, TARGET_START, (op) => {
      const index = data[op + INDEX]!;
      const to = data[op + MOVED_TO] === NONE ? data[op + PLACE]! : data[op + MOVED_TO]!;
      const isElement = ops.places.data[to + STEP] === STEP_INDEX;
      ascii('"from":');
      path(op);
      ascii(',"to":');
      place(to, index);
      if (!isElement) ascii(`,"index":${index}`);
      else if (data[op + COUNT] !== 1) ascii(`,"count":${data[op + COUNT]}`);
    });
  }
  if (!options.bare) ascii(`,"base":"sha256:${base.checksum}","target":"sha256:${target.checksum}"`);
  ascii('}');
  return { chunks: finishPieces(pieces), counts: changeCounts(ops) };
}

function pathsBytesAllowed(textBytes: number): number {
  const free = Math.min(PATHS_RATIO_MAX * textBytes, PATHS_BYTES_FREE);
  return Math.max(PATHS_BYTES_MIN, free, LONG_PATHS_RATIO_MAX * textBytes);
}

/** The operations of a kind, as offsets into their column, by ascending offset in the text. */
export function inOrder({ ops }: Ops, kind: number, column: number): Uint32Array {
  const { data, length } = ops;
  let count = 0;
  for (let op = 0; op < length; op += OP_COLUMNS) if (data[op + KIND] === kind) count++;
  const found = new Uint32Array(count);
  let filled = 0;
  let sorted = true;
  let last = 0;
  for (let op = 0; op < length; op += OP_COLUMNS) {
    if (data[op + KIND] !== kind) continue;
    found[filled++] = op;
    sorted &&= data[op + column]! >= last;
    last = data[op + column]!;
  }
  return sorted ? found : found.sort((x, y) => data[x + column]! - data[y + column]!);
}

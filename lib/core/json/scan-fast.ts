// The scanner's fast path: pieces of a state are checked by the kernel. It stops before anything that is wrong, so that
// the scanner itself comes to it, and says what and where.

import type { ByteSink } from './byte-sink.ts';
import { STRING } from './grammar.ts';
import { COMPACT_AT, type Machine, PIECE_BYTES, TEXT_AT } from './kernel/kernel.ts';

/** Shorter pieces are not worth the call. */
export const FAST_BYTES_MIN = 128;

/** Where a scanner stands: see its fields of the same names. */
export interface Standing {
  state: number;
  depth: number;
  inKey: boolean;
  /** Of each open container. */
  kinds: Uint8Array;
  marks: Float64Array;
  /** White space was found, so that more is to be expected. */
  isSpaced: boolean;
}

/**
 * Scans chunk[from, to) or its beginning, which holds no white space, from where `at` stands, down to the depth `floor`. The
 * chunk's first byte would be byte `sinkOffset` of the sink. Bytes taken; if 0, `at` has only been told of white space.
 */
export function scanTight(
  machine: Machine,
  chunk: Uint8Array,
  from: number,
  to: number,
  at: Standing,
  floor: number,
  depthMax: number,
  sinkOffset: number,
): number {
  const length = Math.min(to - from, PIECE_BYTES);
  machine.bytes.set(chunk.subarray(from, from + length), TEXT_AT);
  const taken = runScan(machine, TEXT_AT, length, at, floor, depthMax, sinkOffset + from);
  at.isSpaced = taken >= 0 && machine.result[3] !== 0;
  if (taken <= 0) return 0;
  adopt(machine, at);
  return taken;
}

/** The same where white space is to be expected; what is taken is appended to the sink without it. */
export function scanSpaced(
  machine: Machine,
  chunk: Uint8Array,
  from: number,
  to: number,
  at: Standing,
  floor: number,
  depthMax: number,
  out: ByteSink,
): number {
  const { run, bytes } = machine;
  const length = Math.min(to - from, PIECE_BYTES);
  bytes.set(chunk.subarray(from, from + length), TEXT_AT);
  const written = run.compact(TEXT_AT, length, COMPACT_AT, at.state === STRING ? 1 : 0);
  if (written < 0) return 0;
  const taken = runScan(machine, COMPACT_AT, written, at, floor, depthMax, out.length);
  if (taken < 0 || machine.result[3] !== 0 || (taken === 0 && written > 0)) return 0;
  adopt(machine, at);
  out.append(bytes, COMPACT_AT, COMPACT_AT + taken);
  at.isSpaced = written < length;
  return taken === written ? length : run.spreadOut(TEXT_AT, length, COMPACT_AT, written, written - taken);
}

function runScan(
  { run, kinds, marks, uses }: Machine,
  text: number,
  length: number,
  at: Standing,
  floor: number,
  depthMax: number,
  markBase: number,
): number {
  uses.scan++;
  for (let d = 0; d <= at.depth; d++) {
    kinds[d] = at.kinds[d]!;
    marks[d] = at.marks[d]!;
  }
  return run.scan(text, length, at.state, at.inKey ? 1 : 0, at.depth, floor, depthMax, markBase);
}

function adopt({ result, kinds, marks }: Machine, at: Standing): void {
  at.state = result[0]!;
  at.inKey = result[1] !== 0;
  at.depth = result[2]!;
  for (let d = 0; d <= at.depth; d++) {
    at.kinds[d] = kinds[d]!;
    at.marks[d] = marks[d]!;
  }
}

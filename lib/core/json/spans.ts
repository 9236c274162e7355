// Where things stand in a canonical text: one pass finds the children of every large enough container, as byte offsets.
// The text has been validated before, so the pass only tells strings from structure; it makes no objects and no strings.

import type { Kernel } from './kernel/kernel.ts';
import type { Tape } from './tape.ts';
import { FAST_BYTES_MIN_MAX, FAST_TAPE_BYTES_MIN, fillTapeFast } from './tape-fast.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
export const OPEN_ARRAY = 0x5b;
export const OPEN_OBJECT = 0x7b;
/** `]` and `}` are their own lower case, and each other's once this bit is set. */
const CASE_BIT = 0x20;
const CLOSE_OBJECT = 0x7d;

/** Numbers kept of a container: start, end, index of its first entry, number of entries. */
const CONTAINER_COLUMNS = 4;
/** 256 MiB of them: only texts made of millions of tiny values have more, and those are not worth taking apart. */
const ENTRIES_MAX = 1 << 26;

/** The children of one container, in order. There is no white space, so each ends one byte before the next begins. */
export interface Rows {
  tape: Tape;
  /** First entry on the tape. */
  first: number;
  count: number;
  /** Entries a child: 1 in an array, 2 in an object. */
  stride: 1 | 2;
  /** Offset of the closing bracket. */
  close: number;
}

export function createTape(): Tape {
  return {
    containers: new Uint32Array(64 * CONTAINER_COLUMNS),
    containerCount: 0,
    entries: new Uint32Array(256),
    entryCount: 0,
    bytesMin: 0,
  };
}

/** Start of child k: of its name, if it is a member of an object. */
export function rowStart(rows: Rows, k: number): number {
  return rows.tape.entries[rows.first + k * rows.stride]!;
}

export function valueStart(rows: Rows, k: number): number {
  return rows.tape.entries[rows.first + k * rows.stride + rows.stride - 1]!;
}

/** End of child k, and of its value. */
export function rowEnd(rows: Rows, k: number): number {
  return k + 1 < rows.count ? rowStart(rows, k + 1) - 1 : rows.close;
}

/** End of the name of member k, behind its closing quote. */
export function nameEnd(rows: Rows, k: number): number {
  return valueStart(rows, k) - 1;
}

/** The containers on the tape, in the order in which they close. */
export function* containersOn({ containers, containerCount }: Tape): Generator<[start: number, end: number]> {
  for (let k = 0; k < containerCount; k++) {
    yield [containers[k * CONTAINER_COLUMNS]!, containers[k * CONTAINER_COLUMNS + 1]!];
  }
}

/** The children of the container [start, end), which has to be on the tape or empty. */
export function rowsOf(tape: Tape, start: number, end: number, isObject: boolean): Rows {
  const stride = isObject ? 2 : 1;
  if (end - start === 2) return { tape, first: 0, count: 0, stride, close: end - 1 };
  const { containers } = tape;
  let low = 0;
  let high = tape.containerCount - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (containers[middle * CONTAINER_COLUMNS + 1]! < end) low = middle + 1;
    else high = middle;
  }
  const at = low * CONTAINER_COLUMNS;
  if (containers[at] !== start || containers[at + 1] !== end)
    throw new RangeError('not a container of this tape');
  return { tape, first: containers[at + 2]!, count: containers[at + 3]! / stride, stride, close: end - 1 };
}

/**
 * Fills `tape` with the container [from, to) of `bytes` and all those in it that have at least `bytesMin` bytes.
 * Returns false if that would take more than `entriesMax` entries; the tape is then of no use.
 * Throws RangeError if the container does not end exactly at `to`.
 */
export function indexContainer(
  kernel: Kernel,
  tape: Tape,
  bytes: Uint8Array,
  from: number,
  to: number,
  bytesMin: number,
  entriesMax = ENTRIES_MAX,
): boolean {
  tape.containerCount = 0;
  tape.entryCount = 0;
  tape.bytesMin = bytesMin;
  if (to - from === 2) return true;
  if (to - from >= FAST_TAPE_BYTES_MIN && bytesMin <= FAST_BYTES_MIN_MAX) {
    const fast = kernel.machine();
    const fits = fast && fillTapeFast(fast, tape, bytes, from, to, entriesMax);
    if (fits !== undefined) return fits;
  }
  const fits = fillTape(tape, bytes, from, to, entriesMax);
  if (openEntries.length > SCRATCH_ENTRIES_MAX) openEntries = new Uint32Array(SCRATCH_ENTRIES);
  return fits;
}

// Scratch memory of the pass, which never runs twice at once. A very large one is not kept.
const SCRATCH_ENTRIES = 4096;
const SCRATCH_ENTRIES_MAX = 1 << 20;
/** Children of the containers that are still open; a container's own are the last ones when it closes. */
let openEntries = new Uint32Array(SCRATCH_ENTRIES);
let frameStart = new Uint32Array(1024);
let frameEntries = new Uint32Array(1024);
let frameIsObject = new Uint8Array(1024);

function fillTape(tape: Tape, bytes: Uint8Array, from: number, to: number, entriesMax: number): boolean {
  let open = openEntries;
  let openCount = 0;
  let inObject = bytes[from] === OPEN_OBJECT;
  let depth = 0;
  frameStart[0] = from;
  frameEntries[0] = 0;
  frameIsObject[0] = inObject ? 1 : 0;
  let p = from + 1;
  for (;;) {
    // At a child: the name of a member comes before its value.
    if (openCount + 2 > open.length) {
      if (openCount > entriesMax && keptLater(depth, p, openCount, tape.bytesMin) > entriesMax) return false;
      open = openEntries = grown(open, openCount + 2);
    }
    open[openCount++] = p;
    if (inObject) {
      p = stringEnd(bytes, p, to) + 1;
      open[openCount++] = p;
    }
    let c = bytes[p];
    if (c === QUOTE) {
      p = stringEnd(bytes, p, to);
    } else if (c === OPEN_OBJECT || c === OPEN_ARRAY) {
      // Both brackets close two code points after they open.
      if (bytes[p + 1] === c + 2) {
        p += 2;
      } else {
        if (++depth === frameStart.length) growFrames();
        inObject = c === OPEN_OBJECT;
        frameStart[depth] = p;
        frameEntries[depth] = openCount;
        frameIsObject[depth] = inObject ? 1 : 0;
        p++;
        continue;
      }
    } else {
      do {
        c = bytes[++p];
      } while (c !== COMMA && (c! | CASE_BIT) !== CLOSE_OBJECT && p < to);
    }
    // Behind a value: the end of any number of containers, then the next child.
    while (bytes[p] !== COMMA) {
      if (p >= to) throw new RangeError('a container does not end where it should');
      p++;
      const start = frameStart[depth]!;
      const first = frameEntries[depth]!;
      if (p - start >= tape.bytesMin || depth === 0) {
        if (tape.entryCount + openCount - first > entriesMax) return false;
        keep(tape, start, p, open, first, openCount);
      }
      openCount = first;
      if (depth-- === 0) {
        if (p !== to) throw new RangeError('a container does not end where it should');
        return true;
      }
      inObject = frameIsObject[depth] === 1;
    }
    p++;
  }
}

/** How many of the open entries are certain to be kept: those of containers large enough as they are. */
function keptLater(depth: number, now: number, openCount: number, bytesMin: number): number {
  let large = 0;
  while (large <= depth && (large === 0 || now - frameStart[large]! >= bytesMin)) large++;
  return large > depth ? openCount : frameEntries[large]!;
}

/** Offset behind the closing quote of the string at `p`. Half of most texts are read here: four bytes a turn pay. */
function stringEnd(bytes: Uint8Array, p: number, to: number): number {
  let at = p + 1;
  while (at + 4 <= to) {
    const c0 = bytes[at];
    if (c0 === QUOTE) return at + 1;
    const c1 = bytes[at + 1];
    if (c0 === BACKSLASH) {
      at += 2;
      continue;
    }
    if (c1 === QUOTE) return at + 2;
    const c2 = bytes[at + 2];
    if (c1 === BACKSLASH) {
      at += 3;
      continue;
    }
    if (c2 === QUOTE) return at + 3;
    const c3 = bytes[at + 3];
    if (c2 === BACKSLASH) {
      at += 4;
      continue;
    }
    if (c3 === QUOTE) return at + 4;
    at += c3 === BACKSLASH ? 5 : 4;
  }
  while (at < to) {
    const c = bytes[at++];
    if (c === QUOTE) return at;
    if (c === BACKSLASH) at++;
  }
  throw new RangeError('a string does not end');
}

function keep(tape: Tape, start: number, end: number, open: Uint32Array, from: number, to: number): void {
  const count = to - from;
  const { entryCount } = tape;
  if (entryCount + count > tape.entries.length) tape.entries = grown(tape.entries, entryCount + count);
  const { entries } = tape;
  if (count > 64) entries.set(open.subarray(from, to), entryCount);
  else for (let k = 0; k < count; k++) entries[entryCount + k] = open[from + k]!;
  tape.entryCount += count;
  const at = tape.containerCount++ * CONTAINER_COLUMNS;
  if (at + CONTAINER_COLUMNS > tape.containers.length) {
    tape.containers = grown(tape.containers, at + CONTAINER_COLUMNS);
  }
  const { containers } = tape;
  containers[at] = start;
  containers[at + 1] = end;
  containers[at + 2] = entryCount;
  containers[at + 3] = count;
}

function grown(column: Uint32Array, needed: number): Uint32Array<ArrayBuffer> {
  const next = new Uint32Array(Math.max(needed, column.length * 2));
  next.set(column);
  return next;
}

function growFrames(): void {
  frameStart = grown(frameStart, 0);
  frameEntries = grown(frameEntries, 0);
  const isObject = new Uint8Array(frameStart.length);
  isObject.set(frameIsObject);
  frameIsObject = isObject;
}

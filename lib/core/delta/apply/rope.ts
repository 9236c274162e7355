// A text that is not in one piece: runs of bytes of several sources, in order. Changing it costs by its runs, not its bytes.

import { bufferOf } from '../../bytes/buffer.ts';
import { type Find, findBetween, SEARCHED_BYTES } from '../stored/script.ts';

export interface Rope {
  /** What runs are of; the same list for all ropes of a chain. */
  sources: Buffer[];
  /** Of each run its source, its offset there, and the offset in the text at which it ends. */
  source: Uint16Array;
  from: Float64Array;
  end: Float64Array;
  runs: number;
  bytes: number;
}

const RUNS_AT_FIRST = 64;
const NOTHING = bufferOf(new Uint8Array(0));

/** An empty one, in the memory of one that nobody reads any more if there is one. */
export function createRope(sources: Buffer[], spent?: Rope): Rope {
  if (spent !== undefined) return Object.assign(spent, { sources, runs: 0, bytes: 0 });
  return {
    sources,
    source: new Uint16Array(RUNS_AT_FIRST),
    from: new Float64Array(RUNS_AT_FIRST),
    end: new Float64Array(RUNS_AT_FIRST),
    runs: 0,
    bytes: 0,
  };
}

/** Appends a run; one that goes on where the last one ends becomes part of it. */
export function appendRun(rope: Rope, source: number, from: number, bytes: number): void {
  if (bytes === 0) return;
  const last = rope.runs - 1;
  rope.bytes += bytes;
  if (last >= 0 && rope.source[last] === source) {
    const startOfLast = last === 0 ? 0 : rope.end[last - 1]!;
    if (rope.from[last]! + rope.end[last]! - startOfLast === from) {
      rope.end[last] = rope.bytes;
      return;
    }
  }
  if (rope.runs === rope.end.length) grow(rope);
  rope.source[rope.runs] = source;
  rope.from[rope.runs] = from;
  rope.end[rope.runs] = rope.bytes;
  rope.runs++;
}

/** Reads a rope, best from its front to its back. */
export interface RopeReader {
  rope: Rope;
  /** The run that was read last. */
  run: number;
}

/** Appends the part [from, from + bytes) of what is read; it must be within. */
export function appendPart(rope: Rope, reader: RopeReader, from: number, bytes: number): void {
  const { rope: of } = reader;
  let at = from;
  const to = from + bytes;
  for (let run = runAt(reader, at); at < to; run++) {
    const end = Math.min(of.end[run]!, to);
    appendRun(rope, of.source[run]!, offsetIn(of, run, at), end - at);
    at = end;
    reader.run = run;
  }
}

/** `Find` in a text that is in runs. */
export function findInRope(reader: RopeReader): Find {
  const { rope } = reader;
  return (anchor, from) => {
    if (from >= rope.bytes) return -1;
    const run = runAt(reader, from);
    const to = Math.min(rope.bytes, from + SEARCHED_BYTES + anchor.length);
    const end = Math.min(rope.end[run]!, to);
    const offset = offsetIn(rope, run, from);
    const inRun = findBetween(rope.sources[rope.source[run]!]!, anchor, offset, offset + end - from);
    if (inRun >= 0) return from + inRun - offset;
    // It may begin near the run's end, or in those behind it.
    const rest = Math.max(from, end - anchor.length + 1);
    if (end === to) return -1;
    const across = Buffer.concat(partsOf(reader, rest, to)).indexOf(anchor);
    return across < 0 ? -1 : rest + across;
  };
}

/** The bytes [from, to) in one piece: a view of the source that they are of, or a copy if they are of several. */
export function partOf(reader: RopeReader, from: number, to: number): Buffer {
  const { rope } = reader;
  if (from >= to) return NOTHING;
  const run = runAt(reader, from);
  reader.run = run;
  const offset = offsetIn(rope, run, from);
  if (to <= rope.end[run]!) return rope.sources[rope.source[run]!]!.subarray(offset, offset + to - from);
  const part = bufferOf(Buffer.allocUnsafe(to - from));
  for (let at = from, k = run; at < to; k++) {
    const end = Math.min(rope.end[k]!, to);
    const start = offsetIn(rope, k, at);
    rope.sources[rope.source[k]!]!.copy(part, at - from, start, start + end - at);
    at = end;
  }
  return part;
}

/** The bytes of the runs, in order, as views of the sources. */
export function* runsOf(rope: Rope): Generator<{ source: Buffer; from: number; to: number }> {
  let start = 0;
  for (let run = 0; run < rope.runs; run++) {
    const from = rope.from[run]!;
    yield { source: rope.sources[rope.source[run]!]!, from, to: from + rope.end[run]! - start };
    start = rope.end[run]!;
  }
}

/** The whole text in memory of its own. */
export function flatten(rope: Rope): Buffer {
  const text = bufferOf(Buffer.allocUnsafeSlow(rope.bytes));
  let filled = 0;
  for (const { source, from, to } of runsOf(rope)) filled += source.copy(text, filled, from, to);
  // Memory that was not written must never be taken for a state.
  if (filled !== text.length) throw new RangeError('a run reaches beyond its source');
  return text;
}

function partsOf(reader: RopeReader, from: number, to: number): Buffer[] {
  const part = createRope(reader.rope.sources);
  const { run } = reader;
  appendPart(part, reader, from, to - from);
  reader.run = run;
  return [...runsOf(part)].map(({ source, from: start, to: end }) => source.subarray(start, end));
}

function offsetIn(rope: Rope, run: number, at: number): number {
  return rope.from[run]! + at - (run === 0 ? 0 : rope.end[run - 1]!);
}

/** The run that has the byte at `at`: mostly the last one that was read, or the one behind it. */
function runAt(reader: RopeReader, at: number): number {
  const { end, runs } = reader.rope;
  for (let run = reader.run; run < Math.min(runs, reader.run + 3); run++) {
    if (at < end[run]! && (run === 0 || at >= end[run - 1]!)) return run;
  }
  let low = 0;
  let high = runs - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (end[middle]! > at) high = middle;
    else low = middle + 1;
  }
  reader.run = low;
  return low;
}

function grow(rope: Rope): void {
  const capacity = rope.runs * 2;
  const source = new Uint16Array(capacity);
  const from = new Float64Array(capacity);
  const end = new Float64Array(capacity);
  source.set(rope.source);
  from.set(rope.from);
  end.set(rope.end);
  Object.assign(rope, { source, from, end });
}

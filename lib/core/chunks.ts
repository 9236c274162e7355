// Large byte sequences as lists of chunks: read in views, without joining them, and without blocking the event loop.

import { Buffer } from 'node:buffer';

/** Bytes in one piece, or in several that follow each other. */
export type Bytes = Uint8Array | readonly Uint8Array[];

const KIB = 1024;
/** Hashes and ciphers run at 0.5 to 2 GB/s on the main thread: a slice of 1 MiB stops it for 1 to 2 ms ... */
const SLICE_BYTES_MAX = 1024 * KIB;
/** ... and after that many bytes other requests get their turn. */
const TURN_BYTES = 2 * SLICE_BYTES_MAX;

const NOTHING = new Uint8Array(0);

export function chunksOf(bytes: Bytes): readonly Uint8Array[] {
  return bytes instanceof Uint8Array ? [bytes] : bytes;
}

/** Sum of the lengths, in bytes. */
export function totalBytes(chunks: readonly Uint8Array[]): number {
  let total = 0;
  for (const chunk of chunks) total += chunk.length;
  return total;
}

/** The bytes in one piece; copied only if there are several. */
export function joined(chunks: readonly Uint8Array[]): Uint8Array {
  return chunks.length <= 1 ? (chunks[0] ?? NOTHING) : Buffer.concat(chunks);
}

/** Reads a sequence of chunks from front to back. Chunks are pulled from the source only when needed. */
export interface ByteReader {
  /** The next bytes as views of the chunks they lie in; undefined if fewer are left (the reader is then spent). */
  takeViews(bytes: number): Uint8Array[] | undefined;
  /** The next bytes in one piece, copied only if they lie in several chunks; undefined if fewer are left. */
  take(bytes: number): Uint8Array | undefined;
  /** Whether every byte has been taken. */
  ended(): boolean;
}

export function readerOf(source: Iterable<Uint8Array>): ByteReader {
  const chunks = source[Symbol.iterator]();
  let chunk: Uint8Array = NOTHING;
  let offset = 0;

  const ended = (): boolean => {
    while (offset === chunk.length) {
      const next = chunks.next();
      if (next.done) return true;
      chunk = next.value;
      offset = 0;
    }
    return false;
  };
  const takeViews = (bytes: number): Uint8Array[] | undefined => {
    const views: Uint8Array[] = [];
    let missing = bytes;
    while (missing > 0) {
      if (ended()) return undefined;
      const view = chunk.subarray(offset, offset + missing);
      views.push(view);
      offset += view.length;
      missing -= view.length;
    }
    return views;
  };
  const take = (bytes: number): Uint8Array | undefined => {
    const views = takeViews(bytes);
    return views && joined(views);
  };
  return { takeViews, take, ended };
}

/** The same bytes in views of at most 1 MiB. */
export function* slicesOf(source: Iterable<Uint8Array>): Generator<Uint8Array> {
  for (const chunk of source) {
    for (let at = 0; at < chunk.length; at += SLICE_BYTES_MAX) yield chunk.subarray(at, at + SLICE_BYTES_MAX);
  }
}

/** Calls `visit` with the bytes in order, in slices of at most 1 MiB; every 2 MiB the event loop gets a turn. */
export async function eachSlice(
  source: Iterable<Uint8Array>,
  visit: (slice: Uint8Array) => void,
): Promise<void> {
  let sinceTurn = 0;
  for (const slice of slicesOf(source)) {
    if (sinceTurn >= TURN_BYTES) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      sinceTurn = 0;
    }
    visit(slice);
    sinceTurn += slice.length;
  }
}

/** The chunks in order, each let go of as it is read, so that what replaces them does not stand in memory beside all of them. */
export function* drained(chunks: Uint8Array[]): Generator<Uint8Array> {
  for (let chunk = chunks.shift(); chunk !== undefined; chunk = chunks.shift()) yield chunk;
}

/**
 * Runs `work` on every item, at most `width` at once, and gives the results in the order of the items.
 * The first failure, of the source or of a piece of work, ends it; work already begun runs out unobserved.
 */
export async function* mapInOrder<Item, Result>(
  items: Iterable<Item>,
  width: number,
  work: (item: Item) => Promise<Result>,
): AsyncGenerator<Result, void, undefined> {
  const running: Promise<Result>[] = [];
  for (const item of items) {
    if (running.length === width) yield await (running.shift() as Promise<Result>);
    const result = work(item);
    // If an earlier one fails first, nobody awaits this one: its own failure must not go unhandled.
    result.catch(() => undefined);
    running.push(result);
  }
  for (const result of running) yield await result;
}

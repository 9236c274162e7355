// Large byte sequences as lists or streams of chunks: read in views, without joining them, and without blocking the
// event loop.

import { Buffer } from 'node:buffer';

/** Bytes in one piece, or in several that follow each other. */
export type Bytes = Uint8Array | readonly Uint8Array[];

/** Bytes in pieces that follow each other, in memory or still to come. */
export type Chunks = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

const KIB = 1024;
/** Hashes and ciphers run at 0.5 to 2 GB/s on the main thread: a slice of 512 KiB stops it for 1 ms ... */
const SLICE_BYTES_MAX = 512 * KIB;
/** ... and after that many bytes other requests get their turn. */
const TURN_BYTES = SLICE_BYTES_MAX;

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
  /** The next bytes in one piece, copied only if they lie in several chunks; undefined if fewer are left. */
  take(bytes: number): Promise<Uint8Array | undefined>;
  /** Copies the next bytes to all of `target`; false if fewer are left. Unlike a view, the copy outlives the chunk. */
  fill(target: Uint8Array): Promise<boolean>;
  /** The next bytes in views of the chunks they lie in; ends early if fewer are left. */
  views(bytes: number): AsyncGenerator<Uint8Array, void, undefined>;
  /** Some of the next bytes, at most so many, as a view; undefined if none are left. */
  takeSome(bytesMax: number): Promise<Uint8Array | undefined>;
  /** Whether every byte has been taken. */
  ended(): Promise<boolean>;
  /** Lets go of a source that has not been read to its end. */
  close(): Promise<void>;
}

export function readerOf(source: Chunks): ByteReader {
  const chunks = iteratorOf(source);
  let chunk: Uint8Array = NOTHING;
  let offset = 0;
  let isOver = false;

  const ended = async (): Promise<boolean> => {
    while (offset === chunk.length) {
      // What is in memory is not waited for: a turn a chunk would cost more than the chunk.
      const pulled = chunks.next();
      const next = pulled instanceof Promise ? await pulled : pulled;
      if (next.done) {
        isOver = true;
        return true;
      }
      chunk = next.value;
      offset = 0;
    }
    return false;
  };
  async function* views(bytes: number): AsyncGenerator<Uint8Array, void, undefined> {
    for (let missing = bytes; missing > 0; ) {
      const view = await takeSome(missing);
      if (view === undefined) return;
      missing -= view.length;
      yield view;
    }
  }
  const take = async (bytes: number): Promise<Uint8Array | undefined> => {
    if (bytes <= chunk.length - offset) {
      offset += bytes;
      return chunk.subarray(offset - bytes, offset);
    }
    const parts: Uint8Array[] = [];
    for (let taken = 0; taken < bytes; ) {
      const view = await takeSome(bytes - taken);
      if (view === undefined) return undefined;
      taken += view.length;
      parts.push(view);
    }
    return joined(parts);
  };
  const takeSome = async (bytesMax: number): Promise<Uint8Array | undefined> => {
    if (await ended()) return undefined;
    const view = chunk.subarray(offset, offset + bytesMax);
    offset += view.length;
    return view;
  };
  const fill = async (target: Uint8Array): Promise<boolean> => {
    for (let filled = 0; filled < target.length; ) {
      const view = await takeSome(target.length - filled);
      if (view === undefined) return false;
      target.set(view, filled);
      filled += view.length;
    }
    return true;
  };
  const close = async (): Promise<void> => {
    if (!isOver) await chunks.return?.();
    isOver = true;
  };
  return { take, fill, views, takeSome, ended, close };
}

function iteratorOf(source: Chunks): Iterator<Uint8Array> | AsyncIterator<Uint8Array> {
  return Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
}

/** The same bytes in views of at most 512 KiB; after each as many bytes the event loop gets a turn. */
export async function* slicesOf(source: Chunks): AsyncGenerator<Uint8Array, void, undefined> {
  let sinceTurn = 0;
  for await (const chunk of source) {
    for (let at = 0; at < chunk.length; at += SLICE_BYTES_MAX) {
      if (sinceTurn >= TURN_BYTES) {
        await new Promise<void>((resolve) => setImmediate(resolve));
        sinceTurn = 0;
      }
      const slice = chunk.subarray(at, at + SLICE_BYTES_MAX);
      sinceTurn += slice.length;
      yield slice;
    }
  }
}

/** How finely bytes are cut, and after how many others get their turn. */
export interface Slicing {
  sliceBytes: number;
  turnBytes: number;
}

/**
 * Calls `visit` with the bytes in order, in slices of at most 512 KiB; after as many bytes the event loop gets a turn. Waits where
 * `visit` gives a promise, and for nothing that is in memory already: of many small chunks, waiting would be most of the work.
 */
export async function eachSlice(
  source: Chunks,
  visit: (slice: Uint8Array) => unknown,
  { sliceBytes, turnBytes }: Slicing = { sliceBytes: SLICE_BYTES_MAX, turnBytes: TURN_BYTES },
): Promise<void> {
  let sinceTurn = 0;
  const slowly = async (chunk: Uint8Array): Promise<void> => {
    for (let at = 0; at < chunk.length; at += sliceBytes) {
      if (sinceTurn >= turnBytes) {
        await new Promise<void>((resolve) => setImmediate(resolve));
        sinceTurn = 0;
      }
      const slice = chunk.subarray(at, at + sliceBytes);
      sinceTurn += slice.length;
      await visit(slice);
    }
  };
  const take = (chunk: Uint8Array): unknown => {
    if (chunk.length === 0) return undefined;
    if (chunk.length > sliceBytes || sinceTurn >= turnBytes) return slowly(chunk);
    sinceTurn += chunk.length;
    return visit(chunk);
  };
  if (Symbol.asyncIterator in source) {
    for await (const chunk of source) {
      const taken = take(chunk);
      if (taken instanceof Promise) await taken;
    }
    return;
  }
  for (const chunk of source) {
    const taken = take(chunk);
    if (taken instanceof Promise) await taken;
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
  items: Iterable<Item> | AsyncIterable<Item>,
  width: number,
  work: (item: Item) => Promise<Result>,
): AsyncGenerator<Result, void, undefined> {
  const running: Promise<Result>[] = [];
  for await (const item of items) {
    if (running.length === width) yield await (running.shift() as Promise<Result>);
    const result = work(item);
    // If an earlier one fails first, nobody awaits this one: its own failure must not go unhandled.
    result.catch(() => undefined);
    running.push(result);
  }
  for (const result of running) yield await result;
}

/** What is smaller may lie in a pool that others share, and is not worth the call. */
const RECYCLED_BYTES_MIN = 32 * KIB;

/**
 * Gives the memory of a chunk back now, not when the collector comes to it: memory outside of its heap makes the
 * collector run again and again, through all of that heap. The chunk must be the caller's own, and nobody may look at it
 * any more. One that does not fill its memory, but for a byte, may share it with others, and is left to the collector.
 */
export function recycle({ buffer, length }: Uint8Array): void {
  if (length >= RECYCLED_BYTES_MIN && buffer.byteLength <= length + 1) (buffer as ArrayBuffer).transfer(0);
}

/** The chunks of a source whose chunks are the reader's own, each recycled as soon as the next one is asked for. */
export async function* passing(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    yield chunk;
    recycle(chunk);
  }
}

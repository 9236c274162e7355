// Bounded concurrency.

import type { Chunks } from '../../core/bytes/chunks.ts';

/**
 * Works on the items of a source, at most `width` at once, in the order they come. The source is read no further than
 * there are hands free. After a failure no more is begun; once all that was begun has ended, the first failure is thrown.
 */
export async function forEachAtOnce<T>(
  source: Iterable<T> | AsyncIterable<T>,
  width: number,
  work: (item: T, index: number) => Promise<void>,
): Promise<void> {
  const running = new Set<Promise<void>>();
  const failures: unknown[] = [];
  let index = 0;
  try {
    for await (const item of source) {
      const turn: Promise<void> = work(item, index)
        .catch((error: unknown) => {
          failures.push(error);
        })
        .finally(() => running.delete(turn));
      running.add(turn);
      index += 1;
      if (running.size >= width) {
        await Promise.race(running);
      }
      if (failures.length > 0) {
        break;
      }
    }
  } catch (error) {
    failures.push(error);
  }
  await Promise.all(running);
  if (failures.length > 0) {
    throw failures[0];
  }
}

/** Runs of at most `size` items. */
export function batchesOf<T>(items: readonly T[], size: number): T[][] {
  const count = Math.ceil(items.length / size);
  return Array.from({ length: count }, (_, i) => items.slice(i * size, (i + 1) * size));
}

/** The bytes of a body in pieces of exactly `bytes`, the last one shorter; none for an empty body. */
export async function* piecesOf(body: Chunks, bytes: number): AsyncGenerator<Buffer> {
  let held: Buffer[] = [];
  let heldBytes = 0;
  for await (const chunk of body) {
    let rest = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    while (heldBytes + rest.length >= bytes) {
      const taken = bytes - heldBytes;
      yield joined([...held, rest.subarray(0, taken)]);
      rest = rest.subarray(taken);
      held = [];
      heldBytes = 0;
    }
    if (rest.length > 0) {
      held.push(rest);
      heldBytes += rest.length;
    }
  }
  if (heldBytes > 0) {
    yield joined(held);
  }
}

/** A body in one chunk is not copied. */
function joined(chunks: Buffer[]): Buffer {
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
}

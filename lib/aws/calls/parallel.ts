// Pieces of a whole, for calls that take so much at once.

import type { Chunks } from '../../core/bytes/chunks.ts';

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

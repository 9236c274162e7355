// A part of a text that lies in chunks.

import { readerOf } from './chunks.ts';

type Chunks = readonly Uint8Array[] | AsyncIterable<Uint8Array>;

/** The bytes [from, to) as views; of a stream again a stream, which is not read beyond `to`. */
export function cutChunks(chunks: Chunks, from: number, to: number): Chunks {
  if (Symbol.asyncIterator in chunks) return cutStream(chunks, from, to);
  const cut: Uint8Array[] = [];
  let at = 0;
  for (const chunk of chunks) {
    const part = chunk.subarray(Math.max(0, from - at), Math.max(0, to - at));
    if (part.length > 0) cut.push(part);
    at += chunk.length;
  }
  return cut;
}

async function* cutStream(
  chunks: AsyncIterable<Uint8Array>,
  from: number,
  to: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = readerOf(chunks);
  try {
    for await (const _passed of reader.views(from));
    yield* reader.views(to - from);
  } finally {
    await reader.close();
  }
}

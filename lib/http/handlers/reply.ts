// Answers as bytes: JSON of our own making, and the texts of states, which are passed through and never rebuilt.

import { readerOf } from '../../core/bytes/chunks.ts';
import type { Page } from '../../ports/pages.ts';
import type { Text } from '../../service/contract/api.ts';

/** Up to this much goes out in one piece; a stream would cost more than it saves. */
const WHOLE_BYTES_MAX = 64 * 1024;

/** One turn of a stream: big enough to be fast, small enough to wait for a slow reader. */
const SLICE_BYTES = 1024 * 1024;

const encoder = new TextEncoder();

/** A JSON answer. */
export function replyJson(status: number, value: unknown, headers: Record<string, string> = {}): Response {
  return replyParts(status, [encoder.encode(JSON.stringify(value))], headers);
}

/** A JSON answer whose text is `parts`, one after the other. They must not change until it is sent. */
export function replyParts(
  status: number,
  parts: readonly Uint8Array[],
  headers: Record<string, string> = {},
): Response {
  const bytes = parts.reduce((sum, part) => sum + part.length, 0);
  return replyText(status, { bytes, chunks: parts }, headers);
}

/** A page of a list, as `member`. */
export function replyPage<T>(
  member: string,
  page: Page<T>,
  view: (item: T) => unknown,
  more: object = {},
): Response {
  const items = page.items.map(view);
  const next = page.cursor === undefined ? {} : { nextCursor: page.cursor };
  return replyJson(200, { [member]: items, count: items.length, ...next, ...more });
}

/** An answer that is a JSON text. What is in memory must not change until it is sent. */
export function replyText(
  status: number,
  { bytes, chunks, free }: Text,
  headers: Record<string, string> = {},
): Response {
  const isWhole = bytes <= WHOLE_BYTES_MAX && !(Symbol.asyncIterator in chunks);
  const body = isWhole ? Buffer.concat(chunks, bytes) : streamOf(chunks, free);
  if (isWhole) free?.();
  return new Response(body, {
    status,
    headers: { 'Content-Type': 'application/json', 'Content-Length': String(bytes), ...headers },
  });
}

/** `{"operation": ..., "data": <the state's own text>}`. */
export function replyRestored(operation: unknown, data: Text): Response {
  const head = encoder.encode(`{"operation":${JSON.stringify(operation)},"data":`);
  const tail = encoder.encode('}');
  const bytes = head.length + data.bytes + tail.length;
  const chunks =
    Symbol.asyncIterator in data.chunks ? between(head, data.chunks, tail) : [head, ...data.chunks, tail];
  return replyText(200, { ...data, bytes, chunks });
}

async function* between(
  head: Uint8Array,
  chunks: AsyncIterable<Uint8Array>,
  tail: Uint8Array,
): AsyncGenerator<Uint8Array> {
  yield head;
  yield* chunks;
  yield tail;
}

/**
 * Slices on demand, so that no more than the reader takes is in flight. Views, not copies: the chunks stay whole. `free`
 * is called once they are not needed any more: all are taken, or nobody wants them.
 */
function streamOf(
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  free?: () => void,
): ReadableStream<Uint8Array> {
  const reader = readerOf(chunks);
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const slice = await reader.takeSome(SLICE_BYTES);
          if (slice !== undefined) {
            controller.enqueue(slice);
            return;
          }
        } catch (error) {
          free?.();
          throw error;
        }
        free?.();
        controller.close();
      },
      async cancel() {
        free?.();
        await reader.close();
      },
    },
    { highWaterMark: 1 },
  );
}

// Answers as bytes: JSON of our own making, and the texts of states, which are passed through and never rebuilt.

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
  parts: Uint8Array[],
  headers: Record<string, string> = {},
): Response {
  const bytes = parts.reduce((sum, part) => sum + part.length, 0);
  const body = bytes <= WHOLE_BYTES_MAX ? Buffer.concat(parts, bytes) : streamOf(parts);
  return new Response(body, {
    status,
    headers: { 'Content-Type': 'application/json', 'Content-Length': String(bytes), ...headers },
  });
}

/** `{"operation": ..., "data": <the state's own text>}`. */
export function replyRestored(operation: unknown, data: Uint8Array): Response {
  const head = encoder.encode(`{"operation":${JSON.stringify(operation)},"data":`);
  return replyParts(200, [head, data, encoder.encode('}')]);
}

/** Slices on demand, so that no more than the reader takes is in flight. Views, not copies: the parts stay whole. */
function streamOf(parts: Uint8Array[]): ReadableStream<Uint8Array> {
  let part = 0;
  let at = 0;
  return new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        while (part < parts.length && at >= parts[part]!.length) {
          part++;
          at = 0;
        }
        const bytes = parts[part];
        if (bytes === undefined) return controller.close();
        controller.enqueue(bytes.subarray(at, at + SLICE_BYTES));
        at += SLICE_BYTES;
      },
    },
    { highWaterMark: 1 },
  );
}

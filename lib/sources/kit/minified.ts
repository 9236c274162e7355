// JSON text without the white space that stands between its parts, chunk by chunk: so that a state and what was kept of it are compared.

import { slicesOf } from '../../core/bytes/chunks.ts';

const [QUOTE, BACKSLASH] = [0x22, 0x5c];

/** White space outside of strings is left out; everything else stays as it is. A byte order mark at the beginning goes, too. */
export async function* minified(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  let isInString = false;
  let isEscaped = false;
  let isFirst = true;
  // One may be the whole state.
  for await (const given of slicesOf(chunks)) {
    const chunk =
      isFirst && given[0] === 0xef && given[1] === 0xbb && given[2] === 0xbf ? given.subarray(3) : given;
    if (given.length > 0) isFirst = false;
    const kept = new Uint8Array(chunk.length);
    let length = 0;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at]!;
      if (isInString) {
        if (isEscaped) isEscaped = false;
        else if (byte === BACKSLASH) isEscaped = true;
        else if (byte === QUOTE) isInString = false;
      } else if (byte === QUOTE) isInString = true;
      else if (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) continue;
      kept[length++] = byte;
    }
    if (length > 0) yield kept.subarray(0, length);
  }
}

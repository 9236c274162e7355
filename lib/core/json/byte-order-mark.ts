// A byte order mark before a text is no part of it, and may be passed over (RFC 8259, 8.1). One of another encoding says
// what is wrong better than the bytes after it would.

import { ServiceError } from '../records/errors.ts';

const MARK = [0xef, 0xbb, 0xbf];
const UTF_16 = [
  [0xff, 0xfe],
  [0xfe, 0xff],
];
const NOTHING = new Uint8Array(0);

/** Takes the mark off a text that comes in chunks, however it is cut. */
export class ByteOrderMark {
  #isOver = false;
  /** Bytes that may be the beginning of a mark. */
  #begun: Uint8Array = NOTHING;

  /** What of the chunk is text. Throws ServiceError `malformed_json` for UTF-16. */
  strip(chunk: Uint8Array): Uint8Array {
    if (this.#isOver || chunk.length === 0) return chunk;
    const text = this.#begun.length === 0 ? chunk : Buffer.concat([this.#begun, chunk]);
    if (UTF_16.some(([first, second]) => text[0] === first && text[1] === second)) throw utf16();
    const matching = MARK.findIndex((byte, i) => text[i] !== byte);
    if (matching === text.length) {
      this.#begun = Uint8Array.from(text);
      return NOTHING;
    }
    this.#isOver = true;
    this.#begun = NOTHING;
    return matching === -1 ? text.subarray(MARK.length) : text;
  }

  /** What was held back of a text that ends here. */
  rest(): Uint8Array {
    return this.#begun;
  }
}

function utf16(): ServiceError {
  const detail = 'The text is UTF-16, and JSON is UTF-8: save it as UTF-8.';
  return new ServiceError('malformed_json', detail, { errors: [{ pointer: '', detail, offset: 0 }] });
}

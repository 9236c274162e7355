// Strict UTF-8 (RFC 3629) over chunks: a sequence may be cut by a chunk's border.

import { isUtf8 } from 'node:buffer';

/** Bytes of the sequence that a lead byte opens; 1 for what is no lead byte (isUtf8 then refuses it). */
function sequenceBytes(lead: number): number {
  if (lead >= 0xf0) return 4;
  if (lead >= 0xe0) return 3;
  return lead >= 0xc0 ? 2 : 1;
}

/** Index of the first byte that no valid text has there. Slow: only called on text known to be bad. */
function firstBadByte(bytes: Uint8Array): number {
  let i = 0;
  while (i < bytes.length) {
    const size = sequenceBytes(bytes[i]!);
    if (bytes[i]! < 0x80) i++;
    else if (i + size <= bytes.length && isUtf8(bytes.subarray(i, i + size))) i += size;
    else return i;
  }
  return i;
}

export class Utf8Checker {
  readonly #carry = new Uint8Array(4);
  #carried = 0;

  /** How many bytes of the chunk, from its start, belong to valid UTF-8: its length if all do. -1: the sequence cut by the last border is bad. */
  validBytes(chunk: Uint8Array): number {
    let start = 0;
    if (this.#carried > 0) {
      const missing = sequenceBytes(this.#carry[0]!) - this.#carried;
      start = Math.min(missing, chunk.length);
      this.#carry.set(chunk.subarray(0, start), this.#carried);
      this.#carried += start;
      if (start < missing) return chunk.length;
      if (!isUtf8(this.#carry.subarray(0, this.#carried))) return -1;
      this.#carried = 0;
    }
    const end = this.#cutTail(chunk, start);
    const whole = chunk.subarray(start, end);
    return isUtf8(whole) ? chunk.length : start + firstBadByte(whole);
  }

  /** Whether a sequence is still open: the text ends in the middle of a character. */
  get incomplete(): boolean {
    return this.#carried > 0;
  }

  /** Takes a sequence that the chunk's end cuts into the carry; returns where it begins. */
  #cutTail(chunk: Uint8Array, start: number): number {
    for (let back = 1; back <= 3 && chunk.length - back >= start; back++) {
      const byte = chunk[chunk.length - back]!;
      if (byte < 0x80) break;
      if (byte < 0xc0) continue;
      if (sequenceBytes(byte) > back) {
        this.#carry.set(chunk.subarray(chunk.length - back));
        this.#carried = back;
        return chunk.length - back;
      }
      break;
    }
    return chunk.length;
  }
}

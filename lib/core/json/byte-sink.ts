// A growing run of bytes: where the scanner writes canonical text.

export interface ByteSink {
  readonly length: number;
  /** Appends chunk[from, to). */
  append(chunk: Uint8Array, from: number, to: number): void;
  /** Bytes already appended, to look back at; valid until the next append. */
  slice(from: number, to: number): Uint8Array;
}

/** Below this many bytes a loop beats the call into memcpy. */
const SHORT_RUN_BYTES = 24;
const FIRST_BYTES = 1024;

/** Keeps what is appended in one buffer that doubles; `sizeHint` (bytes) spares the doubling. */
export class GrowingSink implements ByteSink {
  length = 0;
  #buffer: Uint8Array;
  readonly #bytesMax: number;
  readonly #onOverflow: () => never;

  /** `onOverflow` must throw; it is called before anything beyond `bytesMax` is kept. */
  constructor(sizeHint: number, bytesMax: number, onOverflow: () => never) {
    // Fresh pages are only touched as they are written, so a generous hint costs address space, not memory.
    this.#buffer = Buffer.allocUnsafeSlow(Math.max(FIRST_BYTES, Math.min(sizeHint, bytesMax)));
    this.#bytesMax = bytesMax;
    this.#onOverflow = onOverflow;
  }

  append(chunk: Uint8Array, from: number, to: number): void {
    const end = this.length + (to - from);
    if (end > this.#buffer.length) this.#grow(end);
    if (to - from <= SHORT_RUN_BYTES) {
      const buffer = this.#buffer;
      for (let i = from, o = this.length; i < to; i++, o++) buffer[o] = chunk[i]!;
    } else {
      this.#buffer.set(chunk.subarray(from, to), this.length);
    }
    this.length = end;
  }

  slice(from: number, to: number): Uint8Array {
    return this.#buffer.subarray(from, to);
  }

  /** Makes room for so many bytes in all, as they are now expected. */
  expect(bytes: number): void {
    if (bytes > this.#buffer.length) this.#grow(bytes);
  }

  #grow(needed: number): void {
    if (needed > this.#bytesMax) this.#onOverflow();
    const next = Buffer.allocUnsafeSlow(Math.min(this.#bytesMax, Math.max(needed, this.#buffer.length * 2)));
    next.set(this.#buffer.subarray(0, this.length));
    this.#buffer = next;
  }
}

/** Keeps nothing but the length: for a text that is only being checked. Errors then tell places, not names. */
export class CountingSink implements ByteSink {
  length = 0;

  append(_chunk: Uint8Array, from: number, to: number): void {
    this.length += to - from;
  }

  slice(): Uint8Array {
    return new Uint8Array(0);
  }
}

// Where a scanner stands, by name: the members and elements around it, which errors tell. Names are read from the canonical
// text that is written out, where they are; a sink that lets go of its text has them kept first.

import type { ByteSink } from './byte-sink.ts';
import { ARRAY } from './grammar.ts';

const SHORT_NAME_BYTES = 256;

interface KeptName {
  /** Where the name begins in its sink: tells it from others at its depth. */
  mark: number;
  /** Raw, without quotes. */
  text: Uint8Array;
  /** Else it goes on in the sink, at `until`. */
  isWhole: boolean;
  until: number;
}

/** The names of the containers that are open, by depth. Looks at the scanner's own columns. */
export class OpenNames {
  readonly #kinds: Uint8Array;
  readonly #marks: Float64Array;
  readonly #sinkAt: (depth: number) => ByteSink;
  /** Of what a sink may have let go of. */
  readonly #kept: KeptName[] = [];

  /**
   * @param kinds of each open container, by depth
   * @param marks the index of the element in an array, where the member's name begins in its sink in an object
   */
  constructor(kinds: Uint8Array, marks: Float64Array, sinkAt: (depth: number) => ByteSink) {
    this.#kinds = kinds;
    this.#marks = marks;
    this.#sinkAt = sinkAt;
  }

  /** Keeps the names that are open down to `depth`. */
  keep(depth: number): void {
    for (let d = 1; d <= depth; d++) {
      const mark = this.#marks[d]!;
      if (this.#kinds[d] === ARRAY || mark < 0) continue;
      const had = this.#kept[d];
      if (had?.mark === mark && had.isWhole) continue;
      const text = Uint8Array.from(this.#nameFrom(d, mark));
      const end = endOfName(text);
      this.#kept[d] = {
        mark,
        text: text.subarray(0, end),
        isWhole: end < text.length,
        until: this.#sinkAt(d).length,
      };
    }
  }

  /** Raw member names and indexes that lead to `depth`; of the last, the name only if it `isWhole`. */
  path(depth: number, isWhole: boolean): (Uint8Array | number)[] {
    const tokens: (Uint8Array | number)[] = [];
    for (let d = 1; d <= depth; d++) {
      const mark = this.#marks[d]!;
      if (this.#kinds[d] === ARRAY) {
        tokens.push(mark);
        continue;
      }
      const open = d === depth && !isWhole;
      if (mark < 0 || open) break;
      const text = this.#nameFrom(d, mark);
      tokens.push(text.slice(0, endOfName(text)));
    }
    return tokens;
  }

  /** The raw text from behind the opening quote at `mark` on, at least as far as the name goes or is known. */
  #nameFrom(depth: number, mark: number): Uint8Array {
    const sink = this.#sinkAt(depth);
    const kept = this.#kept[depth];
    if (kept?.mark !== mark) {
      // Most names are short, and what follows them may be long.
      const beginning = sink.slice(mark + 1, Math.min(sink.length, mark + 1 + SHORT_NAME_BYTES));
      return endOfName(beginning) < beginning.length ? beginning : sink.slice(mark + 1, sink.length);
    }
    if (kept.isWhole) return kept.text;
    return Buffer.concat([kept.text, sink.slice(kept.until, sink.length)]);
  }
}

/** Where the name ends that begins with `text`; not before `text` does if it goes on. */
function endOfName(text: Uint8Array): number {
  let end = 0;
  while (end < text.length && text[end] !== 0x22) end += text[end] === 0x5c ? 2 : 1;
  return Math.min(end, text.length);
}

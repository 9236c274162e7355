// Hashes ranges of a text with the kernel, many in one call.

import { HASHES_AT, type Machine, PIECE_BYTES, RANGES_AT, RANGES_MAX, TEXT_AT } from './kernel.ts';

/** Takes ranges in ascending order; each is shorter than PIECE_BYTES. Hashes are hints: bytes decide. */
export class RangeHasher {
  readonly #machine: Machine;
  readonly #seed: bigint;
  readonly #text: Uint8Array;
  readonly #out: Int32Array;
  /** Where the hashes of the ranges that wait belong. */
  readonly #places = new Uint32Array(RANGES_MAX);
  #count = 0;
  #start = 0;
  #end = 0;

  /** The hash of a range added with `place` goes to out[2 * place] and the next. */
  constructor(machine: Machine, seed: bigint, text: Uint8Array, out: Int32Array) {
    this.#machine = machine;
    this.#seed = seed;
    this.#text = text;
    this.#out = out;
  }

  add(start: number, end: number, place: number): void {
    if (this.#count === RANGES_MAX || (this.#count > 0 && end - this.#start > PIECE_BYTES)) this.finish();
    if (this.#count === 0) this.#start = start;
    const { words } = this.#machine;
    const at = (RANGES_AT >>> 2) + this.#count * 2;
    words[at] = start - this.#start;
    words[at + 1] = end - this.#start;
    this.#end = end;
    this.#places[this.#count++] = place;
  }

  /** Hashes what still waits. */
  finish(): void {
    if (this.#count === 0) return;
    const { run, bytes, words, uses } = this.#machine;
    uses.hash++;
    bytes.set(this.#text.subarray(this.#start, this.#end), TEXT_AT);
    run.hashRanges(TEXT_AT, RANGES_AT, this.#count, HASHES_AT, this.#seed);
    for (let k = 0, at = HASHES_AT >>> 2; k < this.#count; k++, at += 2) {
      const place = this.#places[k]! * 2;
      this.#out[place] = words[at]!;
      this.#out[place + 1] = words[at + 1]!;
    }
    this.#count = 0;
  }
}

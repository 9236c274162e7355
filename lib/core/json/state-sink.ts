// Where a state goes as it is scanned: it is kept as text, or, where it is long and need not be, packed on the way.

import { createHash } from 'node:crypto';
import { MEMBER_BYTES } from '../bytes/compress.ts';
import { type PackedText, type PackerOptions, type Scratch, TextPacker } from '../bytes/packed.ts';
import type { CanonicalText } from '../bytes/text.ts';
import type { MemoryBounds } from '../records/limits.ts';
import { type ByteSink, GrowingSink } from './byte-sink.ts';

/** A state as it was read: its text, or the same compressed. */
export type ScannedState = CanonicalText | PackedText;

/** Which of the two it is. */
export function isPacked(state: ScannedState): state is PackedText {
  return 'members' in state;
}

/** Bytes of the text. */
export function sizeOf(state: ScannedState): number {
  return isPacked(state) ? state.size : state.bytes.length;
}

export interface StateSinkOptions {
  bytesMax: number;
  /** Must throw. */
  onOverflow: () => never;
  /** Bytes to expect, 0 if that is not known. */
  sizeHint: number;
  /**
   * A state of more than MEMBER_BYTES is packed if this is given: at once, or only once it is longer than
   * `textBytesMax`, if its text `isWanted`. Asked once, when it matters.
   */
  packing?: Packing | undefined;
}

export interface Packing extends PackerOptions {
  textBytesMax: number;
  isTextWanted: () => boolean;
}

/** How states are packed, as far as that is not the request's own business. */
export function packingOf(memory: MemoryBounds, scratch: Scratch | undefined): Omit<Packing, 'isTextWanted'> {
  const { deltaStateBytesMax: textBytesMax, heldBlobBytesMax: heldBytesMax } = memory;
  return { textBytesMax, heldBytesMax, ...(scratch === undefined ? {} : { scratch }) };
}

export class StateSink implements ByteSink {
  readonly #options: StateSinkOptions;
  readonly #hash = createHash('sha256');
  #hashed = 0;
  #text: GrowingSink | undefined;
  /** Length of the text from which on it is packed. */
  #packAt: number;
  #packer: TextPacker | undefined;
  /** Blocks that are full, from the offset `#start` of the text on, and the one that is being filled. */
  #full: Buffer[] = [];
  #start = 0;
  #block: Buffer = Buffer.alloc(0);
  #filled = 0;

  constructor(options: StateSinkOptions) {
    const { bytesMax, onOverflow, sizeHint, packing } = options;
    this.#options = options;
    this.#packAt = packing === undefined ? Number.POSITIVE_INFINITY : MEMBER_BYTES;
    const firstBytes = packing === undefined ? sizeHint : Math.min(sizeHint, MEMBER_BYTES);
    this.#text = new GrowingSink(firstBytes, bytesMax, onOverflow);
  }

  get length(): number {
    return this.#text?.length ?? this.#start + this.#full.length * MEMBER_BYTES + this.#filled;
  }

  append(chunk: Uint8Array, from: number, to: number): void {
    const length = this.length + to - from;
    if (length > this.#packAt) this.#decide(length);
    if (this.#text !== undefined) {
      this.#text.append(chunk, from, to);
      return;
    }
    if (length > this.#options.bytesMax) this.#options.onOverflow();
    this.#pack(chunk, from, to);
  }

  /** Throws RangeError for bytes that `advance` has let go of. */
  slice(from: number, to: number): Uint8Array {
    if (this.#text !== undefined) return this.#text.slice(from, to);
    if (from < this.#start) throw new RangeError('these bytes are no longer there');
    if (from === to) return this.#block.subarray(0, 0);
    const blocks = [...this.#full, this.#block.subarray(0, this.#filled)];
    const first = Math.floor((from - this.#start) / MEMBER_BYTES);
    const offset = this.#start + first * MEMBER_BYTES;
    const whole = to - offset <= MEMBER_BYTES ? blocks[first]! : Buffer.concat(blocks.slice(first));
    return whole.subarray(from - offset, to - offset);
  }

  /** Whether `advance` would let go of bytes. */
  get isBlockFull(): boolean {
    return this.#full.length > 0;
  }

  /** Hashes what is new and hands full blocks on. To be called after each chunk; there may be something to wait for. */
  advance(): Promise<void> | undefined {
    if (this.#text !== undefined) {
      this.#hashUpTo(this.#text.length, (from, to) => this.#text!.slice(from, to));
      return undefined;
    }
    const packer = this.#packer!;
    for (const block of this.#full) {
      this.#handOn(packer, block, MEMBER_BYTES);
    }
    this.#full = [];
    return packer.settle();
  }

  /** The state, complete. */
  async finish(): Promise<ScannedState> {
    await this.advance();
    if (this.#text !== undefined) {
      return { bytes: this.#text.slice(0, this.#text.length), checksum: this.#hash.digest('hex') };
    }
    const packer = this.#packer!;
    const size = this.length;
    if (this.#filled > 0) this.#handOn(packer, this.#block, this.#filled);
    return packer.finish(size, this.#hash.digest('hex'));
  }

  /** Gives back what a text that is not completed has taken. */
  async abandon(): Promise<void> {
    await this.#packer?.discard();
  }

  /** The text has become so long that it matters what is to become of it. */
  #decide(length: number): void {
    const { sizeHint, packing } = this.#options;
    const { textBytesMax, isTextWanted, heldBytesMax, scratch } = packing!;
    const mayBeText = this.#packAt < textBytesMax && Math.max(length, sizeHint) <= textBytesMax;
    if (mayBeText && isTextWanted()) {
      this.#packAt = textBytesMax;
      this.#text!.expect(sizeHint);
      return;
    }
    const text = this.#text!;
    this.#packAt = Number.POSITIVE_INFINITY;
    this.#packer = new TextPacker({ heldBytesMax, ...(scratch === undefined ? {} : { scratch }) });
    this.#text = undefined;
    this.#block = this.#packer.newBlock();
    this.#pack(text.slice(0, text.length), 0, text.length);
  }

  #pack(chunk: Uint8Array, from: number, to: number): void {
    for (let at = from; at < to; ) {
      if (this.#filled === MEMBER_BYTES) {
        this.#full.push(this.#block);
        this.#block = this.#packer!.newBlock();
        this.#filled = 0;
      }
      const length = Math.min(to - at, MEMBER_BYTES - this.#filled);
      this.#block.set(chunk.subarray(at, at + length), this.#filled);
      this.#filled += length;
      at += length;
    }
  }

  #handOn(packer: TextPacker, block: Buffer, length: number): void {
    const start = this.#start;
    this.#hashUpTo(start + length, (from, to) => block.subarray(from - start, to - start));
    packer.add(block, length);
    this.#start += length;
    if (block === this.#block) this.#filled = 0;
  }

  #hashUpTo(end: number, bytes: (from: number, to: number) => Uint8Array): void {
    if (end <= this.#hashed) return;
    this.#hash.update(bytes(this.#hashed, end));
    this.#hashed = end;
  }
}

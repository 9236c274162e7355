// A text that is compressed as it comes in, on all cores, so that a state of any size is never held whole. What does not
// fit into memory even so goes to a scratch file.

import { type Chunks, totalBytes } from './chunks.ts';
import { compressBlock, decompressToBuffer, IN_FLIGHT, MEMBER_BYTES } from './compress.ts';
import type { CanonicalText } from './text.ts';

/** A canonical text as gzip members, as `compress` makes them. */
export interface PackedText {
  /** Bytes of the text. */
  size: number;
  /** Lower-case hex SHA-256 of the text. */
  checksum: string;
  /** Of all members. */
  compressedBytes: number;
  /** The members in order; can be read again and again, until `discard`. */
  members(): Chunks;
  /** Gives the memory and the scratch file back. Calling it again does nothing. */
  discard(): Promise<void>;
}

/** Room beside the memory. What is put there can be read by nobody else, and is gone with the process at the latest. */
export interface Scratch {
  open(): Promise<ScratchFile>;
}

export interface ScratchFile {
  /** One call at a time; the chunk may be reused once it resolves. */
  append(chunk: Uint8Array): Promise<void>;
  /** All that was appended, in chunks of the adapter's choosing. */
  read(): AsyncIterable<Uint8Array>;
  /** Removes the file. Calling it again does nothing. */
  close(): Promise<void>;
}

export interface PackerOptions {
  /** Compressed bytes that may be held in memory; more go to the scratch file, if there is one. */
  heldBytesMax: number;
  scratch?: Scratch;
}

/** Takes a text block by block: each of MEMBER_BYTES (compress.ts), the last one of at most as many. */
export class TextPacker {
  readonly #options: PackerOptions;
  readonly #working: Promise<Uint8Array[]>[] = [];
  /** Blocks that have been compressed, to be filled again: fresh memory is slow to touch and makes the collector run. */
  readonly #free: Buffer[] = [];
  #held: Uint8Array[] = [];
  #file: ScratchFile | undefined;
  #compressedBytes = 0;

  constructor(options: PackerOptions) {
    this.#options = options;
  }

  /** A block of MEMBER_BYTES to be filled and added. */
  newBlock(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(MEMBER_BYTES);
  }

  /** Begins to compress the first `length` bytes of a block, which is not the caller's any more. */
  add(block: Buffer, length: number): void {
    const member = this.#compress(block, length);
    // If an earlier one fails first, nobody awaits this one: its own failure must not go unhandled.
    member.catch(() => undefined);
    this.#working.push(member);
  }

  /** Resolves once no more blocks are in work than the thread pool can take. */
  async settle(inFlight: number = IN_FLIGHT): Promise<void> {
    while (this.#working.length > inFlight) await this.#keep(await this.#working.shift()!);
  }

  /** All of it, once the last block has been added. */
  async finish(size: number, checksum: string): Promise<PackedText> {
    await this.settle(0);
    this.#free.length = 0;
    const file = this.#file;
    return {
      size,
      checksum,
      compressedBytes: this.#compressedBytes,
      members: () => (file === undefined ? this.#held : file.read()),
      discard: () => this.discard(),
    };
  }

  async discard(): Promise<void> {
    this.#held = [];
    await this.#file?.close();
  }

  async #compress(block: Buffer, length: number): Promise<Uint8Array[]> {
    const member = await compressBlock(length === block.length ? block : block.subarray(0, length));
    this.#free.push(block);
    return member;
  }

  async #keep(member: Uint8Array[]): Promise<void> {
    this.#compressedBytes += totalBytes(member);
    if (this.#file !== undefined) {
      for (const chunk of member) await this.#file.append(chunk);
      return;
    }
    this.#held.push(...member);
    const { heldBytesMax, scratch } = this.#options;
    if (this.#compressedBytes <= heldBytesMax || scratch === undefined) return;
    this.#file = await scratch.open();
    for (const earlier of this.#held) await this.#file.append(earlier);
    this.#held = [];
  }
}

/** The text itself, in memory. Throws ServiceError integrity_error if the members are not what they were. */
export async function unpack({ size, checksum, members }: PackedText): Promise<CanonicalText> {
  return { bytes: await decompressToBuffer(members(), size), checksum };
}

// Rows as PostgreSQL copies them out: its bytes are taken off the wire as they come, many rows at a time, for a row that is made into an object
// first costs more than to read it from the disk.

import type { Duplex } from 'node:stream';
import type { Submittable, Connection as Wire } from 'pg';
import type { Connection } from './connect.ts';

/** What is given at a time, and how much of that may wait for whoever reads. */
const CHUNK_BYTES = 512 * 1024;
const CHUNKS_WAITING_MAX = 4;

/** Of the protocol (PostgreSQL's manual, 55.7): a type, and a length that counts itself. */
const HEADER_BYTES = 5;
const [COPY_DATA, COPY_DONE, COPY_OUT, NOTICE, SETTING] = [0x64, 0x63, 0x48, 0x4e, 0x53];
const [COMMA, NEWLINE, BACKSLASH] = [0x2c, 0x0a, 0x5c];

/** What a letter behind a backslash stands for in COPY's text; any other byte stands for itself. */
const ESCAPED: Readonly<Record<number, number>> = {
  98: 0x08,
  102: 0x0c,
  110: 0x0a,
  114: 0x0d,
  116: 0x09,
  118: 0x0b,
};

/**
 * The rows of a query of one column of text, with commas between them. None of them is NULL, or has a line's end in it as it stands. Throws what
 * the server says.
 */
export async function* copyOut(
  { client, fault }: Connection,
  query: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  const copy = new CopyOut(`COPY (${query}) TO STDOUT`);
  client.query(copy);
  try {
    for (;;) {
      const chunk = await copy.next();
      if (chunk === undefined) return;
      yield chunk;
    }
  } catch (error) {
    throw fault(error);
  } finally {
    copy.letGo();
  }
}

/** Takes the wire until the rows are over, and gives it back with the first message that is not of them. */
class CopyOut implements Submittable {
  readonly #text: string;
  #stream: Duplex | undefined;
  #others: ((chunk: Buffer) => void)[] = [];

  /** What of the current message is still to come: first its header, then the rest. */
  readonly #header = Buffer.alloc(HEADER_BYTES);
  #headerBytes = 0;
  #left = 0;
  #isData = false;
  /** The last byte of a row ends its line: it is known only once the next one, or the end, has come. */
  #isEscaped = false;
  #isBetween = false;

  #out = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  #outBytes = 0;
  #waiting: Buffer[] = [];
  #wake: (() => void) | undefined;
  #end: { error?: unknown } | undefined;

  constructor(text: string) {
    this.#text = text;
  }

  submit(wire: Wire): void {
    const stream = (wire as Wire & { stream: Duplex }).stream;
    this.#stream = stream;
    this.#others = stream.listeners('data') as ((chunk: Buffer) => void)[];
    stream.removeAllListeners('data');
    stream.on('data', this.#take);
    wire.query(this.#text);
  }

  /** The next chunk; undefined behind the last. */
  async next(): Promise<Buffer | undefined> {
    for (;;) {
      const chunk = this.#waiting.shift();
      if (chunk !== undefined) {
        if (this.#waiting.length < CHUNKS_WAITING_MAX / 2) this.#stream?.resume();
        return chunk;
      }
      if (this.#end !== undefined) {
        if ('error' in this.#end) throw this.#end.error;
        return undefined;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** What is still coming is not wanted: a copy has no other end than that of its connection. */
  letGo(): void {
    if (this.#end === undefined) this.#stream?.destroy();
  }

  handleCommandComplete(): void {}
  handleReadyForQuery(): void {
    this.#finish({});
  }
  handleError(error: unknown): void {
    this.#finish({ error });
  }

  #finish(end: { error?: unknown }): void {
    this.#giveBack();
    this.#end ??= end;
    this.#wake?.();
  }

  #giveBack(): void {
    const others = this.#others.splice(0);
    if (others.length === 0) return;
    this.#stream?.off('data', this.#take);
    for (const other of others) this.#stream?.on('data', other);
  }

  readonly #take = (chunk: Buffer): void => {
    let at = 0;
    // Where the next backslash is, so that each part of the chunk is searched once.
    let slash = -1;
    while (at < chunk.length) {
      if (this.#left === 0) {
        const type = this.#headerBytes === 0 ? chunk[at] : this.#header[0];
        if (!isOfCopy(type)) {
          this.#passOn(chunk.subarray(at));
          return;
        }
        const taken = Math.min(HEADER_BYTES - this.#headerBytes, chunk.length - at);
        chunk.copy(this.#header, this.#headerBytes, at, at + taken);
        this.#headerBytes += taken;
        at += taken;
        if (this.#headerBytes < HEADER_BYTES) return;
        this.#headerBytes = 0;
        this.#left = this.#header.readUInt32BE(1) - (HEADER_BYTES - 1);
        this.#isData = type === COPY_DATA;
        if (type === COPY_DONE) this.#flush();
        continue;
      }
      const to = Math.min(chunk.length, at + this.#left);
      this.#left -= to - at;
      if (!this.#isData) {
        at = to;
        continue;
      }
      if (this.#isBetween) {
        this.#byte(COMMA);
        this.#isBetween = false;
      }
      // Each row comes in a message of its own, and a line's end behind it.
      const isWhole = this.#left === 0 && chunk[to - 1] === NEWLINE;
      const end = isWhole ? to - 1 : to;
      if (isWhole) this.#isBetween = true;
      while (at < end) {
        if (this.#isEscaped) {
          this.#byte(ESCAPED[chunk[at]!] ?? chunk[at]!);
          this.#isEscaped = false;
          at++;
          continue;
        }
        if (slash < at) {
          slash = chunk.indexOf(BACKSLASH, at);
          if (slash < 0) slash = chunk.length;
        }
        const stop = Math.min(slash, end);
        this.#bytes(chunk, at, stop);
        at = stop;
        if (stop < end) {
          this.#isEscaped = true;
          at++;
        }
      }
      at = to;
    }
  };

  /** The rows are over, or the server has something to say instead of them. */
  #passOn(rest: Buffer): void {
    const stream = this.#stream!;
    this.#flush();
    this.#giveBack();
    stream.resume();
    for (const listener of stream.listeners('data')) (listener as (chunk: Buffer) => void).call(stream, rest);
  }

  #byte(byte: number): void {
    if (this.#outBytes === this.#out.length) this.#flush();
    this.#out[this.#outBytes++] = byte;
  }

  #bytes(chunk: Buffer, from: number, to: number): void {
    for (let at = from; at < to; ) {
      if (this.#outBytes === this.#out.length) this.#flush();
      const end = Math.min(to, at + this.#out.length - this.#outBytes);
      this.#outBytes += chunk.copy(this.#out, this.#outBytes, at, end);
      at = end;
    }
  }

  #flush(): void {
    if (this.#outBytes === 0) return;
    this.#waiting.push(this.#out.subarray(0, this.#outBytes));
    this.#out = Buffer.allocUnsafeSlow(CHUNK_BYTES);
    this.#outBytes = 0;
    if (this.#waiting.length >= CHUNKS_WAITING_MAX) this.#stream?.pause();
    this.#wake?.();
  }
}

function isOfCopy(type: number | undefined): boolean {
  return type === COPY_DATA || type === COPY_DONE || type === COPY_OUT || type === NOTICE || type === SETTING;
}

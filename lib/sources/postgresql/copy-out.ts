// Rows as PostgreSQL copies them out: its bytes are taken off the wire as they come, for a row that is made into an object first costs more than
// to read it from the disk.

import type { Duplex } from 'node:stream';
import type { Submittable, Connection as Wire } from 'pg';
import type { Connection } from './connect.ts';
import { RowJson, type Shape } from './row-json.ts';

/** How much may wait for whoever reads. */
const CHUNKS_WAITING_MAX = 4;

/** Of the protocol (PostgreSQL's manual, 55.7): a type, and a length that counts itself. */
const HEADER_BYTES = 5;
const [COPY_DATA, COPY_DONE, COPY_OUT, NOTICE, SETTING] = [0x64, 0x63, 0x48, 0x4e, 0x53];

/** The rows of a query as JSON, with commas between them. Throws what the server says, and PortError `integrity` for rows that are not of the shape. */
export async function* copyOut(
  { client, fault }: Connection,
  query: string,
  shape: Shape,
): AsyncGenerator<Uint8Array, void, undefined> {
  const copy = new CopyOut(`COPY (${query}) TO STDOUT`, shape);
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

  readonly #rows: RowJson;
  #waiting: Buffer[] = [];
  #wake: (() => void) | undefined;
  #end: { error?: unknown } | undefined;

  constructor(text: string, shape: Shape) {
    this.#text = text;
    this.#rows = new RowJson(shape, (chunk) => {
      this.#waiting.push(chunk);
      if (this.#waiting.length >= CHUNKS_WAITING_MAX) this.#stream?.pause();
      this.#wake?.();
    });
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
    try {
      this.#read(chunk);
    } catch (error) {
      this.#finish({ error });
      this.#stream?.destroy();
    }
  };

  #read(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#left === 0) {
        const type = this.#headerBytes === 0 ? chunk[at] : this.#header[0];
        if (!isOfCopy(type)) {
          this.#passOn(chunk.subarray(at));
          return;
        }
        if (this.#headerBytes === 0 && chunk.length - at >= HEADER_BYTES) {
          this.#left = chunk.readUInt32BE(at + 1) - (HEADER_BYTES - 1);
          at += HEADER_BYTES;
        } else {
          const taken = Math.min(HEADER_BYTES - this.#headerBytes, chunk.length - at);
          chunk.copy(this.#header, this.#headerBytes, at, at + taken);
          this.#headerBytes += taken;
          at += taken;
          if (this.#headerBytes < HEADER_BYTES) return;
          this.#headerBytes = 0;
          this.#left = this.#header.readUInt32BE(1) - (HEADER_BYTES - 1);
        }
        this.#isData = type === COPY_DATA;
        if (type === COPY_DONE) this.#rows.end();
        continue;
      }
      const to = Math.min(chunk.length, at + this.#left);
      this.#left -= to - at;
      if (this.#isData) this.#rows.push(chunk, at, to);
      at = to;
    }
  }

  /** The rows are over, or the server has something to say instead of them. */
  #passOn(rest: Buffer): void {
    const stream = this.#stream!;
    this.#rows.flush();
    this.#giveBack();
    stream.resume();
    for (const listener of stream.listeners('data')) (listener as (chunk: Buffer) => void).call(stream, rest);
  }
}

function isOfCopy(type: number | undefined): boolean {
  return type === COPY_DATA || type === COPY_DONE || type === COPY_OUT || type === NOTICE || type === SETTING;
}

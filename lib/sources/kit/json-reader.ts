// JSON text that is read as it comes: members and elements one by one, each as its own bytes, nothing parsed that is not asked for.

import { setImmediate as nextTurn } from 'node:timers/promises';
import { PortError } from '../../ports/errors.ts';

const [QUOTE, BACKSLASH, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a];
const [OPEN_OBJECT, CLOSE_OBJECT, OPEN_ARRAY, CLOSE_ARRAY] = [0x7b, 0x7d, 0x5b, 0x5d];

/** Raw bytes of JSON: a name with its quotes, where it is a member's, and a value. They are the caller's to keep. */
export interface Piece {
  name: Uint8Array | undefined;
  value: Uint8Array;
}

/** Of a text that has been found to be JSON: what is not is told as `integrity` only where it stands in the way. */
export class JsonReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #text: Uint8Array = new Uint8Array();
  #at = 0;

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** Lets go of what gives the text. */
  async close(): Promise<void> {
    await this.#chunks.return?.();
  }

  /** `{`, `[`, `"` or another byte that a value begins with. */
  async peek(): Promise<number> {
    return this.#next();
  }

  /** The names of an object that begins here. Of each, the value is taken or skipped before the next is asked for. */
  async *members(): AsyncGenerator<string, void, undefined> {
    await this.#take(OPEN_OBJECT);
    if ((await this.#next()) === CLOSE_OBJECT) return this.#step();
    for (;;) {
      const name = JSON.parse(Buffer.from(await this.value()).toString()) as string;
      await this.#take(COLON);
      yield name;
      if ((await this.#next()) === CLOSE_OBJECT) return this.#step();
      await this.#take(COMMA);
    }
  }

  /** The value that begins here. */
  async value(): Promise<Uint8Array> {
    await this.#next();
    for (;;) {
      const end = endOfValue(this.#text, this.#at);
      if (end >= 0) {
        const value = this.#text.slice(this.#at, end);
        this.#at = end;
        return value;
      }
      if (!(await this.#more())) return this.#last();
    }
  }

  /** As `value`, without keeping it: of what is longer than memory, nothing is held but the chunk at hand. */
  async skip(): Promise<void> {
    const first = await this.#next();
    if (first === OPEN_OBJECT) {
      for await (const _name of this.members()) await this.skip();
      return;
    }
    if (first !== OPEN_ARRAY) return void (await this.value());
    for await (const _piece of this.pieces(1 << 20));
  }

  /** What the object or array that begins here holds, many at a time: as long as no batch has that many bytes yet, it grows. */
  async *pieces(batchBytes: number): AsyncGenerator<Piece[], void, undefined> {
    const isObject = (await this.#next()) === OPEN_OBJECT;
    if (!isObject) await this.#take(OPEN_ARRAY);
    else this.#step();
    const close = isObject ? CLOSE_OBJECT : CLOSE_ARRAY;
    if ((await this.#next()) === close) return this.#step();
    let batch: Piece[] = [];
    let bytes = 0;
    for (;;) {
      const piece = this.#piece(isObject, close) ?? (await this.#slowPiece(isObject));
      batch.push(piece);
      bytes += piece.value.length;
      const isLast = (await this.#separator()) === close;
      if (isLast || bytes >= batchBytes) {
        yield batch;
        // All of it may be in memory, and whoever takes it need not wait for anything: others are to have their turn.
        await nextTurn();
        batch = [];
        bytes = 0;
      }
      if (isLast) return;
    }
  }

  /** One that is whole in what has come; undefined if it is not, and then nothing is taken. */
  #piece(isObject: boolean, close: number): Piece | undefined {
    const text = this.#text;
    let at = pastSpace(text, this.#at);
    let name: Uint8Array | undefined;
    if (isObject) {
      const end = at < text.length ? endOfValue(text, at) : -1;
      if (end < 0) return undefined;
      name = text.subarray(at, end);
      at = pastSpace(text, end);
      if (text[at] !== COLON) return undefined;
      at = pastSpace(text, at + 1);
    }
    const end = at < text.length ? endOfValue(text, at) : -1;
    if (end < 0) return undefined;
    // A number could go on in the next chunk.
    const after = pastSpace(text, end);
    if (text[after] !== COMMA && text[after] !== close) return undefined;
    this.#at = after;
    return { name, value: text.subarray(at, end) };
  }

  async #slowPiece(isObject: boolean): Promise<Piece> {
    if (!isObject) return { name: undefined, value: await this.value() };
    const name = await this.value();
    await this.#take(COLON);
    return { name, value: await this.value() };
  }

  /** Past what stands between two, or ends it all; resolves with that byte. */
  async #separator(): Promise<number> {
    const byte = this.#text[this.#at] ?? (await this.#next());
    const found = byte === COMMA || byte === CLOSE_OBJECT || byte === CLOSE_ARRAY ? byte : await this.#next();
    this.#step();
    return found;
  }

  #step(): void {
    this.#at++;
  }

  /** The next byte that is no white space; it stays. */
  async #next(): Promise<number> {
    for (;;) {
      this.#at = pastSpace(this.#text, this.#at);
      const byte = this.#text[this.#at];
      if (byte !== undefined) return byte;
      if (!(await this.#more())) throw broken();
    }
  }

  async #take(byte: number): Promise<void> {
    if ((await this.#next()) !== byte) throw broken();
    this.#step();
  }

  /** At least as much again as waits already: so that a long value is not copied once for each chunk. */
  async #more(): Promise<boolean> {
    const rest = this.#text.subarray(this.#at);
    const come: Uint8Array[] = [rest];
    let bytes = 0;
    do {
      const { value, done } = await this.#chunks.next();
      if (done) break;
      come.push(value);
      bytes += value.length;
    } while (bytes < rest.length);
    if (bytes === 0 && come.length === 1) return false;
    this.#text = rest.length === 0 && come.length === 2 ? come[1]! : Buffer.concat(come);
    this.#at = 0;
    return true;
  }

  /** A number, true, false or null that the text ends with. */
  #last(): Uint8Array {
    const value = this.#text.slice(this.#at);
    const first = value[0];
    if (value.length === 0 || first === QUOTE || first === OPEN_OBJECT || first === OPEN_ARRAY)
      throw broken();
    this.#at = this.#text.length;
    return value;
  }
}

function broken(): PortError {
  return new PortError('integrity', 'the state is not JSON, or has not come whole');
}

function pastSpace(text: Uint8Array, from: number): number {
  let at = from;
  for (; at < text.length; at++) {
    const byte = text[at]!;
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) break;
  }
  return at;
}

/** Behind the value that begins at `from`; -1 if it may go on. */
export function endOfValue(text: Uint8Array, from: number): number {
  const first = text[from]!;
  if (first === QUOTE) return endOfString(text, from);
  if (first !== OPEN_OBJECT && first !== OPEN_ARRAY) {
    for (let at = from; at < text.length; at++) {
      const byte = text[at]!;
      if (byte === COMMA || byte === CLOSE_OBJECT || byte === CLOSE_ARRAY || byte <= 0x20 || byte === COLON)
        return at;
    }
    return -1;
  }
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    switch (text[at]) {
      case QUOTE: {
        const end = endOfString(text, at);
        if (end < 0) return -1;
        at = end - 1;
        break;
      }
      case OPEN_OBJECT:
      case OPEN_ARRAY:
        depth++;
        break;
      case CLOSE_OBJECT:
      case CLOSE_ARRAY:
        if (--depth === 0) return at + 1;
    }
  }
  return -1;
}

function endOfString(text: Uint8Array, from: number): number {
  for (let at = from + 1; at < text.length; at++) {
    const byte = text[at];
    if (byte === BACKSLASH) at++;
    else if (byte === QUOTE) return at + 1;
  }
  return -1;
}

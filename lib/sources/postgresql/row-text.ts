// Rows of a state made into COPY's text: what the server's input functions are given then is what `json_to_recordset` would give them, at a third
// of its cost. A row that is written otherwise than a reading writes it is left to the server, which reads it, or says what is wrong.

import { endOfValue } from '../kit/json-reader.ts';
import type { Taken } from './encode.ts';

/** A member of the rows; one that is not `taken` is passed over. */
export interface Member {
  name: string;
  taken: Taken | undefined;
}

/** The rows as lines of text, of the columns that are taken; undefined where the server has to read them as JSON. */
export type RowsToText = (rows: readonly Uint8Array[]) => Uint8Array | undefined;

const [TAB, NEWLINE, SPACE, QUOTE, DOLLAR, COMMA, BACKSLASH] = [0x09, 0x0a, 0x20, 0x22, 0x24, 0x2c, 0x5c];
const [OPEN_OBJECT, CLOSE_OBJECT, OPEN_ARRAY, CLOSE_ARRAY] = [0x7b, 0x7d, 0x5b, 0x5d];
const [LOWER_N, LOWER_U, SLASH] = [0x6e, 0x75, 0x2f];

const NULL = Buffer.from('\\N');
const NULL_ITEM = Buffer.from('NULL');
/** What stands around a jsonb that JSON would take for something else. */
const AROUND = Buffer.from('{"$json":');
const AROUND_NAME = '"$json"';

/** A byte becomes two at most: a backslash in an item of an array is four in place of JSON's two. */
const LONGEST = 2;

type Form = 'scalar' | 'list' | 'jsonb';
type Shape = readonly { before: Uint8Array; form: Form | undefined }[];

/** Undefined for a table of which some column is taken for another type than it was. */
export function rowsToText(members: readonly Member[]): RowsToText | undefined {
  const shape: { before: Uint8Array; form: Form | undefined }[] = [];
  for (const { name, taken } of members) {
    const form = taken === undefined ? undefined : formOf(taken);
    if (taken !== undefined && form === undefined) return undefined;
    shape.push({
      before: Buffer.from(`${shape.length === 0 ? '{' : ','}${JSON.stringify(name)}:`),
      form,
    });
  }
  return (rows) => {
    const bytes = rows.reduce((sum, { length }) => sum + length, 0);
    const text = new Text(bytes * LONGEST + rows.length);
    return rows.every((row) => text.row(row, shape)) ? text.written : undefined;
  };
}

function formOf({ column, written }: Taken): Form | undefined {
  if (written !== column.written) return undefined;
  if (written === 'jsonb') return 'jsonb';
  if (written === 'array' || written === 'xmls') return column.kind === 'list' ? 'list' : undefined;
  return 'scalar';
}

/** Each of its steps gives the place behind what it has taken, and -1 for what is not as it is written here. */
class Text {
  readonly #out: Buffer;
  #length = 0;

  constructor(bytesMax: number) {
    this.#out = Buffer.allocUnsafeSlow(bytesMax);
  }

  get written(): Uint8Array {
    return this.#out.subarray(0, this.#length);
  }

  /** Whether it could be written. */
  row(row: Uint8Array, shape: Shape): boolean {
    let at = 0;
    let isFirst = true;
    for (const { before, form } of shape) {
      for (let i = 0; i < before.length; i++) if (row[at + i] !== before[i]) return false;
      at += before.length;
      if (form === undefined) at = endOfValue(row, at);
      else {
        if (!isFirst) this.#byte(TAB);
        isFirst = false;
        at = this.#value(row, at, form);
      }
      if (at < 0) return false;
    }
    this.#byte(NEWLINE);
    return row[at] === CLOSE_OBJECT && at + 1 === row.length;
  }

  #value(row: Uint8Array, at: number, form: Form): number {
    const first = row[at];
    if (first === LOWER_N) {
      this.#bytes(NULL);
      return endOfValue(row, at);
    }
    if (form === 'jsonb') return this.#jsonb(row, at);
    if (first === QUOTE) return this.#string(row, at + 1, false);
    if (first === OPEN_ARRAY) return form === 'list' ? this.#list(row, at + 1) : -1;
    return first === OPEN_OBJECT ? -1 : this.#word(row, at);
  }

  /** A number, true or false. */
  #word(row: Uint8Array, from: number): number {
    for (let at = from; at < row.length; at++) {
      const byte = row[at]!;
      if (byte === COMMA || byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) return at;
      if (byte <= SPACE) return -1;
      this.#byte(byte);
    }
    return -1;
  }

  /** What stands in a string, as text; of an item of an array once more within quotes. */
  #string(row: Uint8Array, from: number, isItem: boolean): number {
    const out = this.#out;
    let o = this.#length;
    for (let at = from; at < row.length; at++) {
      const byte = row[at]!;
      if (byte === QUOTE) {
        this.#length = o;
        return at + 1;
      }
      if (byte !== BACKSLASH) {
        out[o++] = byte;
        continue;
      }
      const escaped = row[++at]!;
      if (escaped !== QUOTE && escaped !== BACKSLASH && escaped !== LOWER_U && escaped !== SLASH) {
        // \b, \f, \n, \r, \t: the same in both.
        out[o++] = BACKSLASH;
        out[o++] = escaped;
        continue;
      }
      let code = escaped;
      if (escaped === LOWER_U) {
        code = codeAt(row, at + 1);
        at += code > 0xffff ? 10 : 4;
        // Neither has PostgreSQL a text with a NUL in it, or half a surrogate pair.
        if (!(code > 0) || (code >= 0xd800 && code <= 0xdfff)) return -1;
      }
      this.#length = o;
      this.#code(code, isItem);
      o = this.#length;
    }
    return -1;
  }

  #code(code: number, isItem: boolean): void {
    if (isItem && (code === QUOTE || code === BACKSLASH)) {
      this.#byte(BACKSLASH);
      this.#byte(BACKSLASH);
    }
    const escaped = ESCAPES.get(code);
    if (escaped !== undefined) this.#bytes(escaped);
    else if (code < 0x80) this.#byte(code);
    else this.#length += this.#out.write(String.fromCodePoint(code), this.#length);
  }

  /** An array of JSON as one of PostgreSQL's. */
  #list(row: Uint8Array, from: number): number {
    this.#byte(OPEN_OBJECT);
    let at = from;
    if (row[at] === CLOSE_ARRAY) {
      this.#byte(CLOSE_OBJECT);
      return at + 1;
    }
    for (;;) {
      const first = row[at];
      if (first === QUOTE) {
        this.#byte(QUOTE);
        at = this.#string(row, at + 1, true);
        this.#byte(QUOTE);
      } else if (first === OPEN_ARRAY) at = this.#list(row, at + 1);
      else if (first === OPEN_OBJECT) return -1;
      else if (first === LOWER_N) {
        this.#bytes(NULL_ITEM);
        at = endOfValue(row, at);
      } else at = this.#word(row, at);
      if (at < 0) return -1;
      const next = row[at++];
      if (next === COMMA) this.#byte(COMMA);
      else {
        this.#byte(CLOSE_OBJECT);
        return next === CLOSE_ARRAY ? at : -1;
      }
    }
  }

  /** JSON as it is; what stands around it is taken off. */
  #jsonb(row: Uint8Array, at: number): number {
    const end = endOfValue(row, at);
    if (end < 0) return -1;
    if (row[at] !== OPEN_OBJECT) {
      this.#json(row, at, end);
      return end;
    }
    const from = at + AROUND.length;
    if (AROUND.every((byte, i) => row[at + i] === byte)) {
      const inner = endOfValue(row, from);
      if (inner !== end - 1) return -1;
      this.#json(row, from, inner);
      return end;
    }
    const isOdd = this.#json(row, at, end);
    const text = isOdd ? Buffer.from(row.buffer, row.byteOffset + at, end - at) : undefined;
    return text?.includes(AROUND_NAME) || text?.includes('\\u') ? -1 : end;
  }

  /** Whether there is something in it that a name could be hidden by. */
  #json(row: Uint8Array, from: number, to: number): boolean {
    const out = this.#out;
    let o = this.#length;
    let isOdd = false;
    for (let at = from; at < to; at++) {
      const byte = row[at]!;
      if (byte === BACKSLASH) out[o++] = BACKSLASH;
      if (byte === BACKSLASH || byte === DOLLAR) isOdd = true;
      // White space between, which may be a line's end.
      out[o++] = byte < SPACE ? SPACE : byte;
    }
    this.#length = o;
    return isOdd;
  }

  #byte(byte: number): void {
    this.#out[this.#length++] = byte;
  }

  #bytes(bytes: Uint8Array): void {
    for (let i = 0; i < bytes.length; i++) this.#byte(bytes[i]!);
  }
}

/** What would end a value or a line, or begin an escape. */
const ESCAPES: ReadonlyMap<number, Uint8Array> = new Map(
  Object.entries({ '\t': '\\t', '\n': '\\n', '\r': '\\r', '\\': '\\\\' }).map(([meant, text]) => [
    meant.charCodeAt(0),
    Buffer.from(text),
  ]),
);

/** Of four digits, or of two escapes that are one character; NaN for anything else. */
function codeAt(row: Uint8Array, at: number): number {
  const high = fourDigits(row, at);
  if (!(high >= 0xd800 && high <= 0xdbff)) return high;
  if (row[at + 4] !== BACKSLASH || row[at + 5] !== LOWER_U) return high;
  const low = fourDigits(row, at + 6);
  return low >= 0xdc00 && low <= 0xdfff ? 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00) : high;
}

function fourDigits(row: Uint8Array, at: number): number {
  return Number.parseInt(String.fromCharCode(...row.subarray(at, at + 4)), 16);
}

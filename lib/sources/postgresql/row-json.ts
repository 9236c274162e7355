// Rows of COPY's text made into JSON, byte by byte as they come: what the server would write with `row_to_json`, without asking it to.

import { PortError } from '../../ports/errors.ts';

/**
 * How the text of a value becomes JSON. `json`: it is. `string`: it stands in quotes. `number`: as it is, but for NaN and Infinity, which JSON
 * has only as strings. `boolean`: `t` or `f`. NULL is null in each.
 */
export type Form = 'json' | 'string' | 'number' | 'boolean';

/** Of each row the values, what stands before each, and what stands behind the last. */
export interface Shape {
  fields: readonly { before: string; form: Form }[];
  after: string;
}

/** What is handed on at a time. */
const CHUNK_BYTES = 512 * 1024;
/** Room for what is written without looking: a word, quotes, an escape, a comma. */
const SPARE_BYTES = 64;

const [TAB, NEWLINE, QUOTE, COMMA, MINUS, BACKSLASH] = [0x09, 0x0a, 0x22, 0x2c, 0x2d, 0x5c];
const [UPPER_I, UPPER_N, LOWER_T] = [0x49, 0x4e, 0x74];

/** What a letter behind a backslash stands for in COPY's text (PostgreSQL's manual, COPY); any other byte stands for itself. */
const MEANT = Uint8Array.from({ length: 256 }, (_, byte) => byte);
for (const [letter, byte] of Object.entries({ b: 8, f: 12, n: 10, r: 13, t: 9, v: 11 }))
  MEANT[letter.charCodeAt(0)] = byte;

/** Bytes that are not simply taken over: those that end a value or begin an escape; and of a string those that JSON escapes as well. */
const ENDING = Uint8Array.from({ length: 256 }, (_, byte) =>
  Number([TAB, NEWLINE, BACKSLASH].includes(byte)),
);
const ESCAPING = ENDING.map((is, byte) => Number(is !== 0 || byte < 0x20 || byte === QUOTE));

/** How a byte stands within a string of JSON, as PostgreSQL writes it. */
const IN_STRING = Array.from({ length: 256 }, (_, byte): Uint8Array => {
  if (byte >= 0x20 && byte !== QUOTE && byte !== BACKSLASH) return Uint8Array.of(byte);
  return Buffer.from(JSON.stringify(String.fromCharCode(byte)).slice(1, -1));
});

const [NULL, TRUE, FALSE] = ['null', 'true', 'false'].map((word) => Buffer.from(word)) as [
  Buffer,
  Buffer,
  Buffer,
];

const FORMS: readonly Form[] = ['json', 'string', 'number', 'boolean'];
const [STRING, NUMBER, BOOLEAN] = [1, 2, 3];

/** Where in a value it stands: before its first byte, behind a backslash that is its first, behind a minus that is, within, behind a backslash there. */
const [BEGIN, BEGIN_ESCAPED, SIGNED, WITHIN, ESCAPED] = [0, 1, 2, 3, 4];

/** Takes the bytes of rows, cut anywhere, and hands on JSON with commas between the rows. */
export class RowJson {
  readonly #before: readonly Uint8Array[];
  readonly #forms: Uint8Array;
  readonly #after: Uint8Array;
  readonly #give: (chunk: Buffer) => void;

  #out = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  #outBytes = 0;
  #field = 0;
  #state = BEGIN;
  #isQuoted = false;
  #isFirst = true;

  /** `give` may keep what it is given. */
  constructor({ fields, after }: Shape, give: (chunk: Buffer) => void) {
    this.#before = fields.map(({ before }) => Buffer.from(before));
    this.#forms = Uint8Array.from(fields, ({ form }) => FORMS.indexOf(form));
    this.#after = Buffer.from(after);
    this.#give = give;
  }

  /** Takes chunk[from, to). Throws PortError `integrity` for a row of other columns than were asked for. */
  push(chunk: Uint8Array, from: number, to: number): void {
    // All of it is one loop over what is at hand: it goes over every byte of a database.
    let [out, o, state, field, isQuoted] = [
      this.#out,
      this.#outBytes,
      this.#state,
      this.#field,
      this.#isQuoted,
    ];
    let form = this.#forms[field]!;
    let at = from;
    while (at < to) {
      if (out.length - o < SPARE_BYTES) {
        this.#outBytes = o;
        this.flush();
        [out, o] = [this.#out, 0];
      }
      if (state === WITHIN) {
        const special = form === STRING ? ESCAPING : ENDING;
        const stop = Math.min(to, at + out.length - o - SPARE_BYTES + 1);
        let byte = 0;
        for (; at < stop; at++) {
          byte = chunk[at]!;
          if (special[byte] !== 0) break;
          out[o++] = byte;
        }
        if (at === stop) continue;
        at++;
        if (byte === BACKSLASH) state = ESCAPED;
        else if (byte !== TAB && byte !== NEWLINE) o = put(out, o, IN_STRING[byte]!);
        else {
          if (isQuoted) out[o++] = QUOTE;
          isQuoted = false;
          state = BEGIN;
          field++;
          if ((field === this.#forms.length) !== (byte === NEWLINE)) throw notAsked();
          if (byte === NEWLINE) {
            field = 0;
            o = put(out, o, this.#after);
          }
          form = this.#forms[field]!;
        }
        continue;
      }
      const byte = chunk[at]!;
      switch (state) {
        case BEGIN: {
          const before = this.#before[field]!;
          if (out.length - o < SPARE_BYTES + before.length) {
            this.#outBytes = o;
            this.flush();
            [out, o] = [this.#out, 0];
          }
          if (field === 0) {
            if (!this.#isFirst) out[o++] = COMMA;
            this.#isFirst = false;
          }
          o = put(out, o, before);
          state = WITHIN;
          if (byte === BACKSLASH) {
            state = BEGIN_ESCAPED;
            at++;
          } else if (form === BOOLEAN) {
            o = put(out, o, byte === LOWER_T ? TRUE : FALSE);
            at++;
          } else if (form === NUMBER && byte === MINUS) {
            state = SIGNED;
            at++;
          } else if (form === STRING || (form === NUMBER && (byte === UPPER_I || byte === UPPER_N))) {
            out[o++] = QUOTE;
            isQuoted = true;
          }
          break;
        }
        case SIGNED:
          if (byte === UPPER_I) {
            out[o++] = QUOTE;
            isQuoted = true;
          }
          out[o++] = MINUS;
          state = WITHIN;
          break;
        default:
          if (state === BEGIN_ESCAPED && byte === UPPER_N) o = put(out, o, NULL);
          else {
            if (state === BEGIN_ESCAPED && form === STRING) {
              out[o++] = QUOTE;
              isQuoted = true;
            }
            if (form === STRING) o = put(out, o, IN_STRING[MEANT[byte]!]!);
            else out[o++] = MEANT[byte]!;
          }
          state = WITHIN;
          at++;
      }
    }
    [this.#outBytes, this.#state, this.#field, this.#isQuoted] = [o, state, field, isQuoted];
  }

  /** Hands on what is left behind the last row. Throws PortError `integrity` within one. */
  end(): void {
    if (this.#state !== BEGIN || this.#field !== 0) throw notAsked();
    this.flush();
  }

  flush(): void {
    if (this.#outBytes === 0) return;
    const chunk = this.#out.subarray(0, this.#outBytes);
    this.#out = Buffer.allocUnsafeSlow(CHUNK_BYTES);
    this.#outBytes = 0;
    this.#give(chunk);
  }
}

function put(out: Uint8Array, at: number, bytes: Uint8Array): number {
  for (let i = 0; i < bytes.length; i++) out[at + i] = bytes[i]!;
  return at + bytes.length;
}

function notAsked(): PortError {
  return new PortError('integrity', 'the server has sent other columns than were asked for');
}

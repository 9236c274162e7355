// The JSON text scanner: validates RFC 8259 strictly, byte by byte, in chunks cut anywhere, and writes canonical text.
// A state is never turned into JavaScript objects: that would lose big numbers, member order, duplicates and `__proto__`.

import { type ErrorCode, ServiceError } from '../errors.ts';
import type { ByteSink } from './byte-sink.ts';
import { pointerOf } from './pointer.ts';
import { Utf8Checker } from './utf8.ts';

const VALUE = 0;
const FIRST_ELEMENT = 1;
const FIRST_KEY = 2;
const KEY = 3;
const COLON = 4;
const AFTER = 5;
const STRING = 6;
const ESCAPE = 7;
const HEX = 8;
const LITERAL = 9;
const MINUS = 10;
const ZERO = 11;
const INTEGER = 12;
const POINT = 13;
const FRACTION = 14;
const EXPONENT = 15;
const EXPONENT_SIGN = 16;
const EXPONENT_DIGITS = 17;

const EXPECTED: Record<number, string> = {
  [VALUE]: 'a value',
  [FIRST_ELEMENT]: 'a value or "]"',
  [FIRST_KEY]: 'a member name or "}"',
  [KEY]: 'a member name',
  [COLON]: '":"',
  [ESCAPE]: 'an escape character',
  [HEX]: 'a hexadecimal digit',
  [MINUS]: 'a digit',
  [POINT]: 'a digit',
  [EXPONENT]: 'a digit or a sign',
  [EXPONENT_SIGN]: 'a digit',
};

const ARRAY = 0;
const OBJECT = 1;

const encoder = new TextEncoder();
const LITERALS: Record<number, Uint8Array> = {
  116: encoder.encode('true'),
  102: encoder.encode('false'),
  110: encoder.encode('null'),
};
const NULL_BYTES = LITERALS[0x6e]!;

/** 1 for bytes that stand in a string as they are; bytes from 0x80 on were checked as UTF-8 before. */
const PLAIN = new Uint8Array(256).map((_, b) => (b >= 0x20 && b !== 0x22 && b !== 0x5c ? 1 : 0));
const ESCAPES = new Uint8Array(256);
for (const b of encoder.encode('"\\/bfnrt')) ESCAPES[b] = 1;
const HEX_DIGITS = new Uint8Array(256);
for (const b of encoder.encode('0123456789abcdefABCDEF')) HEX_DIGITS[b] = 1;

export interface ScannerOptions {
  /** Arrays and objects that may stand inside each other. */
  depthMax: number;
  /** Takes the canonical text. */
  out: ByteSink;
  /** The value of this member of the root object goes to a sink of its own; `null` stands in its place in `out`. */
  member?: { name: string; out: ByteSink };
  /** Refuse a root object that names a member twice: which of the two is meant cannot be known. */
  uniqueRootMembers?: boolean;
}

/**
 * Push chunks, then `end()`. Throws ServiceError `malformed_json` or `json_too_deep` with the byte offset and the
 * JSON Pointer of the value at fault; after a throw the scanner is of no further use.
 */
export class JsonScanner {
  /** Whether the routed member was there. */
  memberFound = false;

  readonly #options: ScannerOptions;
  readonly #utf8 = new Utf8Checker();
  readonly #kinds: Uint8Array;
  /** For each open container: the index of the element in an array, where the member's name begins in its sink in an object. */
  readonly #marks: Float64Array;
  readonly #rootNames = new Set<string>();
  #out: ByteSink;
  #consumed = 0;
  #state = VALUE;
  #depth = 0;
  #inKey = false;
  #keySeen = false;
  #literal = NULL_BYTES;
  #left = 0;
  /** Depth at which the routed value ends; -1 while none is being routed. */
  #routedDepth = -1;
  #rootDone = false;

  constructor(options: ScannerOptions) {
    this.#options = options;
    this.#out = options.out;
    this.#kinds = new Uint8Array(options.depthMax + 1);
    this.#marks = new Float64Array(options.depthMax + 1);
  }

  /** Bytes taken so far. */
  get consumed(): number {
    return this.#consumed;
  }

  /** Scans a chunk. The chunk may be reused afterwards. */
  push(chunk: Uint8Array): void {
    const valid = this.#utf8.validBytes(chunk);
    const n = Math.max(valid, 0);
    this.#scan(n === chunk.length ? chunk : chunk.subarray(0, n));
    if (valid < chunk.length) this.#fail('malformed_json', 'This byte is not valid UTF-8.', n, chunk, n);
    this.#consumed += chunk.length;
  }

  /** Ends the text. Throws `malformed_json` if it is not whole. */
  end(): void {
    const none = new Uint8Array(0);
    if (this.#utf8.incomplete) this.#fail('malformed_json', 'The text ends inside a character.', 0, none, 0);
    const state = this.#state;
    if (this.#depth === 0 && isNumberEnd(state)) this.#rootDone = true;
    if (this.#rootDone) return;
    const what = this.#consumed === 0 ? 'The text is empty.' : 'The text ends before its value does.';
    this.#fail('malformed_json', what, 0, none, 0);
  }

  #scan(chunk: Uint8Array): void {
    const n = chunk.length;
    const kinds = this.#kinds;
    const marks = this.#marks;
    let i = 0;
    let run = 0;
    let state = this.#state;
    let depth = this.#depth;

    while (i < n) {
      const c = chunk[i]!;
      if (state === STRING) {
        while (i < n && PLAIN[chunk[i]!] === 1) i++;
        if (i === n) break;
        const end = chunk[i]!;
        if (end === 0x22) {
          i++;
          if (this.#inKey) {
            this.#inKey = false;
            this.#keySeen = true;
            state = COLON;
          } else {
            state = AFTER;
            if (depth === this.#routedDepth) run = this.#endRouted(chunk, run, i);
          }
        } else if (end === 0x5c) {
          i++;
          state = ESCAPE;
        } else {
          this.#depth = depth;
          this.#fail('malformed_json', 'A control character in a string must be escaped.', i, chunk, run);
        }
        continue;
      }
      if (state === INTEGER || state === FRACTION || state === EXPONENT_DIGITS) {
        while (i < n && chunk[i]! >= 0x30 && chunk[i]! <= 0x39) i++;
        if (i === n) break;
        const end = chunk[i]!;
        if (end === 0x2e && state === INTEGER) {
          state = POINT;
          i++;
        } else if ((end | 0x20) === 0x65 && state !== EXPONENT_DIGITS) {
          state = EXPONENT;
          i++;
        } else {
          state = AFTER;
          if (depth === this.#routedDepth) run = this.#endRouted(chunk, run, i);
        }
        continue;
      }
      if (state <= AFTER && (c === 0x20 || c === 0x0a || c === 0x0d || c === 0x09)) {
        if (i > run) this.#out.append(chunk, run, i);
        i++;
        while (i < n && (chunk[i] === 0x20 || chunk[i] === 0x0a || chunk[i] === 0x0d || chunk[i] === 0x09))
          i++;
        run = i;
        continue;
      }
      switch (state) {
        case AFTER: {
          if (depth === 0) {
            this.#rootDone = true;
            this.#depth = 0;
            this.#state = AFTER;
            this.#fail('malformed_json', 'There is something after the end of the value.', i, chunk, run);
          }
          const kind = kinds[depth]!;
          if (c === 0x2c) {
            if (kind === OBJECT) {
              state = KEY;
              this.#keySeen = false;
            } else {
              marks[depth]!++;
              state = VALUE;
            }
            i++;
            continue;
          }
          if (c === (kind === OBJECT ? 0x7d : 0x5d)) {
            depth--;
            i++;
            if (depth === 0) this.#rootDone = true;
            if (depth === this.#routedDepth) run = this.#endRouted(chunk, run, i);
            continue;
          }
          this.#depth = depth;
          const wanted = kind === OBJECT ? '"," or "}"' : '"," or "]"';
          this.#fail('malformed_json', `Expected ${wanted}.`, i, chunk, run);
          break;
        }
        case FIRST_KEY:
        case KEY:
          if (c === 0x22) {
            marks[depth] = this.#out.length + (i - run);
            this.#inKey = true;
            this.#keySeen = false;
            state = STRING;
            i++;
            continue;
          }
          if (c === 0x7d && state === FIRST_KEY) {
            state = AFTER;
            continue;
          }
          break;
        case COLON:
          if (c === 0x3a) {
            i++;
            state = VALUE;
            if (depth === 1 && this.#routedDepth < 0) {
              if (i > run) this.#out.append(chunk, run, i);
              run = i;
              this.#depth = depth;
              this.#rootMember(i);
            }
            continue;
          }
          break;
        case FIRST_ELEMENT:
        case VALUE:
          if (c === 0x5d && state === FIRST_ELEMENT) {
            state = AFTER;
            continue;
          }
          if (c === 0x22) {
            state = STRING;
            i++;
            continue;
          }
          if (c === 0x7b || c === 0x5b) {
            if (depth === this.#options.depthMax) {
              this.#depth = depth;
              this.#fail(
                'json_too_deep',
                `At most ${depth} arrays and objects may be nested.`,
                i,
                chunk,
                run,
              );
            }
            depth++;
            kinds[depth] = c === 0x7b ? OBJECT : ARRAY;
            marks[depth] = c === 0x7b ? -1 : 0;
            state = c === 0x7b ? FIRST_KEY : FIRST_ELEMENT;
            i++;
            continue;
          }
          if (c >= 0x31 && c <= 0x39) {
            state = INTEGER;
            i++;
            continue;
          }
          if (c === 0x30 || c === 0x2d) {
            state = c === 0x30 ? ZERO : MINUS;
            i++;
            continue;
          }
          if (LITERALS[c] !== undefined) {
            this.#literal = LITERALS[c]!;
            this.#left = 1;
            state = LITERAL;
            i++;
            continue;
          }
          break;
        case LITERAL:
          if (c === this.#literal[this.#left]) {
            i++;
            if (++this.#left === this.#literal.length) {
              state = AFTER;
              if (depth === 0) this.#rootDone = true;
              if (depth === this.#routedDepth) run = this.#endRouted(chunk, run, i);
            }
            continue;
          }
          break;
        case ESCAPE:
          if (ESCAPES[c] === 1 || c === 0x75) {
            state = c === 0x75 ? HEX : STRING;
            this.#left = 4;
            i++;
            continue;
          }
          break;
        case HEX:
          if (HEX_DIGITS[c] === 1) {
            if (--this.#left === 0) state = STRING;
            i++;
            continue;
          }
          break;
        case ZERO:
          if (c === 0x2e || (c | 0x20) === 0x65) {
            state = c === 0x2e ? POINT : EXPONENT;
            i++;
            continue;
          }
          state = AFTER;
          if (depth === this.#routedDepth) run = this.#endRouted(chunk, run, i);
          continue;
        case MINUS:
          if (c >= 0x30 && c <= 0x39) {
            state = c === 0x30 ? ZERO : INTEGER;
            i++;
            continue;
          }
          break;
        case EXPONENT:
        case POINT:
        case EXPONENT_SIGN:
          if (state === EXPONENT && (c === 0x2b || c === 0x2d)) {
            state = EXPONENT_SIGN;
            i++;
            continue;
          }
          if (c >= 0x30 && c <= 0x39) {
            state = state === POINT ? FRACTION : EXPONENT_DIGITS;
            i++;
            continue;
          }
          break;
      }
      this.#depth = depth;
      const wanted = state === LITERAL ? 'true, false or null' : EXPECTED[state];
      this.#fail('malformed_json', `Expected ${wanted}.`, i, chunk, run);
    }

    if (n > run) this.#out.append(chunk, run, n);
    if (state === AFTER && depth === 0) this.#rootDone = true;
    this.#state = state;
    this.#depth = depth;
  }

  /** The name of a root member has ended and its colon is at `offset - 1`: checks it, and routes its value if it is the one. */
  #rootMember(offset: number): void {
    const { out, member, uniqueRootMembers } = this.#options;
    if (this.#kinds[1] !== OBJECT || (member === undefined && !uniqueRootMembers)) return;
    const raw = Buffer.from(out.slice(this.#marks[1]!, out.length - 1)).toString();
    const name = JSON.parse(raw) as string;
    if (uniqueRootMembers) {
      if (this.#rootNames.has(name)) {
        this.#fail('malformed_json', 'This member is given twice.', offset - 1, new Uint8Array(0), 0);
      }
      this.#rootNames.add(name);
    }
    if (member === undefined || name !== member.name) return;
    out.append(NULL_BYTES, 0, NULL_BYTES.length);
    this.memberFound = true;
    this.#out = member.out;
    this.#routedDepth = 1;
  }

  #endRouted(chunk: Uint8Array, run: number, end: number): number {
    if (end > run) this.#out.append(chunk, run, end);
    this.#out = this.#options.out;
    this.#routedDepth = -1;
    return end;
  }

  #fail(code: ErrorCode, detail: string, at: number, chunk: Uint8Array, run: number): never {
    if (at > run) this.#out.append(chunk, run, at);
    const offset = this.#consumed + at;
    const pointer = pointerOf(this.#pathTokens());
    throw new ServiceError(code, `${detail.slice(0, -1)} at byte ${offset}.`, {
      errors: [{ pointer, detail, offset }],
    });
  }

  /** Raw member names and indexes that lead to where the scanner stands. */
  #pathTokens(): (Uint8Array | number)[] {
    const tokens: (Uint8Array | number)[] = [];
    for (let d = 1; d <= this.#depth; d++) {
      const mark = this.#marks[d]!;
      if (this.#kinds[d] === ARRAY) {
        tokens.push(mark);
        continue;
      }
      const open = d === this.#depth && !this.#keySeen;
      if (mark < 0 || open) break;
      // A name above the routed value stands in the outer sink, one below it in the value's own.
      const sink = d === 1 ? this.#options.out : this.#out;
      tokens.push(nameAt(sink, mark));
    }
    return tokens;
  }
}

function isNumberEnd(state: number): boolean {
  return state === ZERO || state === INTEGER || state === FRACTION || state === EXPONENT_DIGITS;
}

/** The raw text, without quotes, of the string that begins at `start` in the sink. */
function nameAt(sink: ByteSink, start: number): Uint8Array {
  const text = sink.slice(start + 1, sink.length);
  let end = 0;
  while (end < text.length && text[end] !== 0x22) end += text[end] === 0x5c ? 2 : 1;
  return text.slice(0, end);
}

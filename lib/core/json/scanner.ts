// The JSON text scanner: validates RFC 8259 strictly, byte by byte, in chunks cut anywhere, and writes canonical text.
// A state is never turned into JavaScript objects: that would lose big numbers, member order, duplicates and `__proto__`.

import { type ErrorCode, ServiceError } from '../records/errors.ts';
import type { ByteSink } from './byte-sink.ts';
import {
  AFTER,
  AFTER_FAULTS,
  ARRAY,
  CLOSERS,
  COLON,
  DIGITS,
  ESCAPE,
  ESCAPES,
  EXPECTED,
  EXPONENT,
  EXPONENT_DIGITS,
  EXPONENT_SIGN,
  FIRST_ELEMENT,
  FIRST_KEY,
  FRACTION,
  HEX,
  HEX_DIGITS,
  INTEGER,
  isSpace,
  KEY,
  LITERAL,
  LITERALS,
  MINUS,
  NONE,
  NULL_BYTES,
  OBJECT,
  PLAIN,
  POINT,
  STRING,
  TOO_DEEP,
  VALUE,
  ZERO,
} from './grammar.ts';
import { type Kernel, type Machine, PIECE_BYTES, SCAN_DEPTH_MAX } from './kernel/kernel.ts';
import { OpenNames } from './open-names.ts';
import { pointerOf } from './pointer.ts';
import { FAST_BYTES_MIN, type Standing, scanSpaced, scanTight } from './scan-fast.ts';
import { Utf8Checker } from './utf8.ts';

export interface ScannerOptions {
  /** Arrays and objects that may stand inside each other. */
  depthMax: number;
  /** Takes the canonical text. */
  out: ByteSink;
  /** Does what it can; without it everything is done here. */
  kernel?: Kernel | undefined;
  /** The value of this member of the root object goes to a sink of its own; `null` stands in its place in `out`. */
  member?: { name: string; out: ByteSink };
  /** Refuse a root object that names a member twice: which of the two is meant cannot be known. */
  uniqueRootMembers?: boolean;
}

/** What it mostly is instead. */
const NOT_UTF_8 = ' If it was written as Latin-1, "iconv -f latin1 -t utf8" makes UTF-8 of it.';

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
  /** What the fast path works on. */
  readonly #standing: Standing;
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
  readonly #names: OpenNames;

  constructor(options: ScannerOptions) {
    this.#options = options;
    this.#out = options.out;
    this.#kinds = new Uint8Array(options.depthMax + 1);
    this.#marks = new Float64Array(options.depthMax + 1);
    // A name above the routed value stands in the outer sink, one below it in the value's own.
    const sinkAt = (depth: number): ByteSink => (depth === 1 ? options.out : this.#out);
    this.#names = new OpenNames(this.#kinds, this.#marks, sinkAt);
    this.#standing = {
      state: VALUE,
      depth: 0,
      inKey: false,
      kinds: this.#kinds,
      marks: this.#marks,
      isSpaced: false,
    };
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
    if (valid < chunk.length) this.#fail('malformed_json', 'The text is not valid UTF-8.', n, NOT_UTF_8);
    this.#consumed += chunk.length;
  }

  /** Ends the text. Throws `malformed_json` if it is not whole. */
  end(): void {
    if (this.#utf8.incomplete) this.#fail('malformed_json', 'The text ends inside a character.', 0);
    const state = this.#state;
    if (this.#depth === 0 && (state === AFTER || state === ZERO || state >= INTEGER)) return;
    const what = this.#consumed === 0 ? 'The text is empty.' : 'The text ends before its value does.';
    this.#fail('malformed_json', what, 0);
  }

  /** Lets the sinks let go of what they have: errors name members by it. To be called between two pushes. */
  keepNames(): void {
    this.#names.keep(this.#depth);
  }

  /** The hot loop. It works on locals, which are put back before anything else looks at the fields. */
  #scan(chunk: Uint8Array): void {
    const n = chunk.length;
    const kinds = this.#kinds;
    const marks = this.#marks;
    const depthMax = this.#options.depthMax;
    let i = 0;
    let run = 0;
    let state = this.#state;
    let depth = this.#depth;
    let inKey = this.#inKey;
    let keySeen = this.#keySeen;
    let routedDepth = this.#routedDepth;
    /** What a position in the chunk has to be added to, to be one in the sink. */
    let sinkOffset = this.#out.length;
    let fault: string | undefined;
    const fast = this.#fastPath(n);
    const { member, uniqueRootMembers } = this.#options;
    /** Above this depth nothing is looked for but faults. */
    let floor = member === undefined && !uniqueRootMembers ? 0 : Number.POSITIVE_INFINITY;
    if (routedDepth >= 0) floor = routedDepth;
    /** From here on the fast path may be tried. */
    let fastFrom = fast ? 0 : n;

    while (i < n) {
      if (i >= fastFrom && depth > floor && state <= STRING) {
        const at = this.#standing;
        at.state = state;
        at.depth = depth;
        at.inKey = inKey;
        const { isSpaced } = at;
        let taken: number;
        if (isSpaced) {
          if (i > run) this.#out.append(chunk, run, i);
          taken = scanSpaced(fast!, chunk, i, n, at, floor, depthMax, this.#out);
          run = i + taken;
          sinkOffset = this.#out.length - run;
        } else {
          taken = scanTight(fast!, chunk, i, n, at, floor, depthMax, sinkOffset);
        }
        i += taken;
        if (taken > 0) {
          ({ state, depth, inKey } = at);
          keySeen = state !== KEY && !(state === STRING && inKey);
        } else if (at.isSpaced === isSpaced) {
          // At fault, or a token too long for it: the loop below gets over it.
          fastFrom = i + PIECE_BYTES;
        }
        if (n - i < FAST_BYTES_MIN) fastFrom = n;
      } else if (state === STRING) {
        while (i < n && PLAIN[chunk[i]!] === 1) i++;
        if (i === n) break;
        const c = chunk[i]!;
        if (c === 0x22) {
          i++;
          if (inKey) {
            inKey = false;
            keySeen = true;
            state = COLON;
          } else state = AFTER;
        } else if (c === 0x5c) {
          i++;
          state = ESCAPE;
        } else {
          fault = 'A control character in a string must be escaped.';
          break;
        }
      } else if (state >= INTEGER) {
        while (i < n && DIGITS[chunk[i]!] === 1) i++;
        if (i === n) break;
        const c = chunk[i]!;
        if (c === 0x2e && state === INTEGER) {
          state = POINT;
          i++;
          continue;
        }
        if ((c | 0x20) === 0x65 && state !== EXPONENT_DIGITS) {
          state = EXPONENT;
          i++;
          continue;
        }
        state = AFTER;
      } else {
        const c = chunk[i]!;
        if (c <= 0x20 && state <= AFTER && isSpace(c)) {
          if (i > run) this.#out.append(chunk, run, i);
          do i++;
          while (i < n && isSpace(chunk[i]!));
          run = i;
          sinkOffset = this.#out.length - run;
          continue;
        }
        if (state === AFTER) {
          const kind = depth === 0 ? NONE : kinds[depth]!;
          if (c === 0x2c && kind !== NONE) {
            i++;
            if (kind === OBJECT) {
              state = KEY;
              keySeen = false;
            } else {
              marks[depth]!++;
              state = VALUE;
            }
            continue;
          }
          if (c !== CLOSERS[kind]) {
            fault = AFTER_FAULTS[kind]!;
            break;
          }
          depth--;
          i++;
        } else if (state === KEY || state === FIRST_KEY) {
          if (c === 0x22) {
            marks[depth] = sinkOffset + i;
            inKey = true;
            keySeen = false;
            state = STRING;
            i++;
            continue;
          }
          if (c !== 0x7d || state === KEY) {
            fault = EXPECTED[state]!;
            break;
          }
          depth--;
          i++;
          state = AFTER;
        } else if (state === COLON) {
          if (c !== 0x3a) {
            fault = EXPECTED[COLON]!;
            break;
          }
          i++;
          state = VALUE;
          if (depth === 1 && routedDepth < 0) {
            this.#out.append(chunk, run, i);
            run = i;
            this.#depth = depth;
            this.#keySeen = keySeen;
            routedDepth = this.#rootMember(i);
            if (routedDepth >= 0) floor = routedDepth;
            sinkOffset = this.#out.length - run;
          }
          continue;
        } else if (state <= FIRST_ELEMENT) {
          if (c === 0x22) state = STRING;
          else if (c === 0x7b || c === 0x5b) {
            if (depth === depthMax) {
              fault = TOO_DEEP;
              break;
            }
            depth++;
            kinds[depth] = c === 0x7b ? OBJECT : ARRAY;
            marks[depth] = c === 0x7b ? -1 : 0;
            state = c === 0x7b ? FIRST_KEY : FIRST_ELEMENT;
          } else if (c >= 0x31 && c <= 0x39) state = INTEGER;
          else if (c === 0x30) state = ZERO;
          else if (c === 0x2d) state = MINUS;
          else if (LITERALS[c] !== undefined) {
            this.#literal = LITERALS[c]!;
            this.#left = 1;
            state = LITERAL;
          } else if (c === 0x5d && state === FIRST_ELEMENT) {
            depth--;
            state = AFTER;
          } else {
            fault = EXPECTED[state]!;
            break;
          }
          i++;
          if (state !== AFTER) continue;
        } else {
          const next = this.#step(state, c);
          if (next < 0) {
            fault = EXPECTED[state]!;
            break;
          }
          // The end of a number is not part of it.
          if (next !== AFTER || state === LITERAL) i++;
          state = next;
          if (state !== AFTER) continue;
        }
      }
      // Here a value has just ended, or its name has.
      if (depth === routedDepth && state === AFTER) {
        run = this.#endRouted(chunk, run, i);
        routedDepth = -1;
        floor = Number.POSITIVE_INFINITY;
        sinkOffset = this.#out.length - run;
      }
    }

    const end = fault === undefined ? n : i;
    if (end > run) this.#out.append(chunk, run, end);
    this.#state = state;
    this.#depth = depth;
    this.#inKey = inKey;
    this.#keySeen = keySeen;
    if (fault === TOO_DEEP)
      this.#fail('json_too_deep', `At most ${depth} arrays and objects may be nested.`, i);
    if (fault !== undefined) this.#fail('malformed_json', fault, i);
  }

  /** The kernel, if it is there and `bytes` are enough for it. */
  #fastPath(bytes: number): Machine | undefined {
    const { kernel, depthMax } = this.#options;
    return bytes < FAST_BYTES_MIN || depthMax > SCAN_DEPTH_MAX ? undefined : kernel?.machine();
  }

  /** The state after one byte of what is rare: escapes, literals, the beginnings of numbers and of their parts. -1: it cannot be. */
  #step(state: number, c: number): number {
    switch (state) {
      case ESCAPE:
        this.#left = 4;
        return c === 0x75 ? HEX : ESCAPES[c] === 1 ? STRING : -1;
      case HEX:
        if (HEX_DIGITS[c] !== 1) return -1;
        return --this.#left === 0 ? STRING : HEX;
      case LITERAL:
        if (c !== this.#literal[this.#left]) return -1;
        return ++this.#left === this.#literal.length ? AFTER : LITERAL;
      case MINUS:
        return c === 0x30 ? ZERO : DIGITS[c] === 1 ? INTEGER : -1;
      case ZERO:
        return c === 0x2e ? POINT : (c | 0x20) === 0x65 ? EXPONENT : AFTER;
      case POINT:
        return DIGITS[c] === 1 ? FRACTION : -1;
      case EXPONENT:
        if (c === 0x2b || c === 0x2d) return EXPONENT_SIGN;
        return DIGITS[c] === 1 ? EXPONENT_DIGITS : -1;
      default:
        return DIGITS[c] === 1 ? EXPONENT_DIGITS : -1;
    }
  }

  /**
   * The name of a root member has ended and its colon is at `offset - 1`: checks it, and routes its value if it is the
   * one. Gives the depth at which a routed value ends, or -1.
   */
  #rootMember(offset: number): number {
    const { out, member, uniqueRootMembers } = this.#options;
    if (member === undefined && !uniqueRootMembers) return -1;
    const raw = Buffer.from(out.slice(this.#marks[1]!, out.length - 1)).toString();
    const name = JSON.parse(raw) as string;
    if (uniqueRootMembers) {
      if (this.#rootNames.has(name)) {
        this.#fail('malformed_json', 'This member is given twice.', offset - 1);
      }
      this.#rootNames.add(name);
    }
    if (member === undefined || name !== member.name) return -1;
    out.append(NULL_BYTES, 0, NULL_BYTES.length);
    this.memberFound = true;
    this.#out = member.out;
    this.#routedDepth = 1;
    return 1;
  }

  #endRouted(chunk: Uint8Array, run: number, end: number): number {
    if (end > run) this.#out.append(chunk, run, end);
    this.#out = this.#options.out;
    this.#routedDepth = -1;
    return end;
  }

  #fail(code: ErrorCode, detail: string, at: number, advice = ''): never {
    const offset = this.#consumed + at;
    const pointer = pointerOf(this.#names.path(this.#depth, this.#keySeen));
    throw new ServiceError(code, `${detail.slice(0, -1)} at byte ${offset}.${advice}`, {
      errors: [{ pointer, detail, offset }],
    });
  }
}

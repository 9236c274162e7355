// Reads JSON from outside: a request body with a state inside, or a text that is a state.

import { createHash } from 'node:crypto';
import { eachSlice, type Slicing } from '../bytes/chunks.ts';
import type { CanonicalText } from '../bytes/text.ts';
import { ServiceError } from '../records/errors.ts';
import { LIMITS } from '../records/limits.ts';
import { ByteOrderMark } from './byte-order-mark.ts';
import { type ByteSink, CountingSink, GrowingSink } from './byte-sink.ts';
import type { Kernel } from './kernel/kernel.ts';
import { JsonScanner } from './scanner.ts';
import { type Packing, type ScannedState, StateSink } from './state-sink.ts';

/** Scanned at once before other requests get their turn: some 3 ms. */
const SLICE_BYTES = 1024 * 1024;
const SCANNED: Readonly<Slicing> = { sliceBytes: SLICE_BYTES, turnBytes: SLICE_BYTES };

export interface ScanBodyOptions {
  /** Name of the root member whose value is a state and goes out as canonical text. */
  stateMember?: string;
  bodyBytesMax: number;
  /** Bound of what stands beside the state. */
  fieldsBytesMax: number;
  /** Bytes to expect (Content-Length), if known. */
  sizeHint?: number;
  /** A long state is packed; `isTextWanted` hears what of the fields has come before it, as JSON text cut off. */
  packing?: Omit<Packing, 'isTextWanted'> & { isTextWanted: (fieldsText: string) => boolean };
}

export interface ScannedBody {
  /** The body, parsed, without the state. */
  fields: unknown;
  /** Its text, with `null` in the state's place. */
  fieldsText: string;
  /** Absent if the body has no such member. */
  state?: ScannedState;
}

/**
 * Reads a request body in one pass, holding the state at most once.
 * Throws ServiceError `malformed_json`, `json_too_deep` or `payload_too_large`.
 */
export async function scanBody(
  kernel: Kernel,
  chunks: AsyncIterable<Uint8Array>,
  options: ScanBodyOptions,
): Promise<ScannedBody> {
  const sizeHint = options.sizeHint ?? 0;
  const fields = new GrowingSink(Math.min(sizeHint, 4096), options.fieldsBytesMax, () => {
    const detail = `Everything beside the state may be at most ${options.fieldsBytesMax} bytes.`;
    throw new ServiceError('payload_too_large', detail);
  });
  const tooLarge = (): never => {
    throw new ServiceError('payload_too_large', `The body may be at most ${options.bodyBytesMax} bytes.`);
  };
  const textOfFields = (): string => Buffer.from(fields.slice(0, fields.length)).toString();
  const { packing, stateMember } = options;
  const sink = new StateSink({
    bytesMax: options.bodyBytesMax,
    onOverflow: tooLarge,
    sizeHint,
    packing: packing && { ...packing, isTextWanted: () => packing.isTextWanted(textOfFields()) },
  });
  const scanner = new JsonScanner({
    depthMax: LIMITS.nestingDepthMax,
    out: fields,
    kernel,
    uniqueRootMembers: true,
    ...(stateMember === undefined ? {} : { member: { name: stateMember, out: sink } }),
  });
  const mark = new ByteOrderMark();
  return abandoned(sink, async () => {
    const scan = (piece: Uint8Array): Promise<void> | undefined => {
      const slice = mark.strip(piece);
      if (scanner.consumed + slice.length > options.bodyBytesMax) tooLarge();
      return scanSlice(scanner, sink, slice);
    };
    await eachSlice(chunks, scan, SCANNED);
    scanner.push(mark.rest());
    scanner.end();
    const fieldsText = textOfFields();
    const parsed: unknown = JSON.parse(fieldsText);
    if (!scanner.memberFound) return { fields: parsed, fieldsText };
    delete (parsed as Record<string, unknown>)[stateMember!];
    return { fields: parsed, fieldsText, state: await sink.finish() };
  });
}

export interface ReadStateOptions {
  bytesMax: number;
  sizeHint: number;
  packing?: Packing;
}

/**
 * Reads a text that is a state, and nothing else, holding it at most once.
 * Throws ServiceError `malformed_json`, `json_too_deep` or `payload_too_large`.
 */
export async function readState(
  kernel: Kernel,
  chunks: AsyncIterable<Uint8Array>,
  { bytesMax, sizeHint, packing }: ReadStateOptions,
): Promise<ScannedState> {
  const onOverflow = (): never => {
    throw new ServiceError('payload_too_large', `A state may be at most ${bytesMax} bytes.`);
  };
  const sink = new StateSink({ bytesMax, onOverflow, sizeHint, packing });
  const scanner = new JsonScanner({ depthMax: LIMITS.nestingDepthMax, out: sink, kernel });
  const mark = new ByteOrderMark();
  return abandoned(sink, async () => {
    await eachSlice(chunks, (slice) => scanSlice(scanner, sink, mark.strip(slice)), SCANNED);
    scanner.push(mark.rest());
    scanner.end();
    return sink.finish();
  });
}

/** Passes a text that is a state on, without white space; nothing of it is held. Throws ServiceError `malformed_json` or `json_too_deep`. */
export async function passState(
  kernel: Kernel,
  chunks: AsyncIterable<Uint8Array>,
  out: ByteSink,
): Promise<void> {
  const scanner = new JsonScanner({ depthMax: LIMITS.nestingDepthMax, out, kernel });
  await eachSlice(chunks, (slice) => scanner.push(slice), SCANNED);
  scanner.end();
}

/** Nothing to wait for as long as the state is text. */
function scanSlice(scanner: JsonScanner, sink: StateSink, slice: Uint8Array): Promise<void> | undefined {
  scanner.push(slice);
  if (sink.isBlockFull) scanner.keepNames();
  return sink.advance();
}

/** What has been packed of a state that turns out to be none is given back. */
async function abandoned<T>(sink: StateSink, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await sink.abandon();
    throw error;
  }
}

/** The canonical text of JSON bytes in memory. Throws ServiceError `malformed_json` or `json_too_deep`. */
export function canonicalText(json: Uint8Array | string, kernel?: Kernel): CanonicalText {
  const bytes = typeof json === 'string' ? Buffer.from(json) : json;
  const out = new GrowingSink(bytes.length, bytes.length, () => {
    throw new RangeError('canonical text is never longer than its source');
  });
  const scanner = new JsonScanner({ depthMax: LIMITS.nestingDepthMax, out, kernel });
  scanner.push(bytes);
  scanner.end();
  const text = out.slice(0, out.length);
  return { bytes: text, checksum: createHash('sha256').update(text).digest('hex') };
}

/**
 * Checks that bytes are canonical text: valid JSON without insignificant white space. Push all of them, then ask for
 * the fault: what is wrong, or undefined.
 */
export class TextCheck {
  readonly #sink = new CountingSink();
  readonly #scanner: JsonScanner;
  #fault: string | undefined;

  constructor(kernel: Kernel) {
    this.#scanner = new JsonScanner({ depthMax: LIMITS.nestingDepthMax, out: this.#sink, kernel });
  }

  /** Takes what comes next; at most a few MiB at once, as nothing else runs meanwhile. */
  push(chunk: Uint8Array): void {
    this.#try(() => this.#scanner.push(chunk));
  }

  finish(): string | undefined {
    this.#try(() => this.#scanner.end());
    if (this.#fault !== undefined) return this.#fault;
    const isShorter = this.#sink.length < this.#scanner.consumed;
    return isShorter ? 'The text has insignificant white space.' : undefined;
  }

  #try(work: () => void): void {
    if (this.#fault !== undefined) return;
    try {
      work();
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      this.#fault = error.message;
    }
  }
}

/** As TextCheck, for a text in memory. Lets other work run between slices. */
export async function findTextFault(
  kernel: Kernel,
  text: Uint8Array | readonly Uint8Array[],
): Promise<string | undefined> {
  const check = new TextCheck(kernel);
  await eachSlice(text instanceof Uint8Array ? [text] : text, (slice) => check.push(slice), SCANNED);
  return check.finish();
}

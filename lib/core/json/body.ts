// Reads JSON from outside: a request body with a state inside, or a text that is a state.

import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ServiceError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { CheckingSink, GrowingSink } from './byte-sink.ts';
import { JsonScanner } from './scanner.ts';
import type { CanonicalText } from './text.ts';

/** Scanned at once before other requests get their turn: some 10 ms. */
const SLICE_BYTES = 4 * 1024 * 1024;

export interface ScanBodyOptions {
  /** Name of the root member whose value is a state and goes out as canonical text. */
  stateMember?: string;
  bodyBytesMax: number;
  /** Bound of what stands beside the state. */
  fieldsBytesMax: number;
  /** Bytes to expect (Content-Length), if known. */
  sizeHint?: number;
}

export interface ScannedBody {
  /** The body, parsed, without the state. */
  fields: unknown;
  /** Its text, with `null` in the state's place. */
  fieldsText: string;
  /** Absent if the body has no such member. */
  state?: CanonicalText;
}

/**
 * Reads a request body in one pass, holding the state once.
 * Throws ServiceError `malformed_json`, `json_too_deep` or `payload_too_large`.
 */
export async function scanBody(
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
  const text = new GrowingSink(sizeHint, options.bodyBytesMax, tooLarge);
  const hash = createHash('sha256');
  const scanner = new JsonScanner({
    depthMax: LIMITS.nestingDepthMax,
    out: fields,
    uniqueRootMembers: true,
    ...(options.stateMember === undefined ? {} : { member: { name: options.stateMember, out: text } }),
  });
  let hashed = 0;
  const feed = (chunk: Uint8Array): void => {
    if (scanner.consumed + chunk.length > options.bodyBytesMax) tooLarge();
    scanner.push(chunk);
    if (text.length > hashed) hash.update(text.slice(hashed, text.length));
    hashed = text.length;
  };
  await eachSlice(chunks, feed);
  scanner.end();
  const fieldsText = Buffer.from(fields.slice(0, fields.length)).toString();
  const parsed: unknown = JSON.parse(fieldsText);
  if (!scanner.memberFound) return { fields: parsed, fieldsText };
  delete (parsed as Record<string, unknown>)[options.stateMember!];
  const state = { bytes: text.slice(0, text.length), checksum: hash.digest('hex') };
  return { fields: parsed, fieldsText, state };
}

/**
 * Reads a text that is a state, and nothing else, holding it once.
 * Throws ServiceError `malformed_json`, `json_too_deep` or `payload_too_large`.
 */
export async function readState(
  chunks: AsyncIterable<Uint8Array>,
  { bytesMax, sizeHint }: { bytesMax: number; sizeHint: number },
): Promise<CanonicalText> {
  const tooLarge = (): never => {
    throw new ServiceError('payload_too_large', `A state may be at most ${bytesMax} bytes.`);
  };
  const out = new GrowingSink(sizeHint, bytesMax, tooLarge);
  const hash = createHash('sha256');
  const scanner = new JsonScanner({ depthMax: LIMITS.nestingDepthMax, out });
  await eachSlice(chunks, (slice) => {
    const before = out.length;
    scanner.push(slice);
    hash.update(out.slice(before, out.length));
  });
  scanner.end();
  return { bytes: out.slice(0, out.length), checksum: hash.digest('hex') };
}

/** The canonical text of JSON bytes in memory. Throws ServiceError `malformed_json` or `json_too_deep`. */
export function canonicalText(json: Uint8Array | string): CanonicalText {
  const bytes = typeof json === 'string' ? Buffer.from(json) : json;
  const out = new GrowingSink(bytes.length, bytes.length, () => {
    throw new RangeError('canonical text is never longer than its source');
  });
  const scanner = new JsonScanner({ depthMax: LIMITS.nestingDepthMax, out });
  scanner.push(bytes);
  scanner.end();
  const text = out.slice(0, out.length);
  return { bytes: text, checksum: createHash('sha256').update(text).digest('hex') };
}

/**
 * Whether the bytes are canonical text: valid JSON without insignificant white space. Resolves with what is wrong,
 * or undefined. Lets other work run between slices.
 */
export async function findTextFault(bytes: Uint8Array): Promise<string | undefined> {
  const sink = new CheckingSink(bytes);
  const scanner = new JsonScanner({ depthMax: LIMITS.nestingDepthMax, out: sink });
  try {
    for (let at = 0; at < bytes.length; at += SLICE_BYTES) {
      if (at > 0) await nextTurn();
      scanner.push(bytes.subarray(at, at + SLICE_BYTES));
    }
    scanner.end();
  } catch (error) {
    if (error instanceof ServiceError) return error.message;
    throw error;
  }
  return sink.length === bytes.length ? undefined : 'The text has insignificant white space.';
}

/** Lets other work run between slices. */
async function eachSlice(
  chunks: AsyncIterable<Uint8Array>,
  take: (slice: Uint8Array) => void,
): Promise<void> {
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; at += SLICE_BYTES) {
      if (at > 0) await nextTurn();
      take(chunk.subarray(at, at + SLICE_BYTES));
    }
  }
}

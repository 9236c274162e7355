// Reads request bodies as they arrive: bounded, counted against the budget, and scanned as text.

import { createHash } from 'node:crypto';
import type { Scratch } from '../../core/bytes/packed.ts';
import { readState, type ScannedBody, scanBody } from '../../core/json/body.ts';
import type { Kernel } from '../../core/json/kernel/kernel.ts';
import { packingOf, type ScannedState } from '../../core/json/state-sink.ts';
import { ServiceError } from '../../core/records/errors.ts';
import { MEMORY_BOUNDS } from '../../core/records/limits.ts';
import type { Reservation } from './budget.ts';
import { type Packing, unpackBody } from './unpack-body.ts';

export interface BodyBounds {
  kernel: Kernel;
  bodyBytesMax: number;
  /** Bound of what stands beside the state. */
  fieldsBytesMax: number;
  stateMember?: string;
  /** By what of the fields has come before it, whether the state has to be held as text. */
  isStateTextWanted?: (fields: unknown) => boolean;
  scratch?: Scratch;
}

/** A body's bytes: a web stream, or what a home reads them from without that detour. */
export type BodyChunks = AsyncIterable<Uint8Array>;

/** Bytes received so far, for the request's log line. */
export interface Received {
  bytesIn: number;
}

/**
 * The scanned body, or undefined if there is none. Throws `payload_too_large` (before reading, if Content-Length says
 * so), `too_many_requests`, `malformed_json` and what the scanner throws; what was read is then dropped.
 */
export async function readBody(
  request: Request,
  bounds: BodyBounds,
  reservation: Reservation,
  meter: Received,
  body: BodyChunks | null = request.body,
): Promise<ScannedBody | undefined> {
  const declared = declaredBytes(request.headers);
  const { bodyBytesMax, fieldsBytesMax, stateMember, isStateTextWanted } = bounds;
  const memory = meteredMemory(reservation, stateMember === undefined ? bodyBytesMax : PACKED_BYTES_MAX);
  const size = { bodyBytesMax, holdsState: stateMember !== undefined };
  if (declared !== undefined) {
    if (declared > bodyBytesMax) throw tooLarge(size);
    memory.foresee(declared);
  }
  if (body === null) return undefined;
  const chunks = received(body, size, memory, meter)[Symbol.asyncIterator]();
  const first = await chunks.next();
  if (first.done === true) return undefined;
  const isTextWanted = (fieldsText: string): boolean => {
    // The fields end with the state's own name and a null in its place.
    const isWanted = isStateTextWanted?.(JSON.parse(`${fieldsText}}`)) === true;
    if (isWanted) memory.unbound();
    return isWanted;
  };
  return scanBody(bounds.kernel, from(first.value, chunks), {
    bodyBytesMax,
    fieldsBytesMax,
    ...(stateMember === undefined
      ? {}
      : { stateMember, packing: { ...packingOf(MEMORY_BOUNDS, bounds.scratch), isTextWanted } }),
    ...(declared === undefined ? {} : { sizeHint: declared }),
  });
}

/**
 * The state that the body is, `packed` or not. Bounded as sent and as unpacked. Throws as `readBody`, `malformed_json` for a
 * body that is empty or not packed as it says, and `invalid_request` for one that has not the digest that it was sent with.
 */
export async function readWholeState(
  request: Request,
  { kernel, bodyBytesMax, scratch }: Pick<BodyBounds, 'kernel' | 'bodyBytesMax' | 'scratch'>,
  {
    isTextWanted,
    packed,
    md5,
  }: { isTextWanted: boolean; packed: Packing | undefined; md5?: string | undefined },
  reservation: Reservation,
  meter: Received,
  body: BodyChunks | null = request.body,
): Promise<ScannedState> {
  const declared = declaredBytes(request.headers);
  const bounds = { bodyBytesMax, holdsState: true };
  const memory = meteredMemory(reservation, PACKED_BYTES_MAX);
  if (isTextWanted) memory.unbound();
  if (declared !== undefined) {
    if (declared > bodyBytesMax) throw tooLarge(bounds);
    memory.foresee(declared);
  }
  if (body === null) throw emptyBody('the state');
  const came = received(body, bounds, memory, meter);
  const sent = md5 === undefined ? came : withDigest(came, md5);
  const chunks = packed === undefined ? sent : counted(unpackBody(sent, packed), bounds, memory);
  return readState(kernel, chunks, {
    bytesMax: bodyBytesMax,
    // What is packed does not say how long it is.
    sizeHint: packed === undefined ? (declared ?? 0) : 0,
    packing: { ...packingOf(MEMORY_BOUNDS, scratch), isTextWanted: () => isTextWanted },
  });
}

/** A fault of transport, not of an attacker: that is what MD5 is good for (RFC 1864). */
async function* withDigest(chunks: AsyncIterable<Uint8Array>, md5: string): AsyncGenerator<Uint8Array> {
  const hash = createHash('md5');
  for await (const chunk of chunks) {
    hash.update(chunk);
    yield chunk;
  }
  if (hash.digest('base64') === md5) return;
  throw new ServiceError('invalid_request', 'The body is not the one that was sent; send it again.', {
    errors: [{ pointer: '/headers/content-md5', detail: 'is not the digest of the body that came' }],
  });
}

/** What comes of a packed body counts like one that was sent so. */
async function* counted(
  chunks: AsyncIterable<Uint8Array>,
  bounds: SizeBound,
  memory: MeteredMemory,
): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > bounds.bodyBytesMax) throw tooLarge(bounds);
    memory.reach(bytes);
    yield chunk;
  }
}

/** What a packed state takes of the memory: what is held of it, and the blocks in work. */
const PACKED_BYTES_MAX = MEMORY_BOUNDS.heldBlobBytesMax + 16 * 1024 * 1024;

/** What a state takes that is held as text, until it turns out to be too long for that. */
const TEXT_BYTES_MAX = MEMORY_BOUNDS.deltaStateBytesMax + PACKED_BYTES_MAX;

/** Memory that the largest body can take. */
export function bodyMemoryBytesMax(bodyBytesMax: number): number {
  return Math.min(bodyBytesMax, TEXT_BYTES_MAX);
}

interface MeteredMemory {
  /** So many bytes of the body have come. Throws `too_many_requests`. */
  reach(bytes: number): void;
  /** So many bytes are announced. Throws `too_many_requests` if there is no room for them now. */
  foresee(bytes: number): void;
  /** The text is held. Throws `too_many_requests`. */
  unbound(): void;
}

function meteredMemory(reservation: Reservation, bytesMax: number): MeteredMemory {
  let reached = 0;
  let bound = bytesMax;
  const reserve = (): void => reservation.reach(Math.min(reached, bound));
  return {
    reach(bytes) {
      reached = Math.max(reached, bytes);
      reserve();
    },
    foresee: (bytes) => reservation.foresee(Math.min(bytes, bound)),
    unbound() {
      bound = TEXT_BYTES_MAX;
      reserve();
    },
  };
}

/** The error for a body that a route needs and did not get. */
export function emptyBody(wanted = 'a JSON object'): ServiceError {
  return new ServiceError('malformed_json', `The body is empty; send ${wanted}.`, {
    errors: [{ pointer: '', detail: 'is empty', offset: 0 }],
  });
}

/** Content-Length, if it can be believed to be one; the bytes themselves are counted either way. */
function declaredBytes(headers: Headers): number | undefined {
  const value = headers.get('content-length');
  return value !== null && /^\d{1,15}$/.test(value) ? Number(value) : undefined;
}

/** The chunks that have bytes, each counted before anyone holds it. */
async function* received(
  body: BodyChunks,
  bounds: SizeBound,
  memory: MeteredMemory,
  meter: Received,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of whole(body)) {
    if (chunk.length === 0) continue;
    meter.bytesIn += chunk.length;
    if (meter.bytesIn > bounds.bodyBytesMax) throw tooLarge(bounds);
    memory.reach(meter.bytesIn);
    yield chunk;
  }
}

/** Tells a body that breaks off from everything else that may go wrong. */
async function* whole(body: BodyChunks): AsyncGenerator<Uint8Array> {
  const chunks = body[Symbol.asyncIterator]();
  let isOver = false;
  try {
    for (;;) {
      const next = await chunks.next().catch((cause: unknown) => {
        isOver = true;
        throw new ServiceError('malformed_json', 'The body broke off before its end.', { cause });
      });
      isOver ||= next.done === true;
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    // Nobody wants the rest: let the sender know, and do not let its own failure hide ours.
    if (!isOver) chunks.return?.()?.catch(() => {});
  }
}

async function* from(
  first: Uint8Array,
  rest: AsyncIterator<Uint8Array> & AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield first;
  yield* rest;
}

/** How many bytes are taken; what holds a state can be split. */
interface SizeBound {
  bodyBytesMax: number;
  holdsState: boolean;
}

function tooLarge({ bodyBytesMax, holdsState }: SizeBound): ServiceError {
  const advice = holdsState
    ? ' Split the state into several smaller resources and back each of them up on its own.'
    : '';
  return new ServiceError(
    'payload_too_large',
    `The body may be at most ${bodyBytesMax} bytes. Nothing was stored.${advice}`,
    { extra: { bodyBytesMax } },
  );
}

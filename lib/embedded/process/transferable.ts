// What of a message between threads can be handed over instead of copied.

import { isMarkedAsUntransferable } from 'node:worker_threads';

/** Node's own pools have buffers of up to 64 KiB; whatever is smaller is copied as soon as it is handed over. */
const HANDED_OVER_BYTES_MIN = 64 * 1024 + 1;

/** The memory of all byte arrays in a message that is theirs to hand over, each once. Looks into arrays and plain objects. */
export function buffersIn(message: unknown): ArrayBuffer[] {
  const found = new Set<ArrayBuffer>();
  eachBytes(message, ({ buffer }) => {
    if (isHandedOver(buffer)) found.add(buffer as ArrayBuffer);
  });
  return [...found];
}

/** The same message; small pieces of memory that is not handed over are copied out of it, so that no pool is sent whole. */
export function ownPieces<T>(message: T): T {
  if (isBytes(message)) return (isHandedOver(message.buffer) ? message : copyOf(message)) as T;
  if (Array.isArray(message)) return message.map(ownPieces) as T;
  if (typeof message === 'object' && message !== null) {
    return Object.fromEntries(Object.entries(message).map(([name, part]) => [name, ownPieces(part)])) as T;
  }
  return message;
}

function isHandedOver(buffer: ArrayBufferLike): boolean {
  return (
    buffer instanceof ArrayBuffer &&
    buffer.byteLength >= HANDED_OVER_BYTES_MIN &&
    !isMarkedAsUntransferable(buffer)
  );
}

type Bytes = Uint8Array | Uint32Array;

/** Whatever kind of bytes they are: a Buffer's own `slice` would copy nothing. */
const copyOf = (bytes: Bytes): Bytes =>
  bytes instanceof Uint8Array ? new Uint8Array(bytes) : new Uint32Array(bytes);

function isBytes(message: unknown): message is Bytes {
  return message instanceof Uint8Array || message instanceof Uint32Array;
}

function eachBytes(message: unknown, visit: (bytes: Bytes) => void): void {
  if (isBytes(message)) visit(message);
  else if (Array.isArray(message)) for (const part of message) eachBytes(part, visit);
  else if (typeof message === 'object' && message !== null) {
    for (const part of Object.values(message)) eachBytes(part, visit);
  }
}

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
  if (message instanceof Uint8Array) {
    return (isHandedOver(message.buffer) ? message : new Uint8Array(message)) as T;
  }
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

function eachBytes(message: unknown, visit: (bytes: Uint8Array) => void): void {
  if (message instanceof Uint8Array) visit(message);
  else if (Array.isArray(message)) for (const part of message) eachBytes(part, visit);
  else if (typeof message === 'object' && message !== null) {
    for (const part of Object.values(message)) eachBytes(part, visit);
  }
}

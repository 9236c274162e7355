// Bytes as a Buffer, without copying them.

/** The same memory as a Buffer, which has memcmp. */
export function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

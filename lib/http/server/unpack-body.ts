// Bodies that come packed: unpacked as they arrive, bounded by whoever reads them.

import { Buffer } from 'node:buffer';
import { Readable } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { ServiceError } from '../../core/records/errors.ts';

/** `Content-Encoding`s that are taken (RFC 9110, 8.4.1; RFC 8878). */
const DECODERS = { gzip: createGunzip, 'x-gzip': createGunzip, zstd: createZstdDecompress } as const;

export type Packing = keyof typeof DECODERS;

/**
 * How a body is packed; undefined if it is not. Throws ServiceError `unsupported_media_type` for what is not taken, and for more
 * than one packing around the other.
 */
export function packingOfBody(headers: Headers): Packing | undefined {
  const named = headers.get('content-encoding')?.trim().toLowerCase() ?? '';
  if (named === '' || named === 'identity') return undefined;
  if (Object.hasOwn(DECODERS, named)) return named as Packing;
  const taken = 'as it is, or with the Content-Encoding gzip or zstd';
  throw new ServiceError('unsupported_media_type', `Send the body ${taken}.`);
}

/** The body's own bytes, in order. Throws ServiceError `malformed_json` if it is not packed so, or not to its end. */
export async function* unpackBody(
  chunks: AsyncIterable<Uint8Array>,
  packing: Packing,
): AsyncGenerator<Uint8Array> {
  const decoder = DECODERS[packing]();
  // Copies, because the stream holds some while the next ones are asked for.
  const source = Readable.from(copies(chunks), { objectMode: false });
  source.once('error', (error) => decoder.destroy(error));
  try {
    for await (const chunk of source.pipe(decoder)) yield chunk as Uint8Array;
  } catch (cause) {
    if (cause instanceof ServiceError) throw cause;
    throw new ServiceError('malformed_json', `The body is not ${packing}, or is cut short.`, { cause });
  } finally {
    source.destroy();
    decoder.destroy();
  }
}

async function* copies(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) yield Buffer.from(chunk);
}

// Applies a stored delta: copies runs of the base and literals, in turn. Nothing is parsed, so nothing can be misread.

import { createHash } from 'node:crypto';
import { bufferOf } from '../../bytes/buffer.ts';
import { ServiceError } from '../../records/errors.ts';
import { type Delta, decodeDelta } from '../stored/decode.ts';
import { findIn } from '../stored/script.ts';
import { addBytes, createPieces, finishPieces } from './pieces.ts';

export interface ApplyOptions {
  /** The caller has proven that the base has the checksum that the delta names; it is not computed again. */
  baseProven?: boolean;
}

/**
 * The target's text in chunks, most of them views of `base`. That it has the checksum the delta names is for the caller
 * to prove. Throws ServiceError `integrity_error` if the delta is not sound or is not one of this base.
 */
export function applyDelta(
  base: Uint8Array,
  deltaText: Uint8Array,
  options: ApplyOptions = {},
): Uint8Array[] {
  const delta = decodeDelta(deltaText);
  const source = checkedBase(base, delta, options);
  const { copyBytes, copyFrom, literalBytes, literals } = delta.resolve(findIn(source));
  const pieces = createPieces();
  let at = 0;
  for (let k = 0; k < literalBytes.length; k++) {
    const end = at + literalBytes[k]!;
    if (end > at) addBytes(pieces, literals, at, end);
    at = end;
    if (k < copyBytes.length) addBytes(pieces, source, copyFrom[k]!, copyFrom[k]! + copyBytes[k]!);
  }
  return finishPieces(pieces);
}

/** The base as a Buffer. Throws ServiceError `integrity_error` unless it is the one that the delta names. */
export function checkedBase(
  base: Uint8Array,
  { header }: Delta,
  { baseProven = false }: ApplyOptions,
): Buffer {
  if (
    base.length !== header.baseBytes ||
    (!baseProven && createHash('sha256').update(base).digest('hex') !== header.base)
  ) {
    throw new ServiceError(
      'integrity_error',
      'A stored delta is not one of the state it was to be applied to.',
    );
  }
  return bufferOf(base);
}

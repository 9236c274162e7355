// Applies a stored delta: copies runs of the base and literals, in turn. Nothing is parsed, so nothing can be misread.

import { createHash } from 'node:crypto';
import { bufferOf } from '../../bytes/buffer.ts';
import { ServiceError } from '../../records/errors.ts';
import { type Delta, decodeDelta } from '../stored/decode.ts';
import { findIn, type Script } from '../stored/script.ts';
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

/** The target's text in one piece of its own memory, and what the delta comes to. As `applyDelta` otherwise. */
export function applyWithScript(
  base: Uint8Array,
  deltaText: Uint8Array,
  options: ApplyOptions = {},
): { text: Buffer; script: Script } {
  const delta = decodeDelta(deltaText);
  const source = checkedBase(base, delta, options);
  const script = delta.resolve(findIn(source));
  const { copyBytes, copyFrom, literalBytes, literals } = script;
  const text = bufferOf(Buffer.allocUnsafeSlow(delta.header.targetBytes));
  let filled = 0;
  let at = 0;
  for (let k = 0; k < literalBytes.length; k++) {
    const end = at + literalBytes[k]!;
    filled += literals.copy(text, filled, at, end);
    at = end;
    if (k < copyBytes.length) filled += source.copy(text, filled, copyFrom[k]!, copyFrom[k]! + copyBytes[k]!);
  }
  // Memory that was not written must never be taken for a state.
  if (filled !== text.length) throw new RangeError('the script gives less than it says');
  return { text, script };
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

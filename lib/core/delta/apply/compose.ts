// Applies a whole chain of stored deltas at once: what each of them copies is looked up in the runs that make up the state
// before it, so that no state between is ever put together. It costs by the copies, and the bytes are copied once.

import { bufferOf } from '../../bytes/buffer.ts';
import { ServiceError } from '../../records/errors.ts';
import { type Delta, decodeDelta } from '../stored/decode.ts';
import type { Script } from '../stored/script.ts';
import { type ApplyOptions, checkedBase } from './apply.ts';
import { addBytes, createPieces, finishPieces } from './pieces.ts';
import { appendPart, appendRun, createRope, findInRope, flatten, type Rope, runsOf } from './rope.ts';

/** With more runs than this a state is put together after all: they would need more memory, and time, than its bytes. */
const RUNS_MAX = 1 << 20;

/**
 * The text at the end of the chain, in chunks, most of them views of `base`. That it has the checksum that the last delta
 * names is for the caller to prove: everything between is bound by the checksums that each delta names of its base and its
 * target, so nothing else can go wrong unseen.
 *
 * @param deltaTexts stored deltas of any format, the one that applies to `base` first; none give `base` back
 * @throws ServiceError `integrity_error` if one is not sound, or is not one of the state before it
 */
export function applyChain(
  base: Uint8Array,
  deltaTexts: readonly Uint8Array[],
  options: ApplyOptions = {},
): Uint8Array[] {
  const composed = beginChain(base);
  for (const text of deltaTexts) composeNext(composed, text, options);
  return textOf(composed);
}

/** Like `applyChain`, in one piece of its own memory. */
export function applyChainToBuffer(
  base: Uint8Array,
  deltaTexts: readonly Uint8Array[],
  options: ApplyOptions = {},
): Uint8Array {
  const composed = beginChain(base);
  for (const text of deltaTexts) composeNext(composed, text, options);
  return flatten(composed.rope);
}

/** A chain that is applied delta by delta. */
export interface Composed {
  /** The state so far. */
  rope: Rope;
  /** The one before it, which lasts until the next delta. */
  before?: Rope;
  delta?: Delta;
}

export function beginChain(base: Uint8Array): Composed {
  return { rope: ropeOf(bufferOf(base)) };
}

/** Goes on by one delta, and gives what it comes to. Throws as `applyChain` does. */
export function composeNext(composed: Composed, deltaText: Uint8Array, options: ApplyOptions = {}): Script {
  const delta = decodeDelta(deltaText);
  if (composed.delta === undefined) checkedBase(composed.rope.sources[0]!, delta, options);
  else checkFollows(composed.delta, delta);
  const { rope } = composed;
  const script = delta.resolve(findInRope({ rope, run: 0 }));
  const next = applied(rope, script, composed.before);
  Object.assign(composed, { before: rope, delta, rope: next.runs > RUNS_MAX ? ropeOf(flatten(next)) : next });
  return script;
}

/** The state so far, in chunks, most of them views of the base. */
export function textOf({ rope }: Composed): Uint8Array[] {
  const pieces = createPieces();
  for (const { source, from, to } of runsOf(rope)) addBytes(pieces, source, from, to);
  return finishPieces(pieces);
}

function ropeOf(text: Buffer): Rope {
  const rope = createRope([text]);
  appendRun(rope, 0, 0, text.length);
  return rope;
}

function checkFollows({ header: before }: Delta, { header }: Delta): void {
  if (header.base !== before.target || header.baseBytes !== before.targetBytes) {
    throw new ServiceError('integrity_error', 'A stored delta is not one of the state before it.');
  }
}

function applied(state: Rope, script: Script, spent: Rope | undefined): Rope {
  const { copyBytes, copyFrom, literalBytes, literals } = script;
  const { sources } = state;
  const literalSource = sources.push(literals) - 1;
  const next = createRope(sources, spent);
  const reader = { rope: state, run: 0 };
  let at = 0;
  for (let k = 0; k < literalBytes.length; k++) {
    appendRun(next, literalSource, at, literalBytes[k]!);
    at += literalBytes[k]!;
    if (k < copyBytes.length) appendPart(next, reader, copyFrom[k]!, copyBytes[k]!);
  }
  return next;
}

// Applies a whole chain of stored deltas at once: what each of them copies is looked up in the runs that make up the state
// before it, so that no state between is ever put together. It costs by the copies, and the bytes are copied once.

import { bufferOf } from '../../bytes/buffer.ts';
import { ServiceError } from '../../records/errors.ts';
import { type Delta, decodeDelta } from '../stored/decode.ts';
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
  const pieces = createPieces();
  for (const { source, from, to } of runsOf(composeChain(base, deltaTexts, options))) {
    addBytes(pieces, source, from, to);
  }
  return finishPieces(pieces);
}

/** Like `applyChain`, in one piece of its own memory. */
export function applyChainToBuffer(
  base: Uint8Array,
  deltaTexts: readonly Uint8Array[],
  options: ApplyOptions = {},
): Uint8Array {
  return flatten(composeChain(base, deltaTexts, options));
}

/** The text at the end of the chain as runs of the base and of literals. Throws as `applyChain` does. */
function composeChain(base: Uint8Array, deltaTexts: readonly Uint8Array[], options: ApplyOptions = {}): Rope {
  const sources = [bufferOf(base)];
  let rope = createRope(sources);
  appendRun(rope, 0, 0, base.length);
  let before: Delta | undefined;
  for (const text of deltaTexts) {
    const delta = decodeDelta(text);
    if (before === undefined) checkedBase(base, delta, options);
    else checkFollows(before, delta);
    rope = applied(rope, delta);
    if (rope.runs > RUNS_MAX) {
      const whole = flatten(rope);
      sources.splice(0, sources.length, whole);
      rope = createRope(sources);
      appendRun(rope, 0, 0, whole.length);
    }
    before = delta;
  }
  return rope;
}

function checkFollows({ header: before }: Delta, { header }: Delta): void {
  if (header.base !== before.target || header.baseBytes !== before.targetBytes) {
    throw new ServiceError('integrity_error', 'A stored delta is not one of the state before it.');
  }
}

function applied(state: Rope, delta: Delta): Rope {
  const { copyBytes, copyFrom, literalBytes, literals } = delta.resolve(findInRope({ rope: state, run: 0 }));
  const { sources } = state;
  const literalSource = sources.push(literals) - 1;
  const next = createRope(sources);
  const reader = { rope: state, run: 0 };
  let at = 0;
  for (let k = 0; k < literalBytes.length; k++) {
    appendRun(next, literalSource, at, literalBytes[k]!);
    at += literalBytes[k]!;
    if (k < copyBytes.length) appendPart(next, reader, copyFrom[k]!, copyBytes[k]!);
  }
  return next;
}

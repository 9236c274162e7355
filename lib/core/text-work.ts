// The work on whole texts that takes its time: plain functions of bytes, so that it can be done in any thread.

import { createHash } from 'node:crypto';
import type { CanonicalText } from './bytes/text.ts';
import { applyDelta } from './delta/apply/apply.ts';
import { applyChainToBuffer } from './delta/apply/compose.ts';
import { compare } from './delta/compare/diff.ts';
import type { Ops } from './delta/compare/ops.ts';
import type { KeyFault } from './delta/compare/row-keys.ts';
import { serveDelta } from './delta/served/serve.ts';
import { encodeDelta } from './delta/stored/encode.ts';
import { type Along, type SightOptions, sightsAlong } from './history/along.ts';
import {
  type DiffOptions,
  type DiffPage,
  diffTexts,
  type KnownOfTexts,
  type NoDiff,
} from './history/diff.ts';
import { rowsGone } from './history/rows-gone.ts';
import { INDEXED_BYTES_MAX, indexText, type TextIndex } from './history/text-index.ts';
import { readTree, type Tree, type TreeOptions } from './history/tree.ts';
import { type HeldSpans, TakesTime } from './history/ways.ts';
import { TextCheck } from './json/body.ts';
import type { Kernel } from './json/kernel/kernel.ts';
import { findValue } from './json/lookup.ts';
import { encodePlaces } from './layout/places.ts';
import { encodeStretches } from './layout/stretches.ts';
import type { ChangeCounts } from './records/model.ts';
import type { RowIdentity } from './records/settings.ts';
import type { TableLoss } from './records/unusual.ts';

export interface MadeDelta {
  counts: ChangeCounts;
  /** Rows that were not told apart by what is said of them, if there are any. */
  keyFaults?: KeyFault[];
  /** The stored delta; absent if it is not worth it, or was not wanted. */
  chunks?: Uint8Array[];
  /** What the target is put together of (`encodeStretches`), of a large one, if that was wanted. */
  sources?: Uint8Array;
}

/** A canonical text, whether or not it has been hashed. */
export type TextBytes = Pick<CanonicalText, 'bytes'>;

/** The same, with where things are in it, once somebody has looked; and of the second of two what they differ by, once they were compared. */
export type IndexedText = TextBytes & { checksum?: string; index?: TextIndex; differences?: Differences };

/** What a text differs by from another: plain data, which goes from thread to thread with it. */
interface Differences {
  /** From which text, where in it, and by what its rows were told apart. */
  from: string;
  ops: Ops;
}

/** More is not kept beside a text. */
const DIFFERENCES_BYTES_MAX = 16 * 1024 * 1024;

/** Shorter texts are read as they are. */
export const INDEXED_FROM_BYTES = 1024 * 1024;

/** A base is bound by its checksum and comes from a blob that has just been opened; the end of the chain is hashed. */
const PROVEN = { baseProven: true } as const;

/** Checked at once; what follows is only looked at if all before is sound. */
const CHECKED_BYTES = 4 * 1024 * 1024;

/** What turns `base` into `target`, in its stored form if that is wanted and pays; then also what its layout says, if that is wanted. */
export function makeDelta(
  kernel: Kernel,
  base: CanonicalText,
  target: CanonicalText,
  isEncoded: boolean,
  identity?: RowIdentity,
  isLaidOut = false,
): MadeDelta {
  const { counts, keyFaults, diff } = compare(
    kernel,
    base,
    target,
    identity === undefined ? {} : { identity },
  );
  const isSought = isLaidOut && isEncoded && target.bytes.length >= INDEXED_FROM_BYTES;
  const sources = isSought && diff !== undefined ? encodeStretches(diff) : undefined;
  return {
    counts,
    ...(keyFaults === undefined ? {} : { keyFaults }),
    ...(diff === undefined ? {} : { chunks: isEncoded ? encodeDelta(diff) : [] }),
    ...(sources === undefined ? {} : { sources }),
  };
}

/**
 * Lower-case hex SHA-256 of what a stored delta makes of a base that has been proven.
 * Throws ServiceError `integrity_error` if the delta is not sound, or is not one of this base.
 */
export function hashOfApplied(base: TextBytes, delta: Uint8Array): string {
  const hash = createHash('sha256');
  for (const chunk of applyDelta(base.bytes, delta, PROVEN)) hash.update(chunk);
  return hash.digest('hex');
}

export interface AppliedChain {
  bytes: Uint8Array;
  /** Lower-case hex SHA-256 of `bytes`. */
  checksum: string;
  /** What is wrong with the structure, if that was asked for and is the case. */
  fault?: string;
}

/** The text at the end of a chain of stored deltas, in one piece. Throws ServiceError `integrity_error`, as `applyChain`. */
export function applyWholeChain(
  kernel: Kernel,
  base: Uint8Array,
  deltas: readonly Uint8Array[],
  isChecked: boolean,
): AppliedChain {
  const bytes = applyChainToBuffer(base, deltas, PROVEN);
  const checksum = createHash('sha256').update(bytes).digest('hex');
  const fault = isChecked ? faultOf(kernel, bytes) : undefined;
  return { bytes, checksum, ...(fault === undefined ? {} : { fault }) };
}

/** The delta as its reader sees it, in chunks that refer to both texts. */
export function servedChunks(
  kernel: Kernel,
  base: CanonicalText,
  target: CanonicalText,
  identity?: RowIdentity,
): Uint8Array[] {
  return serveDelta(kernel, base, target, identity === undefined ? {} : { identity }).chunks;
}

/** Where the value at `tokens` (RFC 6901) lies in a canonical text: [from, to), or undefined if nothing is there. */
export function findSpan(
  { bytes }: TextBytes,
  tokens: readonly string[],
): [from: number, to: number] | undefined {
  const value = findValue(bytes, tokens);
  if (value === undefined) return undefined;
  const from = value.byteOffset - bytes.byteOffset;
  return [from, from + value.length];
}

/** What stands at `steps` in a canonical text, one level deep (`readTree`). */
export function treeAt(
  kernel: Kernel,
  text: IndexedText,
  steps: readonly string[],
  options: TreeOptions,
): Tree | 'nothing' | 'several' {
  // The next look is helped by it; of a text that is seen once it costs about as much as reading it.
  const { bytes, index } = withIndex(kernel, text);
  return readTree(bytes, steps, options, index);
}

/** The same where an earlier look has left what makes it quick; undefined where it would take its time. */
export function quickTreeAt(
  { bytes, index }: IndexedText,
  steps: readonly string[],
  options: TreeOptions,
): Tree | 'nothing' | 'several' | undefined {
  return index === undefined
    ? undefined
    : unlessTakesTime(() => readTree(bytes, steps, options, index, true));
}

function unlessTakesTime<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (error instanceof TakesTime) return undefined;
    throw error;
  }
}

/** A text of which only some parts are there, with its index. */
export type PartText = TextBytes & { index: TextIndex; held: HeldSpans };

/** As `quickTreeAt`, of a text that is not all there. Throws NotHeld. */
export function partTreeAt(
  { bytes, index, held }: PartText,
  steps: readonly string[],
  options: TreeOptions,
): Tree | 'nothing' | 'several' | undefined {
  return unlessTakesTime(() => readTree(bytes, steps, options, index, true, held));
}

/** Where things are in a text, written down (`encodePlaces`); undefined of one that is too long for an index. */
export function placesOf(kernel: Kernel, text: IndexedText): Uint8Array | undefined {
  const { bytes, index } = withIndex(kernel, text);
  return index === undefined ? undefined : encodePlaces(index, bytes);
}

/** What stands at `steps` in each state of a chain (`sightsAlong`). */
export function placeAlong(
  kernel: Kernel,
  base: Uint8Array,
  deltas: readonly Uint8Array[],
  steps: readonly string[],
  options: SightOptions,
): Along {
  return sightsAlong(kernel, base, deltas, steps, options);
}

/** What two canonical texts differ by at `steps` (`diffTexts`). */
export function diffPage(
  kernel: Kernel,
  base: IndexedText,
  target: IndexedText,
  steps: readonly string[],
  options: DiffOptions,
): DiffPage | NoDiff {
  // Only entries are told by what their rows are called.
  if (options.format === 'entries') for (const text of [base, target]) withIndex(kernel, text);
  const from = base.checksum && JSON.stringify([base.checksum, steps, options.identity]);
  const known: KnownOfTexts = {
    ...(base.index === undefined ? {} : { base: base.index }),
    ...(target.index === undefined ? {} : { target: target.index }),
    ...(from === undefined || target.differences?.from !== from ? {} : { ops: target.differences.ops }),
  };
  const page = diffTexts(kernel, base.bytes, target.bytes, steps, options, known);
  const { ops } = known;
  if (from !== undefined && ops !== undefined && bytesOf(ops) <= DIFFERENCES_BYTES_MAX) {
    target.differences = { from, ops };
  }
  return page;
}

function bytesOf({ ops, places }: Ops): number {
  return ops.data.byteLength + places.data.byteLength;
}

/** The text with its index, which is made now if it is worth one and has none. */
function withIndex(kernel: Kernel, text: IndexedText): IndexedText {
  const { length } = text.bytes;
  if (length >= INDEXED_FROM_BYTES && length <= INDEXED_BYTES_MAX)
    text.index ??= indexText(kernel, text.bytes);
  return text;
}

/** Which rows of one canonical text another has not (`rowsGone`). */
export function lossesOf(
  kernel: Kernel,
  base: TextBytes,
  target: TextBytes,
  identity?: RowIdentity,
): TableLoss[] | undefined {
  return rowsGone(kernel, base.bytes, target.bytes, identity);
}

function faultOf(kernel: Kernel, text: Uint8Array): string | undefined {
  const check = new TextCheck(kernel);
  for (let at = 0; at < text.length; at += CHECKED_BYTES) check.push(text.subarray(at, at + CHECKED_BYTES));
  return check.finish();
}

// The work on whole texts, as the use cases ask for it: in this thread, or in a home's others.

import { totalBytes } from '../core/bytes/chunks.ts';
import { sha256Of } from '../core/bytes/sha256.ts';
import type { CanonicalText } from '../core/bytes/text.ts';
import { applyChain } from '../core/delta/apply/compose.ts';
import type { Along, SightOptions } from '../core/history/along.ts';
import type { DiffOptions, DiffPage, NoDiff } from '../core/history/diff.ts';
import type { TreeOptions } from '../core/history/tree.ts';
import { findTextFault } from '../core/json/body.ts';
import type { Kernel } from '../core/json/kernel/kernel.ts';
import type { RowIdentity } from '../core/records/settings.ts';
import type { TableLoss } from '../core/records/unusual.ts';
import {
  diffPage,
  findSpan,
  hashOfApplied,
  type IndexedText,
  lossesOf,
  type MadeDelta,
  makeDelta,
  placeAlong,
  placesOf,
  servedChunks,
  type TextBytes,
  treeAt,
} from '../core/text-work.ts';

/**
 * While a call is under way the texts given to it may be elsewhere: nobody may look at their bytes until it has settled.
 * Then they are back, unless it says that they are not. Faults are those of the functions in `core/text-work.ts`.
 */
export interface TextWork {
  /** Work on texts of so many bytes is about to come: what that takes a while to make may be made meanwhile. */
  expect(bytes: number): void;
  makeDelta(
    base: CanonicalText,
    target: CanonicalText,
    isEncoded: boolean,
    identity?: RowIdentity,
    isLaidOut?: boolean,
  ): Promise<MadeDelta>;
  hashOfApplied(base: TextBytes, delta: Uint8Array): Promise<string>;
  /** `base` and `deltas` do not come back. */
  applyChain(base: Uint8Array, deltas: Uint8Array[], isChecked: boolean): Promise<AppliedChunks>;
  /** The texts come back only in what the chunks refer to. */
  servedChunks(base: CanonicalText, target: CanonicalText, identity?: RowIdentity): Promise<Uint8Array[]>;
  treeAt(
    text: IndexedText,
    steps: readonly string[],
    options: TreeOptions,
  ): Promise<ReturnType<typeof treeAt>>;
  placesOf(text: IndexedText): Promise<Uint8Array | undefined>;
  /** `base` and `deltas` do not come back. */
  placeAlong(
    base: Uint8Array,
    deltas: readonly Uint8Array[],
    steps: readonly string[],
    options: SightOptions,
  ): Promise<Along>;
  diffPage(
    base: IndexedText,
    target: IndexedText,
    steps: readonly string[],
    options: DiffOptions,
  ): Promise<DiffPage | NoDiff>;
  /** Undefined where rows cannot be told apart: there are too many values. */
  rowsGone(base: TextBytes, target: TextBytes, identity?: RowIdentity): Promise<TableLoss[] | undefined>;
  findSpan(text: TextBytes, tokens: readonly string[]): Promise<[from: number, to: number] | undefined>;
}

export interface AppliedChunks {
  bytes: number;
  chunks: Uint8Array[];
  checksum: string;
  fault?: string;
}

/** Does it here and now; what can be cut into slices lets others have their turn. */
export function inThisThread(kernel: Kernel): TextWork {
  return {
    expect: () => {},
    makeDelta: async (...asked) => makeDelta(kernel, ...asked),
    hashOfApplied: async (base, delta) => hashOfApplied(base, delta),
    async applyChain(base, deltas, isChecked) {
      const chunks = applyChain(base, deltas, { baseProven: true });
      const checksum = await sha256Of(chunks);
      const fault = isChecked ? await findTextFault(kernel, chunks) : undefined;
      return { bytes: totalBytes(chunks), chunks, checksum, ...(fault === undefined ? {} : { fault }) };
    },
    servedChunks: async (...asked) => servedChunks(kernel, ...asked),
    placeAlong: async (...asked) => placeAlong(kernel, ...asked),
    diffPage: async (...asked) => diffPage(kernel, ...asked),
    treeAt: async (...asked) => treeAt(kernel, ...asked),
    placesOf: async (text) => placesOf(kernel, text),
    rowsGone: async (...asked) => lossesOf(kernel, ...asked),
    findSpan: async (text, tokens) => findSpan(text, tokens),
  };
}

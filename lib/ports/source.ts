// Where states come from, and what they are put back into.

import type { SourceSpec } from '../core/records/source.ts';

/** Every kind of source that a home has. */
export interface Sources {
  /**
   * Loads what the source is read with, reaches for nothing yet, and reads no secret. Throws PortError `denied` for a source that this home does not
   * open: a kind that it has not, an address that it may not reach, a folder that is not let in.
   */
  open(spec: SourceSpec): Promise<Source>;
}

/**
 * One source. Every call is by itself: nothing stays open between two of them, and secrets are read anew. All throw PortError: `not_found` (no such host,
 * database, file), `denied` (credentials, rights), `unavailable` (later may do), `integrity` (what came is no JSON, or broke off), and what the signal
 * was aborted with. Messages name the place and never a secret.
 */
export interface Source {
  /** Whether it can be read, without reading it. */
  check(signal: AbortSignal): Promise<SourceCheck>;
  /**
   * The state, begun. `knownMark` is the mark of an earlier reading: `unchanged` if the source still has that, which costs next to nothing.
   */
  read(signal: AbortSignal, knownMark?: string): Promise<Reading | 'unchanged'>;
  /** What it is put back into; a source that can only be read has none. */
  readonly target?: Target;
}

export interface SourceCheck {
  /** What answered, for a person: `PostgreSQL 15.18, database shop, 12 tables`. */
  detail: string;
  warnings: string[];
}

/** A state on its way. Whoever has it takes its chunks, to the end or until `return`, or aborts the signal: what it holds open is let go by that. */
export interface Reading {
  /** JSON text, once. A failure on the way is thrown: half a state never ends as a whole one. */
  chunks: AsyncIterable<Uint8Array>;
  /** What tells this state from others without reading it (an ETag, a version); only where that is sure. */
  mark?: string;
  /** What is not in the state, or not of the same instant. */
  warnings: string[];
}

/** A state that is put back, as its keeper gives it. */
export interface GivenState {
  /** All of it as JSON text, from the beginning at each call. */
  chunks(): AsyncIterable<Uint8Array>;
  /** What stands at a JSON Pointer, as text; undefined if nothing does. Taken for small parts alone. */
  part(pointer: string): Promise<Uint8Array | undefined>;
}

/** Of rows, items, files: which are touched. One alone does nothing to the others. */
export interface RestoreModes {
  /** What is missing is made. */
  create: boolean;
  /** What differs is made as it was. */
  update: boolean;
  /** What is there and was not is removed. */
  delete: boolean;
}

export interface RestoreOptions {
  /** A JSON Pointer: that part of the state alone. All of it without. */
  path?: string;
  modes: RestoreModes;
  /** Tables and columns that the target has not are left out; else nothing is done while some are missing. */
  skipMissing?: boolean;
}

export interface Target {
  /** What a restore would do now. Writes nothing. Throws PortError `integrity` for a state that this target does not understand. */
  plan(state: GivenState, options: RestoreOptions, signal: AbortSignal): Promise<RestorePlan>;
  /**
   * Does it, whole or not at all where the target has transactions. Resolves once it is durable and was compared with the state. Throws PortError
   * `conflict` where something is missing or the target refuses it (a constraint, a lock), with its reason.
   */
  restore(state: GivenState, options: RestoreOptions, signal: AbortSignal): Promise<RestoreOutcome>;
  /**
   * Both, for one reading of the state, where nobody has to think in between: `agree` hears the plan and says whether it is done. Nothing is locked
   * before that. Undefined if it is not. Absent where a plan costs nothing that a restore could spare.
   */
  planAndRestore?(
    state: GivenState,
    options: RestoreOptions,
    agree: (plan: RestorePlan) => Promise<boolean>,
    signal: AbortSignal,
  ): Promise<RestoreOutcome | undefined>;
}

/** Of a table, a file: what is made, changed, removed; and what is the same already. */
export interface PlannedPart {
  name: string;
  insert: number;
  update: number;
  delete: number;
  same: number;
}

export interface RestorePlan {
  /** Parts that differ or are to be looked at; one with nothing to do stands there, too. */
  parts: PlannedPart[];
  /** Of the state, not in the target: `public.orders`, `public.orders.price`. A restore refuses unless it is told to skip them. */
  missing: string[];
  /** What will be so afterwards and a person would not expect. */
  warnings: string[];
  /** Whether the target will have all that was asked for, value by value as in the state. */
  isExact: boolean;
}

export interface RestoreOutcome {
  /** As it was done. */
  parts: PlannedPart[];
  warnings: string[];
  /** Whether it was compared afterwards, and was the same. */
  isExact: boolean;
}

// Reads a stored delta. Everything that applying it relies on is checked here, so that applying it is only copying.

import { ServiceError } from '../errors.ts';
import type { ChangeCounts } from '../model.ts';
import { DELTA_FORMAT } from './encode.ts';
import { bufferOf } from './pair.ts';

/** What a delta says of itself. Checksums are lower-case hex SHA-256 of the whole texts. */
export interface DeltaHeader {
  base: string;
  baseBytes: number;
  target: string;
  targetBytes: number;
  counts: ChangeCounts;
}

export interface Delta {
  header: DeltaHeader;
  /** Bytes of each copy, and its offset in the base. */
  copyBytes: readonly number[];
  copyFrom: Float64Array;
  /** Bytes of the literal before each copy, and behind the last. */
  literalBytes: readonly number[];
  literals: Buffer;
}

const LF = 0x0a;
const CHECKSUM = /^[0-9a-f]{64}$/;
const MEMBERS = ['delta', 'base', 'baseBytes', 'target', 'targetBytes', 'changes', 'copy', 'literal', 'from'];
const COUNTS = ['additions', 'changes', 'deletions', 'moves'];

/** Throws ServiceError `integrity_error` if the text is not a whole and sound delta of the format that we write. */
export function decodeDelta(text: Uint8Array): Delta {
  const bytes = bufferOf(text);
  const lineEnd = bytes.indexOf(LF);
  const line = membersOf(parse(bytes, lineEnd), MEMBERS);
  if (line.delta !== DELTA_FORMAT) throw unsound('is of another format');
  const header: DeltaHeader = {
    base: checksum(line.base),
    baseBytes: size(line.baseBytes),
    target: checksum(line.target),
    targetBytes: size(line.targetBytes),
    counts: countsOf(line.changes),
  };
  const copyBytes = numbers(line.copy, 1);
  const literalBytes = numbers(line.literal, 0);
  const from = numbers(line.from, -Number.MAX_SAFE_INTEGER);
  if (literalBytes.length !== copyBytes.length + 1 || from.length !== copyBytes.length) {
    throw unsound('has columns of different lengths');
  }
  const literals = bytes.subarray(lineEnd + 1);
  const literalSum = sum(literalBytes);
  if (literalSum !== literals.length) throw unsound('does not have as many literals as it says');
  if (literalSum + sum(copyBytes) !== header.targetBytes)
    throw unsound('does not give as many bytes as it says');
  const copyFrom = offsets(copyBytes, from, header.baseBytes);
  return { header, copyBytes, copyFrom, literalBytes, literals };
}

/** Where the copies begin; `from` counts from the end of the copy before. */
function offsets(copyBytes: readonly number[], from: readonly number[], baseBytes: number): Float64Array {
  const starts = new Float64Array(copyBytes.length);
  let end = 0;
  for (let k = 0; k < starts.length; k++) {
    const start = end + from[k]!;
    end = start + copyBytes[k]!;
    if (!(start >= 0 && end <= baseBytes)) throw unsound('copies from outside its base');
    starts[k] = start;
  }
  return starts;
}

function unsound(what: string, cause?: unknown): ServiceError {
  return new ServiceError('integrity_error', `A stored delta ${what}.`, { cause });
}

function parse(bytes: Buffer, lineEnd: number): unknown {
  try {
    return JSON.parse(bytes.toString('latin1', 0, Math.max(0, lineEnd)));
  } catch (error) {
    throw unsound('cannot be read', error);
  }
}

function membersOf(value: unknown, names: readonly string[]): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Object.keys(value).join() !== names.join()) {
    throw unsound('does not have the members it should');
  }
  return value as Record<string, unknown>;
}

function checksum(value: unknown): string {
  if (typeof value !== 'string' || !CHECKSUM.test(value)) throw unsound('has no checksum');
  return value;
}

function size(value: unknown): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw unsound('has a size that is none');
  return value as number;
}

function countsOf(value: unknown): ChangeCounts {
  const counts = membersOf(value, COUNTS);
  return {
    additions: size(counts.additions),
    changes: size(counts.changes),
    deletions: size(counts.deletions),
    moves: size(counts.moves),
  };
}

function numbers(value: unknown, least: number): readonly number[] {
  if (!Array.isArray(value)) throw unsound('lacks a column');
  for (const number of value) {
    if (!Number.isSafeInteger(number) || number < least) throw unsound('has a number that cannot be');
  }
  return value;
}

function sum(values: readonly number[]): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

// Reads a stored delta of format 1: a line of JSON and the literals. No longer written, readable for ever.

import type { ChangeCounts } from '../../records/model.ts';
import type { DeltaHeader, Script } from './script.ts';
import { unsound } from './sections.ts';

const LF = 0x0a;
const CHECKSUM = /^[0-9a-f]{64}$/;
const MEMBERS: readonly string[] = [
  'delta',
  'base',
  'baseBytes',
  'target',
  'targetBytes',
  'changes',
  'copy',
  'literal',
  'from',
];
const COUNTS: readonly string[] = ['additions', 'changes', 'deletions', 'moves'];

/** Throws ServiceError `integrity_error` if it is not of this format. That the script is sound is yet to be checked. */
export function decodeDelta1(bytes: Buffer): { header: DeltaHeader; script: Script } {
  const lineEnd = bytes.indexOf(LF);
  const line = membersOf(parse(bytes, lineEnd), MEMBERS);
  if (line.delta !== 1) throw unsound('is of another format');
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
  if (from.length !== copyBytes.length) throw unsound('has columns of different lengths');
  const literals = bytes.subarray(lineEnd + 1);
  return { header, script: { copyBytes, copyFrom: offsets(copyBytes, from), literalBytes, literals } };
}

/** Where the copies begin; `from` counts from the end of the copy before. */
function offsets(copyBytes: Float64Array, from: Float64Array): Float64Array {
  const starts = new Float64Array(copyBytes.length);
  let end = 0;
  for (let k = 0; k < starts.length; k++) {
    starts[k] = end + from[k]!;
    end = starts[k]! + copyBytes[k]!;
  }
  return starts;
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

function numbers(value: unknown, least: number): Float64Array {
  if (!Array.isArray(value)) throw unsound('lacks a column');
  for (const number of value) {
    if (!Number.isSafeInteger(number) || number < least) throw unsound('has a number that cannot be');
  }
  return Float64Array.from(value);
}

// The stored form of a delta, format 2: what to copy, in columns of like numbers, and the literals.

import { bufferOf } from '../../bytes/buffer.ts';
import { COPY_COLUMNS, type Diff } from '../difference.ts';
import { writeCopies } from './columns.ts';
import { writeLiterals } from './literals.ts';
import { writeNumbers } from './numbers.ts';
import { DELTA_FORMAT } from './script.ts';
import { type SectionWriter, writeNumber } from './sections.ts';

/** Chunks shorter than this are put together. */
const CHUNK_BYTES_MIN = 64 * 1024;

/** The delta as chunks of bytes, to be gzipped; docs/formats.md says what they are. */
export function encodeDelta({ base, target, counts, copies, isDetour }: Diff): Uint8Array[] {
  const source = bufferOf(base.bytes);
  const text = bufferOf(target.bytes);
  const { lengths, literals } = literalsOf(copies, text);
  const writer: SectionWriter = { parts: [] };
  writer.parts.push(Uint8Array.of(DELTA_FORMAT), hashOf(base.checksum), hashOf(target.checksum));
  const { additions, changes, deletions, moves } = counts;
  for (const size of [source.length, text.length, additions, changes, deletions, moves]) {
    writeNumber(writer, size);
  }
  writeCopies(writer, source, copies, isDetour);
  writeNumbers(writer, lengths);
  writeLiterals(writer, lengths, literals);
  return chunksOf(writer.parts);
}

function hashOf(checksum: string): Buffer {
  return Buffer.from(checksum, 'hex');
}

function literalsOf(copies: Uint32Array, target: Buffer): { lengths: Float64Array; literals: Buffer } {
  const lengths = new Float64Array(copies.length / COPY_COLUMNS + 1);
  let literalBytes = target.length;
  for (let k = 0; k < copies.length; k += COPY_COLUMNS) literalBytes -= copies[k + 2]!;
  const literals = Buffer.allocUnsafeSlow(literalBytes);
  let at = 0;
  let filled = 0;
  lengths.forEach((_, k) => {
    const isLast = k * COPY_COLUMNS === copies.length;
    const end = isLast ? target.length : copies[k * COPY_COLUMNS + 1]!;
    lengths[k] = end - at;
    filled += target.copy(literals, filled, at, end);
    if (!isLast) at = end + copies[k * COPY_COLUMNS + 2]!;
  });
  return { lengths, literals };
}

function chunksOf(parts: readonly Uint8Array[]): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  let small: Uint8Array[] = [];
  for (const part of parts) {
    if (part.length < CHUNK_BYTES_MIN) {
      small.push(part);
      continue;
    }
    chunks.push(Buffer.concat(small), part);
    small = [];
  }
  return [...chunks, Buffer.concat(small)];
}

// The copies of a stored delta as columns. Most copies are in line: each goes on in the base a little behind the end of
// the one before it. A detour takes something from elsewhere, and the next copy in line goes on as if it had not been.

import { COPY_COLUMNS } from '../difference.ts';
import { ANCHOR_BYTES, type Anchor, chooseAnchors, lengthAfter, SHIFT_MAX, stepsTo } from './anchors.ts';
import { fromSigned, readNumbers, toSigned, writeNumbers } from './numbers.ts';
import { type Find, findIn } from './script.ts';
import {
  pack,
  readBytes,
  readNumber,
  readSection,
  type SectionReader,
  type SectionWriter,
  unsound,
  writeNumber,
  writeSection,
} from './sections.ts';

// Kinds of copies.
/** In line; its length is given. */
const IN_LINE = 0;
/** Begins so far from where the last detour ended. */
const DETOUR = 1;
/** Begins so far from where the last copy in line ended. */
const DETOUR_NEARBY = 2;
/** In line, and ends with the anchor that has this number less ANCHORED. */
const ANCHORED = 3;

const KINDS = 256;
const ANCHOR_BYTES_MAX = 64;

/** Appends anchors, the number of copies, their kinds, and six columns of numbers. */
export function writeCopies(
  writer: SectionWriter,
  base: Buffer,
  copies: Uint32Array,
  isDetour: Uint8Array,
): void {
  const count = copies.length / COPY_COLUMNS;
  const kinds = new Uint8Array(count);
  const skips: number[] = [];
  const inLine = { starts: [] as number[], lengths: [] as number[] };
  const detours: number[] = [];
  const nearby: number[] = [];
  const detourBytes: number[] = [];
  let at = 0;
  let detourEnd = 0;
  for (let k = 0; k < count; k++) {
    const start = copies[k * COPY_COLUMNS]!;
    const length = copies[k * COPY_COLUMNS + 2]!;
    if (isDetour[k] === 1) {
      const isNearby = Math.abs(start - at) < Math.abs(start - detourEnd);
      kinds[k] = isNearby ? DETOUR_NEARBY : DETOUR;
      if (isNearby) nearby.push(fromSigned(start - at));
      else detours.push(fromSigned(start - detourEnd));
      detourBytes.push(length);
      detourEnd = start + length;
      continue;
    }
    skips.push(fromSigned(start - at));
    inLine.starts.push(start);
    inLine.lengths.push(length);
    at = start + length;
  }
  const anchors = chooseAnchors(base, inLine);
  const byEnd = new Map(anchors.map((anchor, k) => [anchor.bytes.toString('latin1'), k]));
  const lengths: number[] = [];
  const steps: number[] = [];
  const find = findIn(base);
  for (let k = 0, j = 0; k < count; k++) {
    if (isDetour[k] !== 0) continue;
    const start = inLine.starts[j]!;
    const length = inLine.lengths[j++]!;
    const end = start + length;
    const named =
      anchors.length > 0
        ? byEnd.get(base.toString('latin1', Math.max(0, end - ANCHOR_BYTES), end))
        : undefined;
    const found = named === undefined ? -1 : stepsTo(find, anchors[named]!, start, length);
    if (found < 0) {
      lengths.push(length);
    } else {
      kinds[k] = ANCHORED + named!;
      steps.push(found);
    }
  }
  writeNumber(writer, anchors.length);
  for (const { bytes, shift } of anchors) writer.parts.push(Uint8Array.of(shift, bytes.length), bytes);
  writeNumber(writer, count);
  writeSection(writer, pack(kinds));
  for (const column of [skips, lengths, steps, detours, nearby, detourBytes]) writeNumbers(writer, column);
}

/** The columns as they are stored: nothing is known yet of where copies begin and end. */
export interface Columns {
  anchors: Anchor[];
  kinds: Buffer;
  skips: Float64Array;
  lengths: Float64Array;
  steps: Float64Array;
  detours: Float64Array;
  nearby: Float64Array;
  detourBytes: Float64Array;
}

/** Throws ServiceError `integrity_error`. */
export function readColumns(reader: SectionReader): Columns {
  const anchors: Anchor[] = [];
  const anchorCount = readNumber(reader);
  if (anchorCount > KINDS - ANCHORED) throw unsound('has too many anchors');
  for (let k = 0; k < anchorCount; k++) {
    const [shift, length] = readBytes(reader, 2) as unknown as [number, number];
    if (shift > SHIFT_MAX || length === 0 || length > ANCHOR_BYTES_MAX)
      throw unsound('has an anchor that cannot be');
    anchors.push({ shift, bytes: readBytes(reader, length) });
  }
  const kinds = readSection(reader, readNumber(reader));
  let far = 0;
  let near = 0;
  let anchored = 0;
  for (const kind of kinds) {
    if (kind >= ANCHORED + anchorCount) throw unsound('has a copy of an unknown kind');
    if (kind === DETOUR) far++;
    else if (kind === DETOUR_NEARBY) near++;
    else if (kind >= ANCHORED) anchored++;
  }
  const inLine = kinds.length - far - near;
  return {
    anchors,
    kinds,
    skips: readNumbers(reader, inLine),
    lengths: readNumbers(reader, inLine - anchored),
    steps: readNumbers(reader, anchored),
    detours: readNumbers(reader, far),
    nearby: readNumbers(reader, near),
    detourBytes: readNumbers(reader, far + near),
  };
}

/** Where the copies begin, and their bytes, in a base of `baseBytes`. Throws ServiceError `integrity_error`. */
export function resolveCopies(
  { anchors, kinds, skips, lengths, steps, detours, nearby, detourBytes }: Columns,
  baseBytes: number,
  find: Find,
): { copyFrom: Float64Array; copyBytes: Float64Array } {
  const copyFrom = new Float64Array(kinds.length);
  const copyBytes = new Float64Array(kinds.length);
  // Where the last copy in line ended, and the last detour.
  let at = 0;
  let detourEnd = 0;
  let far = 0;
  let near = 0;
  let inLine = 0;
  let anchored = 0;
  for (let k = 0; k < kinds.length; k++) {
    const kind = kinds[k]!;
    let start: number;
    let length: number;
    if (kind === DETOUR || kind === DETOUR_NEARBY) {
      length = detourBytes[far + near]!;
      start = kind === DETOUR ? detourEnd + toSigned(detours[far++]!) : at + toSigned(nearby[near++]!);
      detourEnd = start + length;
    } else {
      start = at + toSigned(skips[inLine]!);
      // Nothing may be looked for outside the base.
      if (!(start >= 0 && start <= baseBytes)) throw unsound('copies from outside its base');
      length =
        kind === IN_LINE
          ? lengths[inLine - anchored]!
          : lengthAfter(find, anchors[kind - ANCHORED]!, start, steps[anchored++]!);
      inLine++;
      at = start + length;
    }
    if (!(start >= 0 && length >= 1 && start + length <= baseBytes)) {
      throw unsound('copies from outside its base');
    }
    copyFrom[k] = start;
    copyBytes[k] = length;
  }
  return { copyFrom, copyBytes };
}

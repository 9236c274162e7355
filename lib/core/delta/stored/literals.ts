// The literals of a stored delta. Short ones are mostly values of one kind, like amounts or times: those of one length
// stand together, character by character, so that what is alike in all of them costs next to nothing.

import {
  pack,
  packedBytes,
  readNumber,
  readSection,
  type SectionReader,
  type SectionWriter,
  unsound,
  writeNumber,
  writeSection,
} from './sections.ts';

/** Longer literals are texts rather than values. */
const SHORT_BYTES_MAX = 32;
/** Up to here both orders are tried. */
const TRIED_BYTES_MAX = 256 * 1024;

const AS_THEY_COME = 0;
const SHORT_BY_CHARACTER = 1;

/** Appends literals of these lengths, which stand one after the other in `literals`. */
export function writeLiterals(writer: SectionWriter, lengths: ArrayLike<number>, literals: Uint8Array): void {
  const plain = pack(literals);
  const { shortBytes } = measure(lengths);
  if (shortBytes > 0 && literals.length <= TRIED_BYTES_MAX) {
    const short = Buffer.alloc(shortBytes);
    const long = Buffer.alloc(literals.length - shortBytes);
    eachLiteral(lengths, (literalAt, shortAt, step, longAt, length) => {
      if (step === 0) long.set(literals.subarray(literalAt, literalAt + length), longAt);
      else for (let k = 0; k < length; k++) short[shortAt + k * step] = literals[literalAt + k]!;
    });
    const sections = [pack(short), pack(long)];
    if (packedBytes(sections[0]!) + packedBytes(sections[1]!) + 4 < packedBytes(plain)) {
      writeNumber(writer, SHORT_BY_CHARACTER);
      for (const section of sections) writeSection(writer, section);
      return;
    }
  }
  writeNumber(writer, AS_THEY_COME);
  writeSection(writer, plain);
}

/** The literals, one after the other. Throws ServiceError `integrity_error` if they have not the lengths they should. */
export function readLiterals(reader: SectionReader, lengths: Float64Array): Buffer {
  const order = readNumber(reader);
  const { allBytes, shortBytes } = measure(lengths);
  if (order === AS_THEY_COME) return readSection(reader, allBytes);
  if (order !== SHORT_BY_CHARACTER) throw unsound('has literals in an unknown order');
  const short = readSection(reader, shortBytes);
  const long = readSection(reader, allBytes - shortBytes);
  const literals = Buffer.allocUnsafeSlow(allBytes);
  eachLiteral(lengths, (literalAt, shortAt, step, longAt, length) => {
    if (step === 0) literals.set(long.subarray(longAt, longAt + length), literalAt);
    else for (let k = 0; k < length; k++) literals[literalAt + k] = short[shortAt + k * step]!;
  });
  return literals;
}

function measure(lengths: ArrayLike<number>): { allBytes: number; shortBytes: number } {
  let allBytes = 0;
  let shortBytes = 0;
  for (let k = 0; k < lengths.length; k++) {
    const length = lengths[k]!;
    allBytes += length;
    if (length <= SHORT_BYTES_MAX) shortBytes += length;
  }
  return { allBytes, shortBytes };
}

/**
 * Tells of each literal where it stands among all, and where among the short ones its first character stands and how far
 * apart the following ones are, or, with a step of 0, where it stands among the long ones.
 */
function eachLiteral(
  lengths: ArrayLike<number>,
  visit: (literalAt: number, shortAt: number, step: number, longAt: number, length: number) => void,
): void {
  const counts = new Float64Array(SHORT_BYTES_MAX + 1);
  for (let k = 0; k < lengths.length; k++) if (lengths[k]! <= SHORT_BYTES_MAX) counts[lengths[k]!]!++;
  const next = new Float64Array(SHORT_BYTES_MAX + 1);
  for (let length = 1; length <= SHORT_BYTES_MAX; length++) {
    next[length] = next[length - 1]! + (length - 1) * counts[length - 1]!;
  }
  // A group begins where the one before it ends; `next` moves on by one character for each of its literals.
  let literalAt = 0;
  let longAt = 0;
  for (let k = 0; k < lengths.length; k++) {
    const length = lengths[k]!;
    if (length > SHORT_BYTES_MAX) {
      visit(literalAt, 0, 0, longAt, length);
      longAt += length;
    } else if (length > 0) {
      visit(literalAt, next[length]!++, counts[length]!, 0, length);
    }
    literalAt += length;
  }
}

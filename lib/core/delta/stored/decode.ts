// Reads a stored delta of any format. Everything that applying it relies on is checked before anything is copied.

import { bufferOf } from '../../bytes/buffer.ts';
import { type Columns, readColumns, resolveCopies } from './columns.ts';
import { decodeDelta1 } from './decode-1.ts';
import { readLiterals } from './literals.ts';
import { readNumbers } from './numbers.ts';
import { checkScript, DELTA_FORMAT, type DeltaHeader, type Find, type Script } from './script.ts';
import { readBytes, readNumber, type SectionReader, unsound } from './sections.ts';

export type { DeltaHeader } from './script.ts';

export interface Delta {
  header: DeltaHeader;
  /** Bytes that all literals have together. */
  literalBytes: number;
  /**
   * What it comes to, with a look into the base where it says so, checked. Throws ServiceError `integrity_error` if it
   * reaches outside the base or gives another number of bytes than it says.
   */
  resolve(find: Find): Script;
}

const HASH_BYTES = 32;

/** Throws ServiceError `integrity_error` if the text is not a whole and sound delta of a format that was ever written. */
export function decodeDelta(text: Uint8Array): Delta {
  const bytes = bufferOf(text);
  if (bytes[0] === DELTA_FORMAT) return decodeDelta2(bytes);
  const { header, script } = decodeDelta1(bytes);
  checkScript(script, header);
  return { header, literalBytes: script.literals.length, resolve: () => script };
}

function decodeDelta2(bytes: Buffer): Delta {
  const reader: SectionReader = { bytes, at: 1 };
  const header = readHeader(reader);
  const columns: Columns = readColumns(reader);
  const literalBytes = readNumbers(reader, columns.kinds.length + 1);
  const literals = readLiterals(reader, literalBytes);
  if (reader.at !== bytes.length) throw unsound('goes on after its end');
  const resolve = (find: Find): Script => {
    const script = { ...resolveCopies(columns, header.baseBytes, find), literalBytes, literals };
    checkScript(script, header);
    return script;
  };
  return { header, literalBytes: literals.length, resolve };
}

function readHeader(reader: SectionReader): DeltaHeader {
  const base = readBytes(reader, HASH_BYTES).toString('hex');
  const target = readBytes(reader, HASH_BYTES).toString('hex');
  const baseBytes = readNumber(reader);
  const targetBytes = readNumber(reader);
  const counts = {
    additions: readNumber(reader),
    changes: readNumber(reader),
    deletions: readNumber(reader),
    moves: readNumber(reader),
  };
  return { base, baseBytes, target, targetBytes, counts };
}

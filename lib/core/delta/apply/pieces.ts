// Puts bytes together as a list of chunks: long pieces are referred to where they are, short ones gathered in slabs.

/** Shorter pieces are cheaper to copy than to carry along as chunks of their own. */
const REFERRED_BYTES_MIN = 8 * 1024;
const SLAB_BYTES = 64 * 1024;
/** Below this a loop beats the call. */
const LOOP_BYTES = 32;

export interface Pieces {
  chunks: Uint8Array[];
  slab: Buffer;
  /** What of the slab is in a chunk already, and what is filled. */
  taken: number;
  filled: number;
}

export function createPieces(): Pieces {
  return { chunks: [], slab: Buffer.allocUnsafeSlow(1024), taken: 0, filled: 0 };
}

/** Appends source[from, to). The source must not be changed afterwards. */
export function addBytes(pieces: Pieces, source: Buffer, from: number, to: number): void {
  const length = to - from;
  if (length >= REFERRED_BYTES_MIN) {
    closeChunk(pieces);
    pieces.chunks.push(source.subarray(from, to));
    return;
  }
  if (pieces.filled + length > pieces.slab.length) nextSlab(pieces);
  const { slab, filled } = pieces;
  if (length < LOOP_BYTES) for (let k = 0; k < length; k++) slab[filled + k] = source[from + k]!;
  else source.copy(slab, filled, from, to);
  pieces.filled += length;
}

/** Appends text that has only ASCII characters. */
export function addAscii(pieces: Pieces, text: string): void {
  for (let from = 0; from < text.length; from += SLAB_BYTES) {
    const length = Math.min(SLAB_BYTES, text.length - from);
    if (pieces.filled + length > pieces.slab.length) nextSlab(pieces);
    const { slab, filled } = pieces;
    if (length < LOOP_BYTES) for (let k = 0; k < length; k++) slab[filled + k] = text.charCodeAt(from + k);
    else
      slab.write(
        from === 0 && length === text.length ? text : text.slice(from, from + length),
        filled,
        'latin1',
      );
    pieces.filled += length;
  }
}

/** All that was appended, in order. */
export function finishPieces(pieces: Pieces): Uint8Array[] {
  closeChunk(pieces);
  return pieces.chunks;
}

function closeChunk(pieces: Pieces): void {
  const { chunks, slab, taken, filled } = pieces;
  if (filled > taken) chunks.push(slab.subarray(taken, filled));
  pieces.taken = filled;
}

function nextSlab(pieces: Pieces): void {
  closeChunk(pieces);
  pieces.slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
  pieces.taken = 0;
  pieces.filled = 0;
}

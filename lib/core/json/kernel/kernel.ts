// A small WebAssembly kernel (SIMD) that does what plain TypeScript also does, several times as fast: it scans, indexes and hashes
// text. Whoever asks for it gets it, or undefined, and then does without; results are the same.

import { KERNEL_WASM } from './wasm.ts';

// Where things lie in the kernel's memory; assembly/layout.ts has the same numbers.
export const PIECE_BYTES = 0x10000;
const RESULT_AT = 0x400;
const KINDS_AT = 0x1000;
const MARKS_AT = 0x2000;
/** Depth up to which a scanner's stack fits. */
export const SCAN_DEPTH_MAX = 1000;
export const TEXT_AT = 0x10000;
export const COMPACT_AT = 0x21000;
export const RANGES_AT = 0x40000;
export const HASHES_AT = 0x60000;
export const RANGES_MAX = 0x4000;
/** Bytes before a piece that the tape may read once more. */
export const LOOK_BACK_BYTES = 0x1000;

/** Memory larger than this is given back. */
const MEMORY_BYTES_MAX = 16 << 20;

interface Exports {
  memory: WebAssembly.Memory;
  scan(
    text: number,
    length: number,
    state: number,
    inKey: number,
    depth: number,
    floor: number,
    depthMax: number,
    markBase: number,
  ): number;
  compact(text: number, length: number, out: number, startsInString: number): number;
  spreadOut(text: number, length: number, out: number, written: number, left: number): number;
  beginTape(bytesMin: number, entriesMax: number): void;
  tapePiece(text: number, offset: number, length: number): number;
  tapeEnd(): number;
  hashRanges(text: number, ranges: number, count: number, out: number, seed: bigint): void;
}

export type Take = (entriesAt: number, entries: number, containers: number) => void;

/** One instance for the whole process: no call into it waits for anything, so no two ever meet. */
export interface Kernel {
  run: Exports;
  /** Views of its memory, which are good until a tape makes it grow: ask `kernel()` anew for each piece of work. */
  bytes: Uint8Array;
  words: Uint32Array;
  result: Int32Array;
  kinds: Uint8Array;
  marks: Float64Array;
  /** Where a tape's finished parts go. */
  take: Take;
  /** How often each part was used. */
  uses: { scan: number; tape: number; hash: number };
}

let isWanted: boolean | undefined;
let compiled: WebAssembly.Module | undefined;
let instance: Kernel | undefined;

/** Turns the kernel off, or on again. Off from the beginning with `BACKUP_KERNEL=off` in the environment. */
export function useKernel(wanted: boolean): void {
  isWanted = wanted;
}

/** The kernel, made when it is first asked for (about a millisecond); undefined if it is turned off or cannot run here. */
export function kernel(): Kernel | undefined {
  isWanted ??= process.env.BACKUP_KERNEL !== 'off';
  if (!isWanted) return undefined;
  if (instance && instance.bytes.length > 0 && instance.bytes.length <= MEMORY_BYTES_MAX) return instance;
  try {
    compiled ??= new WebAssembly.Module(Buffer.from(KERNEL_WASM, 'base64'));
    instance = instantiate(compiled);
  } catch {
    // No SIMD, no WebAssembly, or no room for it: that does not change while the process runs.
    isWanted = false;
    return undefined;
  }
  return instance;
}

function instantiate(compiled: WebAssembly.Module): Kernel {
  const take: Take = (entriesAt, entries, containers) => made.take(entriesAt, entries, containers);
  const run = new WebAssembly.Instance(compiled, { env: { take } }).exports as unknown as Exports;
  const made: Kernel = {
    run,
    ...viewsOf(run.memory),
    take: () => undefined,
    uses: instance?.uses ?? { scan: 0, tape: 0, hash: 0 },
  };
  return made;
}

function viewsOf({
  buffer,
}: WebAssembly.Memory): Pick<Kernel, 'bytes' | 'words' | 'result' | 'kinds' | 'marks'> {
  return {
    bytes: new Uint8Array(buffer),
    words: new Uint32Array(buffer),
    result: new Int32Array(buffer, RESULT_AT, 4),
    kinds: new Uint8Array(buffer, KINDS_AT, SCAN_DEPTH_MAX + 1),
    marks: new Float64Array(buffer, MARKS_AT, SCAN_DEPTH_MAX + 1),
  };
}

/** Makes the views anew after the memory has grown. */
export function refreshViews(made: Kernel): void {
  if (made.bytes.length === 0) Object.assign(made, viewsOf(made.run.memory));
}

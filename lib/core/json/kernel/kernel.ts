// A small WebAssembly kernel (SIMD) that does what plain TypeScript also does, several times as fast: it scans, indexes,
// hashes and compares text. Where it is not wanted or cannot run, its twin does the same; results are the same.

/// <reference path="./webassembly.d.ts" />

import { bufferOf } from '../../bytes/buffer.ts';
import { type HashSeed, hashSeedOf } from '../../bytes/content-hash.ts';
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
export const STEP_BASE_AT = 0x90000;
export const STEP_TARGET_AT = 0xa1000;
const EVENTS_AT = 0xb2000;
/** Numbers that what is read in lockstep may come to; the twin gives up where the kernel does. */
export const EVENTS_ROOM = 0x10000;
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
  lockstep(a: number, b: number, base: number, target: number, ofRoot: number): number;
  hashRanges(text: number, ranges: number, count: number, out: number, seed: bigint): void;
}

export type Take = (entriesAt: number, entries: number, containers: number) => void;

/** A WebAssembly instance. No call into it waits for anything, so no two ever meet. */
export interface Machine {
  run: Exports;
  /** Views of its memory, which are good until a tape makes it grow: ask the kernel anew for each piece of work. */
  bytes: Uint8Array;
  words: Uint32Array;
  result: Int32Array;
  kinds: Uint8Array;
  marks: Float64Array;
  events: Uint32Array;
  /** Of which texts parts lie in its memory to be read side by side. */
  inMemory: object | undefined;
  /** Where a tape's finished parts go. */
  take: Take;
  /** How often each part was used. */
  uses: { scan: number; tape: number; hash: number; lockstep: number };
}

/** What makes a kernel; plain, so that it can be sent to another thread. */
export interface KernelSetup {
  /** Without it everything is done by the twin. */
  isWanted: boolean;
  /** HASH_SEED_BYTES of them, which nobody who sends texts may know. */
  seed: Uint8Array;
}

/** What texts are read, indexed and hashed with: a home makes one, and hands it to whoever works on texts. One thread has it. */
export interface Kernel {
  readonly setup: KernelSetup;
  readonly seed: HashSeed;
  /** The same as one number. */
  readonly wideSeed: bigint;
  /** Made when it is first asked for (about a millisecond); undefined if it is not wanted or cannot run here. */
  machine(): Machine | undefined;
}

export function createKernel({ isWanted, seed }: KernelSetup): Kernel {
  // What is sent to a thread takes the memory with it that it lies in.
  const setup = { isWanted, seed: new Uint8Array(seed) };
  let isUsable = isWanted;
  let compiled: WebAssembly.Module | undefined;
  let machine: Machine | undefined;
  return {
    setup,
    seed: hashSeedOf(seed),
    wideSeed: bufferOf(seed).readBigInt64LE(),
    machine() {
      if (!isUsable) return undefined;
      if (machine && machine.bytes.length > 0 && machine.bytes.length <= MEMORY_BYTES_MAX) return machine;
      try {
        compiled ??= new WebAssembly.Module(Buffer.from(KERNEL_WASM, 'base64'));
        machine = instantiate(compiled, machine?.uses);
      } catch {
        // No SIMD, no WebAssembly, or no room for it: that does not change while the process runs.
        isUsable = false;
        return undefined;
      }
      return machine;
    },
  };
}

function instantiate(
  compiled: WebAssembly.Module,
  uses = { scan: 0, tape: 0, hash: 0, lockstep: 0 },
): Machine {
  const take: Take = (entriesAt, entries, containers) => made.take(entriesAt, entries, containers);
  const run = new WebAssembly.Instance(compiled, { env: { take } }).exports as unknown as Exports;
  const made: Machine = { run, ...viewsOf(run.memory), inMemory: undefined, take: () => undefined, uses };
  return made;
}

function viewsOf({
  buffer,
}: WebAssembly.Memory): Pick<Machine, 'bytes' | 'words' | 'result' | 'kinds' | 'marks' | 'events'> {
  return {
    bytes: new Uint8Array(buffer),
    words: new Uint32Array(buffer),
    result: new Int32Array(buffer, RESULT_AT, 4),
    kinds: new Uint8Array(buffer, KINDS_AT, SCAN_DEPTH_MAX + 1),
    marks: new Float64Array(buffer, MARKS_AT, SCAN_DEPTH_MAX + 1),
    events: new Uint32Array(buffer, EVENTS_AT, EVENTS_ROOM),
  };
}

/** Makes the views anew after the memory has grown. */
export function refreshViews(made: Machine): void {
  if (made.bytes.length === 0) Object.assign(made, viewsOf(made.run.memory));
}

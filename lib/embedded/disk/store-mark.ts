// What ties blobs and catalog together: one random id of the store, and how many commits the catalog has had. Both stand in
// the catalog and beside the blobs, so that neither can be exchanged, lost or put back alone without being noticed.

import {
  closeSync,
  fstatSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { STORE_ID } from '../../core/records/ids.ts';
import { PortError } from '../../ports/errors.ts';
import { type Random, randomHex } from '../../ports/random.ts';
import { syncDirectorySync } from './data-dir.ts';
import { errorCode, fileFailure } from './failures.ts';

const ID_FILE = 'store';
const GENERATION_FILE = 'generation';
const SLOT_BYTES = 32;
const SLOTS = 2;
const SEGMENT = /^\d{16}$/;

export const blobsDirectory = (dataDir: string): string => join(dataDir, 'blobs');
/** Beside the blobs and not among them: whoever copies, counts or walks those finds nothing else. */
export const trailDirectory = (dataDir: string): string => join(dataDir, 'trail');

export function newStoreId(random: Random): string {
  return randomHex(random, 16);
}

/** The id beside the blobs; undefined if there is none. Throws PortError `integrity` if the file is damaged. */
export function readStoreId(dataDir: string): string | undefined {
  let text: string;
  try {
    text = readFileSync(join(trailDirectory(dataDir), ID_FILE), 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return undefined;
    throw error;
  }
  const id = text.trimEnd();
  if (!STORE_ID.test(id))
    throw new PortError('integrity', 'trail/store is damaged: it should hold 32 hex digits', {
      reason: 'foreign_catalog',
    });
  return id;
}

/** Writes the id beside the blobs, durably. The folder must be there. */
export function writeStoreId(dataDir: string, id: string): void {
  const folder = trailDirectory(dataDir);
  const passing = join(folder, `${ID_FILE}.new`);
  const fd = openSync(passing, 'w', 0o600);
  try {
    writeFileSync(fd, `${id}\n`);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(passing, join(folder, ID_FILE));
  syncDirectorySync(folder);
}

/**
 * The number of the last commit, as it stands beside the blobs; 0 if nothing readable does.
 *
 * It is written after each commit and not flushed: it outlives the process, and after a loss of power it can be behind the
 * catalog, which is flushed before, but never ahead of it. So a catalog with a lower number has lost commits.
 */
export function readGeneration(dataDir: string): number {
  let fd: number;
  try {
    fd = openSync(join(trailDirectory(dataDir), GENERATION_FILE), 'r');
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return 0;
    throw error;
  }
  try {
    const bytes = Buffer.alloc(SLOT_BYTES * SLOTS);
    readSync(fd, bytes, 0, bytes.length, 0);
    return Math.max(...Array.from({ length: SLOTS }, (_, slot) => numberIn(bytes, slot)));
  } finally {
    closeSync(fd);
  }
}

export interface GenerationFile {
  /** Writes the number down. Throws errors of node:fs. */
  write(generation: number): void;
  /** Makes what was written durable. */
  sync(): void;
  close(): void;
}

/** Opens the file for writing, and creates it if need be. Throws errors of node:fs. */
export function openGenerationFile(dataDir: string): GenerationFile {
  const path = join(trailDirectory(dataDir), GENERATION_FILE);
  const fd = openOrCreate(path);
  // All of it is there from now on: writing needs no room on the disk.
  if (fstatSync(fd).size < SLOT_BYTES * SLOTS) {
    writeSync(fd, Buffer.alloc(SLOT_BYTES * SLOTS, ' '), 0, SLOT_BYTES * SLOTS, 0);
    fsyncSync(fd);
    syncDirectorySync(trailDirectory(dataDir));
  }
  let isOpen = true;
  return {
    write(generation) {
      // Two slots in turn: a write that a crash tears leaves the other one whole.
      const digits = String(generation).padStart(20, '0');
      const line = Buffer.from(
        `${digits} ${crc32(digits).toString(16).padStart(8, '0')}\n`.padEnd(SLOT_BYTES),
      );
      writeSync(fd, line, 0, SLOT_BYTES, (generation % SLOTS) * SLOT_BYTES);
    },
    sync: () => fsyncSync(fd),
    close() {
      if (isOpen) closeSync(fd);
      isOpen = false;
    },
  };
}

function openOrCreate(path: string): number {
  try {
    return openSync(path, 'r+');
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
    return openSync(path, 'wx+', 0o600);
  }
}

/** A slot that is torn or damaged counts as 0. */
function numberIn(bytes: Buffer, slot: number): number {
  const text = bytes.toString('latin1', slot * SLOT_BYTES, (slot + 1) * SLOT_BYTES);
  const [, digits = '', sum = ''] = /^(\d{20}) ([0-9a-f]{8})\n/.exec(text) ?? [];
  return digits !== '' && crc32(digits) === Number.parseInt(sum, 16) ? Number(digits) : 0;
}

/** The numbers of the segments in a data folder, rising. */
export function segmentNumbers(dataDir: string): number[] {
  try {
    return readdirSync(trailDirectory(dataDir))
      .filter((name) => SEGMENT.test(name))
      .map(Number)
      .sort((a, b) => a - b);
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return [];
    throw fileFailure(error, 'the trail cannot be read');
  }
}

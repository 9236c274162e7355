// A look at the blobs of a folder without its catalog: how many there are, of what, and since when.

import { closeSync, constants, fstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { BlobHeader } from '../../core/blob/header.ts';
import { readUnauthenticatedHeader } from '../../core/blob/open.ts';
import { BLOB_ID } from '../../core/records/ids.ts';
import { LIMITS } from '../../core/records/limits.ts';
import { errorCode } from '../disk/failures.ts';
import { blobsDirectory } from '../disk/store-mark.ts';

/** ECMA-262, 21.4.1.1: what a header says is not proven, and may be no instant. */
const LAST_INSTANT_MS = 8.64e15;

const SHARD = /^[0-9a-f]{2}$/;
/** Most headers are shorter; a longer one is read in a second go. */
const HEADER_BYTES_AT_FIRST = 8 * 1024;

export function blobPath(dataDir: string, blobId: string): string {
  return join(blobsDirectory(dataDir), blobId.slice(0, 2), blobId);
}

/** The paths of all blobs of a data folder, in order of their ids. */
export function* blobPaths(dataDir: string): Generator<{ blobId: string; path: string }> {
  const root = blobsDirectory(dataDir);
  for (const shard of namesIn(root)
    .filter((name) => SHARD.test(name))
    .sort()) {
    const folder = join(root, shard);
    for (const blobId of namesIn(folder)
      .filter((name) => BLOB_ID.test(name))
      .sort()) {
      yield { blobId, path: join(folder, blobId) };
    }
  }
}

/** Whether there is any blob. */
export function hasBlobs(dataDir: string): boolean {
  return blobPaths(dataDir).next().done !== true;
}

/**
 * What the header of a blob says, unproven; undefined if the file is no blob, cannot be read, or is no file.
 */
export async function headerAt(path: string): Promise<BlobHeader | undefined> {
  const wanted = [HEADER_BYTES_AT_FIRST, LIMITS.blobHeaderBytesMax + HEADER_BYTES_AT_FIRST];
  for (const bytesMax of wanted) {
    const beginning = readBeginning(path, bytesMax);
    if (beginning === undefined) return undefined;
    try {
      return await readUnauthenticatedHeader(beginning);
    } catch {
      // Cut short, or no header: the longer beginning tells which.
      if (beginning.length < bytesMax) return undefined;
    }
  }
  return undefined;
}

function readBeginning(path: string, bytesMax: number): Uint8Array | undefined {
  let fd: number | undefined;
  try {
    // A pipe in a blob's place must not hold us up.
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
    if (!fstatSync(fd).isFile()) return undefined;
    const buffer = Buffer.allocUnsafe(bytesMax);
    let at = 0;
    for (;;) {
      const bytes = at < bytesMax ? readSync(fd, buffer, at, bytesMax - at, at) : 0;
      if (bytes === 0) return buffer.subarray(0, at);
      at += bytes;
    }
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return [];
    throw error;
  }
}

/** "53 blobs of 51 resources, 2026-11-01 to 2026-11-26", for a person. Reads every header. */
export async function describeBlobs(dataDir: string): Promise<string> {
  const resources = new Set<string>();
  let blobs = 0;
  let from = Number.POSITIVE_INFINITY;
  let to = Number.NEGATIVE_INFINITY;
  for (const { path } of blobPaths(dataDir)) {
    blobs++;
    const header = await headerAt(path);
    if (header === undefined) continue;
    resources.add(header.resourceId);
    from = Math.min(from, header.createdAt);
    to = Math.max(to, header.createdAt);
  }
  const day = (at: number): string => new Date(Math.min(at, LAST_INSTANT_MS)).toISOString().slice(0, 10);
  const since = resources.size === 0 ? '' : `, ${day(from)} to ${day(to)}`;
  return `${counted(blobs, 'blob')} of ${counted(resources.size, 'resource')}${since}`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

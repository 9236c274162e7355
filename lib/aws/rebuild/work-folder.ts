// What a rebuild has read so far, on the disk of whoever runs it: one file a part, so that however much there is, one part at a time is
// held. A run that was broken off goes on where it last wrote down how far it had come.

import {
  appendFileSync,
  closeSync,
  createReadStream,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { PortError } from '../../ports/errors.ts';
import type { Finding } from '../../service/recovery/findings.ts';
import type { Counts } from './calls.ts';

/** Of what is read, a part is held at once: of ten million blobs some 100 MB. */
export const PARTS = 256;
const LINE_FEED = 0x0a;
/** What waits for its file, of all parts together. */
const HELD_CHARS_MAX = 32 * 1024 * 1024;

/** How far a rebuild has come. */
export interface Progress {
  /** What it is of: another bucket or table has another folder. */
  of: string;
  /** Bytes of each part that count; what is behind them was written after this was. */
  bytes: number[];
  trail: {
    isRead: boolean;
    /** The last segment that was read, and its hash. */
    segment: number;
    sha256: string;
    until?: number;
    damaged: number[];
    missing: number[];
    segments: number;
  };
  blobs: Listing;
  aside: Listing;
  /** What lies in the places of blobs and is none. */
  unreadable: { blobId: string; reason: string }[];
  /** Parts that are in the table, with what they came to. */
  done: Record<string, PartSummary>;
  counts: Counts;
}

export interface Listing {
  isRead: boolean;
  cursor?: string;
  looked: number;
}

export interface PartSummary {
  resources: number;
  live: number;
  hidden: number;
  policies: number;
  held: number;
  putBack: number;
  items: number;
}

export interface WorkFolder {
  progress: Progress;
  /** Adds a line to a part. */
  add(part: number, line: string): void;
  /** Writes down how far it has come: all that was added counts from now on. */
  keep(): void;
  /** The lines of a part, in the order in which they were added. */
  linesOf(part: number): AsyncIterable<string>;
  /** Instead of what was found in that part before. */
  keepFindings(part: number, findings: readonly Finding[]): void;
  findings(): AsyncGenerator<Finding>;
  /** All that was read is removed; what was found stays. */
  clear(): void;
}

/** Opens a folder, or makes it. Throws PortError `conflict` if it is of another rebuild. */
export function openWorkFolder(folder: string, of: string): WorkFolder {
  mkdirSync(join(folder, 'parts'), { recursive: true, mode: 0o700 });
  mkdirSync(join(folder, 'findings'), { recursive: true, mode: 0o700 });
  const progressFile = join(folder, 'progress.json');
  const pathOf = (part: number): string => join(folder, 'parts', nameOf(part));
  const progress = existsSync(progressFile)
    ? (JSON.parse(readFileSync(progressFile, 'utf8')) as Progress)
    : begun(of);
  if (progress.of !== of) {
    throw new PortError('conflict', `${folder} holds a rebuild of ${progress.of}, and this is one of ${of}`);
  }
  for (const [part, bytes] of progress.bytes.entries()) {
    const path = pathOf(part);
    if (existsSync(path) && statSync(path).size > bytes) truncateSync(path, bytes);
  }
  const held = new Map<number, string[]>();
  let heldChars = 0;
  const unsynced = new Set<number>();

  const flush = (): void => {
    for (const [part, lines] of held) {
      const text = `${lines.join('\n')}\n`;
      appendFileSync(pathOf(part), text, { mode: 0o600 });
      progress.bytes[part]! += Buffer.byteLength(text);
      unsynced.add(part);
    }
    held.clear();
    heldChars = 0;
  };

  return {
    progress,

    add(part, line) {
      const lines = held.get(part);
      if (lines === undefined) held.set(part, [line]);
      else lines.push(line);
      heldChars += line.length;
      if (heldChars > HELD_CHARS_MAX) flush();
    },

    keep() {
      flush();
      for (const part of unsynced) sync(pathOf(part));
      unsynced.clear();
      writeFileSync(`${progressFile}.next`, JSON.stringify(progress), { mode: 0o600 });
      sync(`${progressFile}.next`);
      renameSync(`${progressFile}.next`, progressFile);
    },

    async *linesOf(part) {
      flush();
      const path = pathOf(part);
      if (!existsSync(path)) return;
      yield* linesIn(path);
    },

    keepFindings(part, findings) {
      const path = join(folder, 'findings', `${nameOf(part)}.jsonl`);
      if (findings.length === 0) rmSync(path, { force: true });
      else writeFileSync(path, findings.map((one) => `${JSON.stringify(one)}\n`).join(''), { mode: 0o600 });
    },

    async *findings() {
      for (let part = 0; part < PARTS; part++) {
        const path = join(folder, 'findings', `${nameOf(part)}.jsonl`);
        if (!existsSync(path)) continue;
        for await (const line of linesIn(path)) yield JSON.parse(line) as Finding;
      }
    },

    clear() {
      rmSync(join(folder, 'parts'), { recursive: true, force: true });
      rmSync(progressFile, { force: true });
    },
  };
}

function begun(of: string): Progress {
  return {
    of,
    bytes: Array.from({ length: PARTS }, () => 0),
    trail: { isRead: false, segment: 0, sha256: '', damaged: [], missing: [], segments: 0 },
    blobs: { isRead: false, looked: 0 },
    aside: { isRead: false, looked: 0 },
    unreadable: [],
    done: {},
    counts: { calls: {}, writeUnits: 0, readUnits: 0 },
  };
}

/** Only a line feed ends a line: readline takes characters for ends that JSON leaves as they are. */
async function* linesIn(path: string): AsyncGenerator<string> {
  let rest: Buffer[] = [];
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    let from = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, from)) {
      yield Buffer.concat([...rest, chunk.subarray(from, end)]).toString();
      rest = [];
      from = end + 1;
    }
    if (from < chunk.length) rest.push(chunk.subarray(from));
  }
}

function nameOf(part: number): string {
  return part.toString(16).padStart(2, '0');
}

function sync(path: string): void {
  const fd = openSync(path, 'r+');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

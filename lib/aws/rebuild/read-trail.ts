// The trail of a bucket, read into the parts: segments several at a time, taken in their order.

import { createHash } from 'node:crypto';
import { hasCode } from '../../core/records/errors.ts';
import { readSegmentHeader } from '../../core/trail/segment.ts';
import type { Keyring } from '../../ports/keyring.ts';
import type { TrailStore } from '../../ports/trail.ts';
import { readTrailLine, type TrailChange } from '../../ports/trail-lines.ts';
import { resourceOfLine, togetherBy } from '../../service/recovery/parts.ts';
import { readSegment, type StoredSegment } from '../../service/trail/write.ts';
import { PARTS, type WorkFolder } from './work-folder.ts';

const READ_AT_ONCE = 32;
const SEGMENTS_PER_KEEP = 256;
/** About as many as there can be. */
const EVENTS_PER_SEGMENT = 1024;

export interface TrailReading {
  store: Pick<TrailStore, 'list' | 'read'>;
  keyring: Pick<Keyring, 'open'>;
  /** The id of the store, and those of buckets that its objects lay in before: others' segments are not believed. */
  storeIds: readonly [string, ...string[]];
  /** Epoch milliseconds; what the table would have forgotten by then is not brought back. */
  forgotten: Forgotten;
  /** Hears how many segments have been read, of how many. */
  onProgress?(done: number, total: number): void;
}

/** Before which moments of each kind nothing is brought back. */
export interface Forgotten {
  eventsBefore: number;
  operationsBefore: number;
  answersBefore: number;
}

/** One line of a part: a change of the trail, with what its event needs. */
export interface TrailLine {
  change: TrailChange;
  /** Of an event: its place among all others. */
  stamp?: string;
  /** Of an event: whether it has been published is not known. */
  isRecent?: true;
}

/** Reads on from where it stood. Throws PortError. */
export async function readTrail(folder: WorkFolder, reading: TrailReading): Promise<void> {
  const { trail } = folder.progress;
  if (trail.isRead) return;
  const { store, forgotten, onProgress } = reading;
  const numbers = await store.list(trail.segment);
  const last = numbers.at(-1) ?? trail.segment;
  const total = trail.segments + numbers.length;
  let sinceKept = 0;
  for await (const [number, stored] of inOrder(numbers, (one) => segmentOf(reading, one))) {
    const { mark, header, lines = [] } = stored;
    for (let gone = trail.segment + 1; gone < number; gone++) trail.missing.push(gone);
    const follows = trail.segment !== number - 1 || number === 1 || header?.previous === trail.sha256;
    if (header === undefined || !follows) trail.damaged.push(number);
    let events = 0;
    for (const line of lines) {
      for (const told of toldBy(line, forgotten)) {
        if (told.change.kind === 'event.append') {
          told.stamp = stampOf(told.change.event.at, trail.segments, events++);
          if (number === last) told.isRecent = true;
        }
        spread(folder, told);
      }
    }
    trail.segments++;
    trail.segment = number;
    trail.sha256 = mark.sha256;
    if (header !== undefined) trail.until = header.writtenAt;
    onProgress?.(trail.segments, total);
    if (++sinceKept < SEGMENTS_PER_KEEP) continue;
    sinceKept = 0;
    folder.keep();
  }
  trail.isRead = true;
  folder.keep();
}

async function segmentOf({ store, keyring, storeIds }: TrailReading, number: number): Promise<StoredSegment> {
  const segment = await store.read(number);
  const known = { read: async () => segment } as unknown as TrailStore;
  return readSegment(
    { store: known, keyring: keyring as Keyring, storeId: storeOf(segment, storeIds) },
    number,
  );
}

/** The one of ours that the segment says; that it is of it, its key proves. */
function storeOf(segment: Uint8Array, storeIds: readonly [string, ...string[]]): string {
  try {
    const { store } = readSegmentHeader(segment);
    return storeIds.includes(store) ? store : storeIds[0];
  } catch (error) {
    if (!hasCode(error, 'integrity_error')) throw error;
    return storeIds[0];
  }
}

/** Works on so many at once, and gives what came of each in the order of the list. */
async function* inOrder<T>(
  numbers: readonly number[],
  work: (number: number) => Promise<T>,
): AsyncGenerator<[number, T]> {
  const ahead: Promise<T>[] = [];
  let next = 0;
  for (const number of numbers) {
    while (next < numbers.length && ahead.length < READ_AT_ONCE) {
      const reading = work(numbers[next++]!);
      // The first failure ends it all: nobody hears of those behind it.
      reading.catch(() => undefined);
      ahead.push(reading);
    }
    yield [number, await ahead.shift()!];
  }
}

interface Told extends TrailLine {
  /** What the change belongs to; undefined: to all. */
  name: string | undefined;
}

function* toldBy(line: string, forgotten: Forgotten): Generator<Told> {
  const changes = readTrailLine(line);
  const resourceId = resourceOfLine(changes);
  for (const change of changes) {
    if (!isForgotten(change, forgotten)) yield { name: togetherBy(change, resourceId), change };
  }
}

function spread(folder: WorkFolder, { name, ...told }: Told): void {
  const text = `T${JSON.stringify(told)}`;
  if (name !== undefined) folder.add(partOf(name), text);
  else for (let part = 0; part < PARTS; part++) folder.add(part, text);
}

/** The part of what belongs together by that name. */
export function partOf(name: string): number {
  return createHash('sha256').update(name).digest()[0]! % PARTS;
}

/** As the catalog orders events: by time, equal times as they stand in the trail. */
function stampOf(at: number, segment: number, place: number): string {
  const order = (segment * EVENTS_PER_SEGMENT + place) % 1_000_000;
  return `${String(Math.max(0, at)).padStart(16, '0')}.${String(order).padStart(6, '0')}`;
}

function isForgotten(change: TrailChange, forgotten: Forgotten): boolean {
  const { eventsBefore, operationsBefore, answersBefore } = forgotten;
  switch (change.kind) {
    case 'event.append':
      return change.event.at < eventsBefore;
    case 'operation.insert':
    case 'operation.update':
      return change.record.createdAt < operationsBefore;
    case 'idempotency.insert':
      return change.record.expiresAt <= answersBefore;
    default:
      return false;
  }
}

// Appends to the trail: each segment in its turn, bound to the one before it.

import { hasCode } from '../../core/records/errors.ts';
import type { AuditEvent, SegmentMark } from '../../core/records/model.ts';
import {
  openSegment,
  readSegmentHeader,
  type SegmentHeader,
  sealSegment,
  segmentHash,
  trailKeyContext,
} from '../../core/trail/segment.ts';
import type { Logger } from '../../log.ts';
import type { WallClock } from '../../ports/clock.ts';
import { PortError } from '../../ports/errors.ts';
import type { Keyring } from '../../ports/keyring.ts';
import type { Random } from '../../ports/random.ts';
import type { TrailSource, TrailStore } from '../../ports/trail.ts';
import { lineOfEvent, readTrailLine } from '../../ports/trail-lines.ts';

export interface TrailDeps {
  store: TrailStore;
  keyring: Keyring;
  clock: WallClock;
  random: Random;
  /** The id of the store that the trail is of. */
  storeId: string;
}

/**
 * Writes the lines as the segment behind `last`, durably, and resolves with what marks it. Throws PortError `exists` if that
 * number is taken, and what the store and the keyring throw; after `unavailable` it may have been written.
 */
export async function appendSegment(
  { store, keyring, clock, random, storeId }: TrailDeps,
  last: SegmentMark | undefined,
  lines: readonly string[],
): Promise<SegmentMark> {
  const sealedBy = await keyring.generate(trailKeyContext(storeId));
  const number = (last?.segment ?? 0) + 1;
  // A mark without a hash is of a segment that is not there any more.
  const previous = last === undefined || last.sha256 === '' ? {} : { previous: last.sha256 };
  const place = { store: storeId, number, ...previous, writtenAt: Math.max(0, clock.now()) };
  const segment = await sealSegment(place, lines, sealedBy, random);
  await store.append(number, segment);
  return { segment: number, sha256: segmentHash(segment) };
}

/** A segment as it stands in the trail. `header` and `lines` are undefined if it is not what was sealed. */
export interface StoredSegment {
  mark: SegmentMark;
  header?: SegmentHeader;
  lines: string[] | undefined;
}

/** Reads a segment. Throws PortError, `not_found` if there is none with that number. */
export async function readSegment(
  { store, keyring, storeId }: Pick<TrailDeps, 'store' | 'keyring' | 'storeId'>,
  number: number,
): Promise<StoredSegment> {
  const segment = await store.read(number);
  const mark = { segment: number, sha256: segmentHash(segment) };
  try {
    const header = readSegmentHeader(segment);
    if (header.store !== storeId) return { mark, lines: undefined };
    const dataKey = await keyring.open(header.key, trailKeyContext(storeId));
    return { mark, header, lines: openSegment(segment, { store: storeId, number }, dataKey) };
  } catch (error) {
    const isDamage =
      hasCode(error, 'integrity_error') ||
      (error instanceof PortError && (error.code === 'integrity' || error.code === 'not_found'));
    if (!isDamage) throw error;
    return { mark, lines: undefined };
  }
}

export interface EventTrailDeps extends TrailDeps {
  source: TrailSource;
  log: Logger;
}

/** Events in one segment. */
const EVENTS_MAX = 500;

/** What a run has written. */
export interface TrailWritten {
  segments: number;
  events: number;
}

/**
 * Brings the events that wait into the trail, until none are left or the deadline (epoch milliseconds) has come. It may run
 * twice at once, and die at any moment: what is written twice is told by the events' ids. `publish` is given the events of
 * each segment, once they stand there, and resolves with whether it has published them. Throws PortError, and what `publish` throws.
 */
export async function writeEvents(
  deps: EventTrailDeps,
  deadline = Number.POSITIVE_INFINITY,
  publish: (events: AuditEvent[]) => Promise<boolean> = async () => false,
): Promise<TrailWritten> {
  const written = { segments: 0, events: 0 };
  while (deps.clock.now() < deadline) {
    // In this order: what another run writes from here on takes the number that this one would, and is not written twice.
    const last = await deps.source.lastSegment();
    const events = await deps.source.untrailedEvents(EVENTS_MAX);
    if (events.length === 0) break;
    const mark = await writeSome(deps, last, events);
    if (mark === undefined) continue;
    written.segments++;
    written.events += events.length;
    // One mark for both, where both are done.
    if (await publish(events)) await deps.source.markRelayed(events, mark);
    else await deps.source.markTrailed(events, mark);
  }
  return written;
}

/** The mark of the segment; undefined if the number was taken: then what is in that segment is marked, and the events wait for the next one. */
async function writeSome(
  deps: EventTrailDeps,
  last: SegmentMark | undefined,
  events: AuditEvent[],
): Promise<SegmentMark | undefined> {
  const { source, log } = deps;
  try {
    return await appendSegment(deps, last, events.map(lineOfEvent));
  } catch (error) {
    if (!(error instanceof PortError && error.code === 'exists')) throw error;
    const taken = await readSegment(deps, (last?.segment ?? 0) + 1);
    if (taken.lines === undefined) log.error('a segment of the trail is damaged', { ...taken.mark });
    await source.markTrailed((taken.lines ?? []).flatMap(eventsIn), taken.mark);
    return undefined;
  }
}

/** The events that a line tells of. */
export function eventsIn(line: string): AuditEvent[] {
  return readTrailLine(line).flatMap((change) => (change.kind === 'event.append' ? [change.event] : []));
}

// The trail beside the blobs, and what a catalog has for it.

import type { AuditEvent, EventRef, SegmentMark } from '../core/records/model.ts';

/** What a catalog has for the trail, where its events are all that waits to be written there. */
export interface TrailSource {
  /** Events that are in no segment yet, in commit order; what an older release has committed is none. */
  untrailedEvents(limit: number): Promise<AuditEvent[]>;
  /**
   * Events that were committed by `until` (epoch milliseconds), are in a segment, and have not been marked as published, in commit
   * order.
   */
  trailedEvents(limit: number, until: number): Promise<AuditEvent[]>;
  /** These events (at most `listPageMax`) are in that segment. Idempotent; the mark only moves on. */
  markTrailed(events: readonly EventRef[], mark: SegmentMark): Promise<void>;
  /** These events are in that segment and have been published: both marks in one. */
  markRelayed(events: readonly EventRef[], mark: SegmentMark): Promise<void>;
  /** The last segment that was marked. */
  lastSegment(): Promise<SegmentMark | undefined>;
  /** Whether an event was committed here. Only what stands in the trail and has been published is ever forgotten. */
  hasEvent(event: EventRef): Promise<boolean>;
}

/** The trail's segments, beside the blobs: numbered from 1, written once, never changed and never removed. */
export interface TrailStore {
  /** Durable before resolving. Throws `exists` if the number is taken. */
  append(number: number, segment: Uint8Array): Promise<void>;
  /** All numbers above `after`, rising. */
  list(after?: number): Promise<number[]>;
  /** Throws `not_found`. */
  read(number: number): Promise<Uint8Array>;
}

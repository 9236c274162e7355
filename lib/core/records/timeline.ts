// The line of a resource's states: sequences are its order, times are the wall clock's and may go back. Pure.

import type { InexactMoment, ResourceHead, SnapshotPointer, TimeRange, Way } from './model.ts';

/**
 * The head once the next state has been accepted at `createdAt`: it has the next sequence. Where the clock has gone back,
 * the times between are marked, so that looking for an instant elsewhere need not doubt that times rise with sequences.
 */
export function withNextState(
  head: ResourceHead | undefined,
  resourceId: string,
  createdAt: number,
): ResourceHead {
  const version = (head?.version ?? 0) + 1;
  if (head === undefined) return { resourceId, sequence: 1, createdAt, version };
  const next = { ...head, sequence: head.sequence + 1, version };
  if (createdAt >= head.createdAt) return { ...next, createdAt };
  return { ...next, disorder: widened(head.disorder, { from: createdAt, to: head.createdAt }) };
}

function widened(range: TimeRange | undefined, { from, to }: TimeRange): TimeRange {
  return { from: Math.min(from, range?.from ?? from), to: Math.max(to, range?.to ?? to) };
}

/**
 * Whether the newest by time, of all that were accepted by an instant, is also the newest by sequence. `createdAt` is
 * its time. States outside of the marked times come before all that are later than they, whatever their times.
 */
export function isInOrder(disorder: TimeRange | undefined, createdAt: number): boolean {
  return disorder === undefined || createdAt < disorder.from || createdAt > disorder.to;
}

/** What a history says of an instant. */
export interface StateAt {
  /** The live backup with the highest sequence of all that were accepted by then. */
  found?: SnapshotPointer;
  /** The way to its state, where that is known before its record has been read: what it names may be begun to be read. */
  way?: Way;
  /** The live one after it, by sequence; the first of all, if none is found. */
  next?: SnapshotPointer;
  /** The live one with the earliest time. */
  earliest?: SnapshotPointer;
  /** What was accepted by then, later than what is found, and is no live backup: then `found` is not that moment's state. */
  missing?: MissingState;
}

/** `gone`: removed, so that nothing is left but, mostly, its time. */
export type MissingState = Pick<InexactMoment, 'reason' | 'backupId' | 'createdAt'>;

// What is counted of live backups, in memory.

import {
  counted,
  type LiveEntry,
  liveEntryOf,
  NOTHING_LIVE,
  type Tally,
} from '../core/records/live-entry.ts';
import type { BackupRecord } from '../core/records/model.ts';
import { decodeCursor, encodeCursor } from '../ports/checks.ts';
import type { Page, PageRequest } from '../ports/pages.ts';

const LIST = 'live entries';

/** One page of those of a time, by time. Throws as `decodeCursor` does. */
export function pageOfEntries(
  records: readonly BackupRecord[],
  request: PageRequest & { from?: number; to?: number },
): Page<LiveEntry> {
  const after = decodeCursor(LIST, ['number', 'number'], request);
  const { from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY, limit } = request;
  const isBehind = ({ createdAt, sequence }: LiveEntry): boolean =>
    after === undefined || createdAt > after[0]! || (createdAt === after[0] && sequence > after[1]!);
  const rest = records
    .map(liveEntryOf)
    .filter((entry) => entry.createdAt >= from && entry.createdAt <= to && isBehind(entry))
    .sort((a, b) => a.createdAt - b.createdAt || a.sequence - b.sequence);
  const items = rest.slice(0, limit).map((entry) => structuredClone(entry));
  const last = items.at(-1);
  return last !== undefined && rest.length > limit
    ? { items, cursor: encodeCursor(LIST, [last.createdAt, last.sequence]) }
    : { items };
}

export function tallyOf(records: readonly BackupRecord[]): Tally {
  return records.map(liveEntryOf).reduce(counted, NOTHING_LIVE);
}

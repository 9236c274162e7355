// The history of a resource in buckets, for who draws it.

import { instantOf } from '../../core/records/asked-moment.ts';
import { createBuckets } from '../../core/records/buckets.ts';
import { ServiceError } from '../../core/records/errors.ts';
import { LIMITS } from '../../core/records/limits.ts';
import type { Deps } from '../contract/deps.ts';
import type { Timeline, TimelineInput } from '../contract/looks.ts';
import { pages } from '../kit/collect.ts';
import { nothingAt } from '../restores/moment.ts';

/**
 * Sums over all live backups between two times; without them from the first backup to now. Throws ServiceError `resource_not_found`, and
 * `invalid_request` for times that are the wrong way round, or have more backups between them than are summed up at once.
 */
export async function readTimeline(
  { catalog, clock }: Pick<Deps, 'catalog' | 'clock'>,
  { resourceId, from: askedFrom, to: askedTo, buckets: count }: TimelineInput,
): Promise<Timeline> {
  const now = clock.now();
  const [head, tally] = await Promise.all([catalog.getHead(resourceId), catalog.tally(resourceId)]);
  if (head === undefined || head.sequence === 0) throw nothingAt({});
  const to = askedTo === undefined ? Math.max(now, tally.newestAt ?? now) : instantOf(askedTo, now);
  const from = askedFrom === undefined ? Math.min(tally.oldestAt ?? to, to) : instantOf(askedFrom, now);
  if (from > to) throw wrong('/query/from', 'must not be after "to"');
  const buckets = createBuckets(from, to, count);
  let seen = 0;
  for await (const entry of pages((page) => catalog.liveEntries({ ...page, resourceId, from, to }))) {
    if (++seen > LIMITS.timelineBackupsMax) {
      const detail = `has more than ${LIMITS.timelineBackupsMax} backups from then on: ask for less at once`;
      throw wrong('/query/from', detail);
    }
    buckets.add(entry);
  }
  return { from, to, tally, ...buckets.done() };
}

function wrong(pointer: string, detail: string): ServiceError {
  return new ServiceError('invalid_request', 'The times cannot be drawn.', { errors: [{ pointer, detail }] });
}

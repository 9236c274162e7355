// From the catalog into the trail, and from there to whoever listens: nothing is published that does not stand in the trail.

import type { Catalog } from '../../ports/catalog.ts';
import type { EventSink } from '../../ports/event-sink.ts';
import { publishSome, relayAll } from '../kit/events.ts';
import { type EventTrailDeps, type TrailWritten, writeEvents } from './write.ts';

export interface TrailRelayDeps {
  trail: EventTrailDeps;
  catalog: Pick<Catalog, 'markPublished'>;
  events: EventSink;
}

/**
 * So old is what a run takes for left behind. What is younger the run that has written it may be just about to publish: with several
 * shards of a stream, runs at once are the rule, and each would publish what the others do.
 */
const LEFT_AFTER_MS = 60_000;

/**
 * Brings the events that wait into the trail and publishes each segment's as soon as it is written, then what an earlier run has
 * written and not published, once it is a minute old; ends at the deadline (epoch milliseconds). It may run twice at once, and die at
 * any moment: then an event may be published twice, and is known by its id. A sink that does not take events keeps none out of the trail:
 * what it threw is thrown at the end. Throws PortError.
 */
export async function relayTrail(
  { trail, ...deps }: TrailRelayDeps,
  deadline: number,
): Promise<TrailWritten & { relayed: number }> {
  let relayed = 0;
  let fault: { error: unknown } | undefined;
  // What has just been written is handed on from here: the index that says so may tell of it only later.
  const written = await writeEvents(trail, deadline, async (events) => {
    if (fault !== undefined) return false;
    try {
      await publishSome(deps, events);
      relayed += events.length;
      return true;
    } catch (error) {
      fault = { error };
      return false;
    }
  });
  if (fault !== undefined) throw fault.error;
  relayed += await relayAll(
    deps,
    (limit) => trail.source.trailedEvents(limit, trail.clock.now() - LEFT_AFTER_MS),
    () => trail.clock.now() < deadline,
  );
  return { ...written, relayed };
}

// Audit events as JSON lines, for whoever collects the output of the process.

import type { EventSink } from '../../ports/event-sink.ts';

/** Hands each event to `write` as one line of JSON, without its line end, in order. What `write` throws stops the rest. */
export function createEventSink(write: (line: string) => void | Promise<void>): EventSink {
  return {
    async publish(events) {
      for (const line of events.map((event) => JSON.stringify(event))) {
        await write(line);
      }
    },
  };
}

/** Enough for the events that one relay takes before it has to mark them. */
const REMEMBERED_MAX = 1000;

/**
 * Passes on each event once in the life of this process: while nothing can be written, events that were published cannot be
 * marked as such, and would be published anew every time.
 */
export function withoutRepeats(sink: EventSink): EventSink {
  const passed = new Set<string>();
  return {
    async publish(events) {
      const fresh = events.filter(({ id }) => !passed.has(id));
      if (fresh.length > 0) await sink.publish(fresh);
      for (const { id } of fresh) passed.add(id);
      for (const id of passed) {
        if (passed.size <= REMEMBERED_MAX) break;
        passed.delete(id);
      }
    },
  };
}

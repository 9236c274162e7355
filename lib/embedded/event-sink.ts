// Audit events as JSON lines, for whoever collects the output of the process.

import type { EventSink } from '../ports.ts';

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

// Published events in a list, for tests to look at.

import type { AuditEvent } from '../core/records/model.ts';
import type { EventSink } from '../ports/event-sink.ts';
import { copy } from './copy.ts';

export interface MemoryEventSink extends EventSink {
  /** Everything published so far, in order. */
  events(): AuditEvent[];
}

/** A sink that keeps what it is given until the process ends. */
export function createMemoryEventSink(): MemoryEventSink {
  const published: AuditEvent[] = [];
  return {
    async publish(events) {
      published.push(...copy(events));
    },
    events: () => copy(published),
  };
}

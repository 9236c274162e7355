// Of audit events only those that are wanted.

import type { AuditEvent } from '../core/records/model.ts';
import type { EventSink } from '../ports/event-sink.ts';

/** The sink, for the wanted events alone: the others count as published, and where none is wanted it is not called. */
export function selecting(sink: EventSink, isWanted: (event: AuditEvent) => boolean): EventSink {
  return {
    async publish(events) {
      const wanted = events.filter(isWanted);
      if (wanted.length > 0) await sink.publish(wanted);
    },
  };
}

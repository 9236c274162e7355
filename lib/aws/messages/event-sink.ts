// Audit events on an EventBridge bus, for whoever in the account has made a rule for them.

import {
  type EventBridgeClient,
  PutEventsCommand,
  type PutEventsRequestEntry,
} from '@aws-sdk/client-eventbridge';
import { forEachAtOnce } from '../../core/at-once.ts';
import type { AuditEvent } from '../../core/records/model.ts';
import { PortError } from '../../ports/errors.ts';
import type { EventSink } from '../../ports/event-sink.ts';
import { asciiJson } from '../calls/ascii-json.ts';
import { call } from '../calls/call.ts';

export interface EventSinkOptions {
  eventBridge: EventBridgeClient;
  busName: string;
}

/** What rules match on, beside the action as `detail-type`. */
export const EVENT_SOURCE = 'backup-restore-service';

const ENTRIES_MAX = 10;
/** EventBridge promises no order, so none is lost by asking for several at once; a thousand events a second could not be told one request after the other. */
const REQUESTS_AT_ONCE = 4;
/** Of one request, all its entries together (EventBridge user guide, "PutEvents entry size"). */
const REQUEST_BYTES_MAX = 256 * 1024;
/** What EventBridge counts for the time of an entry. */
const TIME_BYTES = 14;

/**
 * Publishes in batches, several at once: what a rule delivers may overtake another, and `at` tells. A throw may leave the events of other
 * batches published.
 */
export function createEventSink({ eventBridge, busName }: EventSinkOptions): EventSink {
  return {
    async publish(events) {
      // Serialised now, because the caller may go on with its events.
      const entries = events.map((event) => entryOf(event, busName));
      await forEachAtOnce(batchesOf(entries), REQUESTS_AT_ONCE, async (Entries) => {
        const { FailedEntryCount = 0 } = await call('the bus does not take events', (options) =>
          eventBridge.send(new PutEventsCommand({ Entries }), options),
        );
        if (FailedEntryCount > 0) {
          throw new PortError(
            'unavailable',
            `the bus has refused ${FailedEntryCount} of ${Entries.length} events`,
          );
        }
      });
    },
  };
}

function entryOf(event: AuditEvent, busName: string): PutEventsRequestEntry {
  return {
    EventBusName: busName,
    Source: EVENT_SOURCE,
    DetailType: event.action,
    Time: new Date(event.at),
    Detail: asciiJson(event),
  };
}

/** Throws RangeError for an event that no request can hold: the limits on names make it a bug. */
function batchesOf(entries: PutEventsRequestEntry[]): PutEventsRequestEntry[][] {
  const batches: PutEventsRequestEntry[][] = [];
  let room = 0;
  for (const entry of entries) {
    const bytes = bytesOf(entry);
    if (bytes > REQUEST_BYTES_MAX) throw new RangeError(`an event of ${bytes} bytes`);
    const batch = batches.at(-1);
    if (batch === undefined || batch.length === ENTRIES_MAX || bytes > room) {
      batches.push([entry]);
      room = REQUEST_BYTES_MAX - bytes;
    } else {
      batch.push(entry);
      room -= bytes;
    }
  }
  return batches;
}

function bytesOf({ Source = '', DetailType = '', Detail = '' }: PutEventsRequestEntry): number {
  return TIME_BYTES + Buffer.byteLength(Source + DetailType + Detail);
}

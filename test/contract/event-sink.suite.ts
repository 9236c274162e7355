// What every event sink must do, as in lib/ports/event-sink.ts.

import { beforeEach, describe, expect, test } from '@jest/globals';
import type { AuditEvent } from '../../lib/core/records/model.ts';
import type { EventSink } from '../../lib/ports/event-sink.ts';
import { type Closing, forEachTest, type Make } from './harness.ts';
import { event, ODD_STRINGS } from './samples.ts';

export interface EventSinkHarness extends Closing {
  sink: EventSink;
  /** What has arrived at the other end. No order is promised: EventBridge keeps none, and neither does a queue behind it. */
  arrived(): Promise<AuditEvent[]>;
}

export function eventSinkSuite(name: string, make: Make<EventSinkHarness>): void {
  describe(`${name} event sink`, () => {
    let sink: EventSink;
    let arrived: () => Promise<AuditEvent[]>;
    const harness = forEachTest(make);
    beforeEach(() => {
      ({ sink, arrived } = harness());
    });

    test('no events are no event', async () => {
      await sink.publish([]);
      expect(await arrived()).toEqual([]);
    });

    test('delivers every event whole, over several calls', async () => {
      const events = Array.from({ length: 25 }, (_, i) =>
        event({ at: 1_735_689_600_000 + i, backupId: `backup-${i}`, detail: { i, sure: true, text: 't' } }),
      );
      await sink.publish(events.slice(0, 11));
      await sink.publish(events.slice(11));
      expect(byId(await arrived())).toEqual(byId(events));
    });

    test('delivers again what is published again', async () => {
      const again = event();
      await sink.publish([again]);
      await sink.publish([again]);
      expect(await arrived()).toEqual([again, again]);
    });

    test('keeps any text', async () => {
      const events = ODD_STRINGS.map((text) => event({ resourceId: text, actor: text, detail: { text } }));
      await sink.publish(events);
      expect(byId(await arrived())).toEqual(byId(events));
    });

    test('what was published does not change with what the caller does next', async () => {
      const published = event({ actor: 'before' });
      await sink.publish([published]);
      published.actor = 'after';
      expect((await arrived())[0]?.actor).toBe('before');
    });
  });
}

function byId(events: AuditEvent[]): AuditEvent[] {
  return events.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

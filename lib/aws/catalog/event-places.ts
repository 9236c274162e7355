// Where an event stands: among those of its resource, by time. One that was read is found without another look.

import type { AuditEvent, EventRef } from '../../core/records/model.ts';
import { eventsPartition, formerEventKey, type Key, LAST, padded, part } from './catalog-keys.ts';
import { type Item, keyOf, textOf } from './item.ts';
import type { TableClient } from './table-client.ts';

export interface EventPlaces {
  /** Remembers where the event was read from; gives it back. */
  note<E extends EventRef>(event: E, item: Item): E;
  /** What was remembered of the one, remembered of the other too; gives that back. */
  alike<E extends EventRef>(known: EventRef, event: E): E;
  /** Undefined if there is no such event. Throws PortError. */
  keyOf(event: EventRef): Promise<Key | undefined>;
}

/** Of one millisecond of a resource: mostly one. */
const LOOK_ITEMS = 20;

export function createEventPlaces(table: TableClient): EventPlaces {
  const known = new WeakMap<EventRef, Key>();

  async function find({ id, resourceId, at }: EventRef): Promise<Key | undefined> {
    const from = `${padded(at)}.`;
    const ofThatTime = table.query({
      ...{ pk: eventsPartition(resourceId), from, to: `${from}${LAST}` },
      ...({ direction: 'rising', pageItems: LOOK_ITEMS } as const),
    });
    for await (const item of ofThatTime) if (idPartOf(textOf(item, 'sk')) === part(id)) return keyOf(item);
    // One of before.
    const alone = await table.get(formerEventKey(id));
    return alone && keyOf(alone);
  }

  return {
    note(event, item) {
      known.set(event, keyOf(item));
      return event;
    },
    alike(one, event) {
      const key = known.get(one);
      if (key !== undefined) known.set(event, key);
      return event;
    },
    keyOf: async (event) => known.get(event) ?? find(event),
  };
}

/**
 * In a list an event stands by its time, then by its place among all others in the order of commits, which `stamp` tells. Its action is in
 * its place too, so that a list of one action need not read the others.
 */
export function eventPlace({ at, action, id }: AuditEvent, stamp: string): string {
  return `${padded(at)}.${stamp}#${action}#${part(id)}`;
}

/** Whether an event in a list may be of that action: the place of one of an earlier release does not tell. */
export function mayBeOfAction(place: string, action: string): boolean {
  const [, second = '', third] = place.split('#');
  return third === undefined || second.startsWith('=') || second.startsWith('~') || second === action;
}

/** An id may have the sign that parts a place. */
function idPartOf(place: string): string {
  return place.split('#').slice(2).join('#');
}

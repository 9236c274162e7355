// The audit trail: one event for each change of state, written in the commit that makes it.

import type { AuditAction, AuditEvent } from '../../core/records/model.ts';
import type { Change } from '../../ports/change.ts';
import { randomUuid } from '../../ports/random.ts';
import type { Caller } from '../contract/api.ts';
import type { Deps } from '../contract/deps.ts';

const RELAY_PAGE = 100;

/** What an event is made with: its id is drawn. */
export type EventDeps = Pick<Deps, 'random'>;

/** Whose call a record was made by. */
export function callerOf({ actor, address }: Caller): Caller {
  return { actor, ...(address === undefined ? {} : { address }) };
}

export type EventSubject = Pick<AuditEvent, 'resourceId' | 'backupId' | 'operationId' | 'detail'>;

/** The change that appends an event to a commit. */
export function event(
  { random }: EventDeps,
  action: AuditAction,
  at: number,
  caller: Caller,
  about: EventSubject,
): Change {
  const by = callerOf(caller);
  return { kind: 'event.append', event: { id: randomUuid(random), at, action, ...by, ...about } };
}

/** As it is published: what its commit left behind is the trail's. */
function published({ after: _after, ...event }: AuditEvent): AuditEvent {
  return event;
}

/** Hands committed events to the sink, in order, until none are left. A throw of the sink leaves them for the next time. */
export async function relayEvents({ catalog, events }: Pick<Deps, 'catalog' | 'events'>): Promise<number> {
  let relayed = 0;
  for (;;) {
    const page = await catalog.pendingEvents(RELAY_PAGE);
    if (page.length === 0) return relayed;
    await events.publish(page.map(published));
    await catalog.markPublished(page.map(({ id }) => id));
    relayed += page.length;
  }
}

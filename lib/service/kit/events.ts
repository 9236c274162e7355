// The audit trail: one event for each change of state, written in the commit that makes it.

import type { AuditAction, AuditEvent } from '../../core/records/model.ts';
import type { Catalog } from '../../ports/catalog.ts';
import type { Change } from '../../ports/change.ts';
import type { EventSink } from '../../ports/event-sink.ts';
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
): Extract<Change, { kind: 'event.append' }> {
  const by = callerOf(caller);
  return { kind: 'event.append', event: { id: randomUuid(random), at, action, ...by, ...about } };
}

/** As it is published: what its commit left behind is the trail's. */
function published({ after: _after, ...event }: AuditEvent): AuditEvent {
  return event;
}

export interface RelayDeps {
  catalog: Pick<Catalog, 'markPublished'>;
  events: EventSink;
}

/**
 * Hands committed events to the sink, in order, until none are left. A throw of the sink leaves them for the next
 * time.
 */
export async function relayEvents({
  catalog,
  events,
}: RelayDeps & { catalog: Pick<Catalog, 'pendingEvents'> }): Promise<number> {
  return relayAll(
    { catalog, events },
    (limit) => catalog.pendingEvents(limit),
    () => true,
  );
}

/** Of what `next` gives, while `mayGoOn`. */
export async function relayAll(
  deps: RelayDeps,
  next: (limit: number) => Promise<AuditEvent[]>,
  mayGoOn: () => boolean,
): Promise<number> {
  let relayed = 0;
  while (mayGoOn()) {
    const page = await next(RELAY_PAGE);
    if (page.length === 0) break;
    await relaySome(deps, page);
    relayed += page.length;
  }
  return relayed;
}

async function relaySome({ catalog, events }: RelayDeps, some: AuditEvent[]): Promise<void> {
  await publishSome({ events }, some);
  await catalog.markPublished(some);
}

/** Hands these events to the sink. A throw of the sink leaves them for the next time. */
export async function publishSome({ events }: Pick<RelayDeps, 'events'>, some: AuditEvent[]): Promise<void> {
  await events.publish(some.map(published));
}

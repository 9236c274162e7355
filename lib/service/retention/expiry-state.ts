// What retention remembers from one sweep to the next, changed by whoever is first: everybody else looks again.

import { LIMITS } from '../../core/records/limits.ts';
import type { ExpiryState, ExpiryWait } from '../../core/records/retention-records.ts';
import type { Caller } from '../contract/api.ts';
import type { Deps } from '../contract/deps.ts';
import { retryOnConflict } from '../kit/conflict.ts';
import { type EventDeps, event } from '../kit/events.ts';
import { clearNotice, raiseNotice } from '../kit/notices.ts';
import { noticeOf } from './wait-words.ts';

const BY: Readonly<Caller> = { actor: 'retention' };
/** Of waits that begin and of waits that end, in one commit. */
const EVENTS_MAX = 20;

export interface ExpiryChange {
  /** As it is to stand; its version follows. */
  state: ExpiryState;
  /** Waits that it has and did not have, and those that it has no more. */
  begun?: readonly ExpiryWait[];
  ended?: readonly ExpiryWait[];
}

/**
 * Changes the state of expiry by what `change` makes of it, which is asked again where another was first; undefined leaves it. Waits that begin
 * and end leave events and notices. Throws ServiceError `write_conflict`, PortError, what `change` throws.
 */
export async function changeExpiry(
  deps: Deps,
  change: (state: ExpiryState) => Promise<ExpiryChange | undefined> | ExpiryChange | undefined,
): Promise<void> {
  const { catalog, clock } = deps;
  const changed = await retryOnConflict(
    'The state of expiry',
    async () => {
      const now = clock.now();
      const before = (await catalog.getExpiryState()) ?? { seenAt: now, waits: [], version: 0 };
      const next = await change(before);
      if (next === undefined) return undefined;
      const { begun = [], ended = [] } = next;
      const record: ExpiryState = { ...next.state, version: before.version + 1 };
      // Where nobody is told of anything, only places have moved.
      const mark = begun.length + ended.length === 0 ? ({ isMark: true } as const) : {};
      await catalog.commit([
        { kind: 'expiry.put', record, expect: before.version, ...mark },
        ...begun.slice(0, EVENTS_MAX).map((wait) => eventOf(deps, 'expiry.held', wait, now)),
        ...ended.slice(0, EVENTS_MAX).map((wait) => eventOf(deps, 'expiry.resumed', wait, now)),
      ]);
      return { begun, ended };
    },
    LIMITS.commitAttemptsInAllMax,
  );
  for (const wait of changed?.begun ?? []) await raiseNotice(deps, noticeOf(wait));
  for (const { id } of changed?.ended ?? []) await clearNotice(deps, `expiry:${id}`);
}

function eventOf(deps: EventDeps, action: 'expiry.held' | 'expiry.resumed', wait: ExpiryWait, now: number) {
  const { id, resourceId = '', until, backups = 0 } = wait;
  return event(deps, action, now, BY, { resourceId, detail: { id, until, backups } });
}

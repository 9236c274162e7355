// What the trail hears of what runs by itself.

import type { AuditAction } from '../../core/records/model.ts';
import type { Skip } from '../../core/schedule/decide.ts';
import type { RunRecord, ScheduleRecord } from '../../core/schedule/records.ts';
import type { Change } from '../../ports/change.ts';
import type { Caller } from '../contract/api.ts';
import { type EventDeps, event } from '../kit/events.ts';

/** Who makes the backups of a schedule, and decides what of it runs. */
export function actorOf(scheduleId: string): Caller {
  return { actor: `schedule:${scheduleId}` };
}

export function skippedEvent(
  deps: EventDeps,
  { id, resourceId }: Pick<ScheduleRecord, 'id' | 'resourceId'>,
  { reason, from, to, count, isMore }: Skip,
  at: number,
): Change {
  return event(deps, 'schedule.skipped', at, actorOf(id), {
    resourceId,
    detail: {
      ...{ schedule: id, reason, from: new Date(from).toISOString(), to: new Date(to).toISOString(), count },
      ...(isMore === undefined ? {} : { isMore }),
    },
  });
}

export function runEvent(
  deps: EventDeps,
  action: Extract<AuditAction, `run.${string}`>,
  run: RunRecord,
  at: number,
  caller: Caller,
  more: Record<string, string | number | boolean> = {},
): Change {
  const { id, scheduleId, resourceId, backupId, slot, trigger, attempt } = run;
  return event(deps, action, at, caller, {
    resourceId,
    ...(backupId === undefined ? {} : { backupId }),
    detail: { run: id, schedule: scheduleId, slot: new Date(slot).toISOString(), trigger, attempt, ...more },
  });
}

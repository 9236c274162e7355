// Drills: the newest backup is restored here, and into a scratch target where the schedule has one, and held to what it should be. What came of it is kept as evidence.

import { totalBytes } from '../../core/bytes/chunks.ts';
import { sha256Of } from '../../core/bytes/sha256.ts';
import { ServiceError } from '../../core/records/errors.ts';
import { DAY_MS, LIMITS } from '../../core/records/limits.ts';
import type { BackupRecord, Reason } from '../../core/records/model.ts';
import {
  type DrilledInto,
  type DrillRecord,
  drillIdOf,
  type ScheduleRecord,
  type TableRows,
} from '../../core/schedule/records.ts';
import { liveBackup } from '../chains/live.ts';
import { readBackup } from '../chains/read-backup.ts';
import { takeRoom } from '../chains/readers.ts';
import { readText } from '../chains/state.ts';
import type { Caller } from '../contract/api.ts';
import type { Deps } from '../contract/deps.ts';
import type { Text } from '../contract/text.ts';
import { retryOnConflict } from '../kit/conflict.ts';
import { event } from '../kit/events.ts';
import { mayPass } from '../kit/jobs.ts';
import { findKept, putKept } from './documents.ts';
import { drillInto, type Restored } from './drill-into.ts';
import { actorOf } from './events.ts';
import { countRows } from './rows.ts';
import { scheduleOf } from './schedules.ts';

/** After so many runs that ended well. That it cannot be done now is logged: the next run is followed by it. */
export async function drillIfDue(deps: Deps, scheduleId: string): Promise<void> {
  const schedule = (await findKept(deps, 'schedule', scheduleId))?.body;
  if (schedule === undefined || schedule.drillEvery === 0) return;
  if (schedule.progress.sinceDrill < schedule.drillEvery) return;
  try {
    await drill(deps, schedule, actorOf(scheduleId));
  } catch (error) {
    deps.log.error('a drill could not be done', { schedule: scheduleId, error });
  }
}

/** Throws ServiceError `schedule_not_found`, `backup_not_found`, `payload_too_large` where a call has no time for the state. */
export async function runDrill(deps: Deps, scheduleId: string, caller: Caller): Promise<DrillRecord> {
  return drill(deps, (await scheduleOf(deps, scheduleId)).body, caller, deps.options.verifyBytesMax);
}

/** That the backup does not restore is the result; what may pass is thrown. */
async function drill(
  deps: Deps,
  schedule: ScheduleRecord,
  caller: Caller,
  bytesMax: number = Number.POSITIVE_INFINITY,
): Promise<DrillRecord> {
  const { catalog, clock, log } = deps;
  const { id: scheduleId, resourceId } = schedule;
  const startedAt = clock.now();
  const newest = await catalog.newestBefore(resourceId, Number.MAX_SAFE_INTEGER);
  if (newest === undefined)
    throw new ServiceError('backup_not_found', `${resourceId} has no backup to restore.`);
  const backup = await liveBackup(deps, newest.id);
  if (backup.size > bytesMax) {
    const detail = `A call has no time for a state of ${backup.size} bytes: say after how many runs (drillEvery) it is to be tried.`;
    throw new ServiceError('payload_too_large', detail);
  }
  const tried = await tryRestore(deps, backup);
  const counted = schedule.progress.counted;
  const came = counted?.backupId === backup.id ? counted.tables : undefined;
  const judged = judge(backup, tried, came);
  const { rowsAgree, notes } = judged;
  const { text, tables } = tried;
  const { into, failure = judged.failure } = await within(deps, schedule, backup, tried, judged);
  const made: DrillRecord = {
    ...{
      id: drillIdOf(scheduleId, startedAt),
      scheduleId,
      resourceId,
      backupId: backup.id,
      stateOf: backup.createdAt,
    },
    ...{
      startedAt,
      finishedAt: clock.now(),
      requestedBy: caller.actor,
      passed: failure === undefined,
      notes,
    },
    checksum: { expected: backup.checksum, ...(text === undefined ? {} : { found: text.checksum }) },
    bytes: { expected: backup.size, ...(text === undefined ? {} : { found: text.bytes }) },
    ...(tables === undefined ? {} : { tables }),
    ...(rowsAgree === undefined ? {} : { rowsAgree }),
    ...(into === undefined ? {} : { into }),
    ...(failure === undefined ? {} : { failure }),
  };
  await keep(deps, made, caller);
  const facts = { drill: made.id, schedule: scheduleId, resourceId, backupId: backup.id };
  if (failure === undefined) log.info('drill passed', facts);
  else log.error('drill failed', { ...facts, ...failure });
  return made;
}

/** What was restored, in the scratch target of the schedule. */
async function within(
  deps: Deps,
  schedule: ScheduleRecord,
  backup: BackupRecord,
  { whole, tables }: Tried,
  { failure }: { failure?: Reason },
): Promise<{ into?: DrilledInto; failure?: Reason }> {
  if (schedule.drillInto === undefined || failure !== undefined) return {};
  const restored: Restored =
    whole === undefined ? { chunks: () => again(deps, backup) } : { text: whole, chunks: () => once(whole) };
  return drillInto(deps, schedule, restored, tables);
}

/** What is too large to be held is read anew each time. */
async function* again(deps: Deps, backup: BackupRecord): AsyncGenerator<Uint8Array, void, undefined> {
  const room = await takeRoom(deps, backup);
  try {
    const { chunks } = await readBackup(deps, backup, (record) =>
      readText(deps, record, { isChecked: false }),
    );
    yield* chunks;
  } finally {
    room.free();
  }
}

async function* once(text: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield text;
}

interface Tried {
  /** The state, where it is held. */
  whole?: Uint8Array;
  text?: { checksum: string; bytes: number };
  tables?: TableRows[];
  failure?: Reason;
  notes: string[];
}

/** The restore's own way, and then once more by what came of it. Throws what may pass. */
async function tryRestore(deps: Deps, backup: BackupRecord): Promise<Tried> {
  const room = await takeRoom(deps, backup);
  try {
    const text = await readBackup(deps, backup, (record) => readText(deps, record, { isChecked: true }));
    const { fault } = text;
    const notes: string[] = [];
    const { whole, checksum, bytes } = await finish(text, deps.options.memory.heldStateBytesMax);
    const tables = whole === undefined ? undefined : await countRows(deps, { bytes: whole });
    if (tables === undefined) notes.push('Its rows were not counted: it is too large to be held as text.');
    return {
      text: { checksum, bytes },
      ...(whole === undefined ? {} : { whole }),
      ...(tables === undefined ? {} : { tables }),
      ...(fault === undefined ? {} : { failure: { code: 'integrity_error', detail: fault } }),
      notes,
    };
  } catch (error) {
    if (!(error instanceof ServiceError) || mayPass(error)) throw error;
    return { failure: { code: error.code, detail: error.message }, notes: [] };
  } finally {
    room.free();
  }
}

async function finish(
  { chunks }: Text,
  heldBytesMax: number,
): Promise<{ whole?: Uint8Array; checksum: string; bytes: number }> {
  if (Symbol.asyncIterator in chunks) {
    let bytes = 0;
    const counted = async function* () {
      for await (const chunk of chunks) {
        bytes += chunk.length;
        yield chunk;
      }
    };
    const checksum = await sha256Of(counted());
    return { checksum, bytes };
  }
  const all = [...chunks];
  const checksum = await sha256Of(all);
  const bytes = totalBytes(all);
  return bytes > heldBytesMax ? { checksum, bytes } : { whole: Buffer.concat(all), checksum, bytes };
}

function judge(
  backup: BackupRecord,
  { text, tables, failure, notes }: Tried,
  came: readonly TableRows[] | undefined,
): { failure?: Reason; rowsAgree?: boolean; notes: string[] } {
  if (failure !== undefined) return { failure, notes };
  if (text?.checksum !== backup.checksum || text.bytes !== backup.size) {
    const detail = 'What was restored is not what was stored.';
    return { failure: { code: 'integrity_error', detail }, notes };
  }
  if (tables === undefined || came === undefined) {
    const more =
      tables === undefined ? [] : ['How many rows came was not counted, so they were compared with nothing.'];
    return { notes: [...notes, ...more] };
  }
  if (JSON.stringify(tables) === JSON.stringify(came)) return { rowsAgree: true, notes };
  const detail = 'The tables do not have the rows that came.';
  return { failure: { code: 'integrity_error', detail }, rowsAgree: false, notes };
}

async function keep(deps: Deps, made: DrillRecord, caller: Caller): Promise<void> {
  const { id, scheduleId, resourceId, backupId, passed, finishedAt: at, failure } = made;
  const expiresAt = at + LIMITS.drillHistoryDays * DAY_MS;
  const detail = {
    drill: id,
    schedule: scheduleId,
    ...(failure === undefined ? {} : { code: failure.code }),
  };
  await retryOnConflict(`Schedule ${scheduleId}`, async () => {
    // Two of one moment, of one schedule, are one.
    if ((await findKept(deps, 'drill', id)) !== undefined) return;
    const kept = await findKept(deps, 'schedule', scheduleId);
    const progress = kept && { ...kept.body.progress, sinceDrill: 0, lastDrill: { id, at, passed } };
    await deps.catalog.commit([
      putKept('drill', made, { expiresAt }),
      ...(kept === undefined
        ? []
        : [putKept('schedule', { ...kept.body, progress: progress! }, { dueAt: kept.dueAt }, kept)]),
      event(deps, passed ? 'drill.passed' : 'drill.failed', at, caller, { resourceId, backupId, detail }),
    ]);
  });
}

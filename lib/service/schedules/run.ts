// One run: reads the source and makes the backup by the use cases that everybody's states go through. Whatever happens on the way, the run
// says so in the end; begun again, it finds what it has made.

import { readState } from '../../core/json/body.ts';
import { isPacked, packingOf, type ScannedState } from '../../core/json/state-sink.ts';
import { hasCode, ServiceError } from '../../core/records/errors.ts';
import { LIMITS } from '../../core/records/limits.ts';
import type { BackupMetadata, BackupRecord } from '../../core/records/model.ts';
import type { RunRecord, ScheduleRecord, TableRows } from '../../core/schedule/records.ts';
import { PortError } from '../../ports/errors.ts';
import type { Source } from '../../ports/source.ts';
import { createBackup } from '../backups/create.ts';
import { findSame, noteChecked } from '../backups/unchanged.ts';
import type { CreateOutput } from '../contract/api.ts';
import type { Deps } from '../contract/deps.ts';
import { useOf } from '../kit/idempotency.ts';
import { mayPass, reasonOf } from '../kit/jobs.ts';
import { findKept, type Kept } from './documents.ts';
import { drillIfDue } from './drill.ts';
import { actorOf } from './events.ts';
import { endRun, putBack, type Remembered, type RunOutcome } from './queue.ts';
import { chunksOf, reading, SourceFailure } from './reading.ts';
import { countRows } from './rows.ts';
import { sourceOf, sourcesOf } from './sources.ts';
import { createSteps, type Steps } from './steps.ts';

/** Where the work stands once the source has been read, in percent. */
const READ_PERCENT = 60;
const METADATA_VERSION = '1.0';
const WARNINGS_MAX = 10;

/**
 * Brings a run that was taken to its end, or puts it back where trying again may help. Throws only where that cannot be written down: then
 * its lease ends, and it is taken again. `until`: by when it has to be over, epoch milliseconds.
 */
export async function workRun(deps: Deps, taken: Kept<'run'>, until: number): Promise<void> {
  const schedule = (await findKept(deps, 'schedule', taken.body.scheduleId))?.body;
  if (schedule === undefined) {
    const detail = 'The schedule has been removed.';
    await endRun(deps, taken, { status: 'failed', failure: { code: 'schedule_not_found', detail } });
    return;
  }
  const steps = createSteps(deps, taken);
  let made: { outcome: RunOutcome; remembered: Remembered };
  try {
    made = (await madeBefore(deps, taken.body)) ?? (await make(deps, schedule, steps, until));
  } catch (error) {
    await afterFailure(deps, steps.kept(), error);
    return;
  }
  await endRun(deps, steps.kept(), made.outcome, made.remembered);
  await drillIfDue(deps, schedule.id);
}

async function afterFailure(deps: Deps, kept: Kept<'run'>, error: unknown): Promise<void> {
  // Somebody else has taken it: it is theirs.
  if (error instanceof PortError && error.code === 'conflict') throw error;
  const { id, attempt } = kept.body;
  const isOurs = !(error instanceof SourceFailure) && !(error instanceof ServiceError);
  if (isOurs || (error instanceof SourceFailure && error.cause !== undefined)) {
    deps.log.error('a run did not end well', { run: id, attempt, error });
  }
  const mayHelp = error instanceof SourceFailure ? error.mayPass : mayPass(error);
  const failure =
    error instanceof SourceFailure || error instanceof ServiceError
      ? { code: error.code, detail: error.message }
      : mayHelp
        ? reasonOf(error)
        : { code: 'internal_error', detail: 'An error of our own: the log has it.' };
  if (mayHelp && attempt < LIMITS.runAttemptsMax) {
    const delayMs = LIMITS.runRetryMs * 2 ** (attempt - 1);
    await putBack(deps, kept, delayMs, `${failure.detail} It is begun again in ${delayMs / 1000} s.`);
  } else await endRun(deps, kept, { status: 'failed', failure });
}

/** What an earlier attempt has made, whose worker died before it could say so. */
async function madeBefore(
  { catalog, clock }: Deps,
  { id, scheduleId, resourceId, attempt }: RunRecord,
): Promise<{ outcome: RunOutcome; remembered: Remembered } | undefined> {
  if (attempt <= 1) return undefined;
  const { scoped } = useOf(id, actorOf(scheduleId), resourceId, undefined)!;
  const earlier = await catalog.getIdempotency(scoped, clock.now());
  if (earlier === undefined) return undefined;
  const status = earlier.unchanged === true ? 'unchanged' : 'completed';
  return { outcome: { status, backupId: earlier.backupId }, remembered: {} };
}

async function make(
  deps: Deps,
  schedule: ScheduleRecord,
  steps: Steps,
  until: number,
): Promise<{ outcome: RunOutcome; remembered: Remembered }> {
  const { catalog, clock } = deps;
  const { resourceId, ifChanged, progress } = schedule;
  const { body: place } = await sourceOf(deps, schedule.sourceId);
  const signal = AbortSignal.timeout(Math.max(1, Math.min(until - clock.now(), LIMITS.runMs)));
  const source = await reading(() => sourcesOf(deps).open(place.spec));
  const head = await catalog.getHead(resourceId);
  const { mark } = progress;
  const isKnown = ifChanged && mark !== undefined && mark.backupId === head?.latest?.id;
  steps.say(`Reading ${schedule.sourceId} (${place.spec.kind}).`);
  let read = await reading(() => source.read(signal, isKnown ? mark.value : undefined));
  if (read === 'unchanged') {
    const same = await noteUnchanged(deps, schedule, steps.kept().body.id);
    if (same !== undefined) {
      steps.say('The source says that it has not changed.');
      const counted = countedAs(progress.counted, same);
      return {
        outcome: { status: 'unchanged', backupId: same.id },
        remembered: { mark: { value: mark!.value, backupId: same.id }, ...counted },
      };
    }
    steps.say(
      'The source says that it has not changed, but the backup of that state is not to be relied on: it is read all the same.',
    );
    read = await fullyRead(source, signal);
  }
  const state = await take(deps, schedule, read.chunks, steps, head?.latest?.size ?? 0);
  try {
    await steps.move({ progress: READ_PERCENT });
    const tables = schedule.drillEvery > 0 ? await countRows(deps, state) : undefined;
    const { backup, unchanged, warnings = [] } = await store(deps, schedule, steps.kept().body.id, state);
    const told = [...read.warnings, ...warnings].slice(0, WARNINGS_MAX);
    return {
      outcome: {
        status: unchanged === true ? 'unchanged' : 'completed',
        backupId: backup.id,
        ...(told.length === 0 ? {} : { warnings: told }),
      },
      remembered: {
        ...(read.mark === undefined ? {} : { mark: { value: read.mark, backupId: backup.id } }),
        ...(tables === undefined ? {} : { counted: { backupId: backup.id, tables } }),
      },
    };
  } finally {
    if (isPacked(state)) await state.discard();
  }
}

function countedAs(
  counted: { backupId: string; tables: TableRows[] } | undefined,
  { id }: BackupRecord,
): Pick<Remembered, 'counted'> {
  return counted?.backupId === id ? { counted } : {};
}

async function fullyRead(source: Source, signal: AbortSignal) {
  const read = await reading(() => source.read(signal));
  if (read === 'unchanged')
    throw new SourceFailure(
      'source_failed',
      'It says that nothing changed, of what nobody has told it.',
      false,
    );
  return read;
}

/** The state as it comes: a long one is packed on the way, and never held whole unless a delta needs it. */
async function take(
  deps: Deps,
  { type }: ScheduleRecord,
  chunks: AsyncIterable<Uint8Array>,
  steps: Steps,
  sizeBefore: number,
): Promise<ScannedState> {
  const { options, scratch, kernel } = deps;
  let bytes = 0;
  const counted = chunksOf(chunks, (more) => {
    bytes += more;
    const share = sizeBefore === 0 ? 0 : Math.min(1, bytes / sizeBefore);
    return steps.moveNowAndThen({ bytes, progress: Math.max(1, Math.floor(share * (READ_PERCENT - 1))) });
  });
  const state = await readState(kernel, counted, {
    bytesMax: options.uploadBytesMax,
    sizeHint: sizeBefore,
    packing: { ...packingOf(options.memory, scratch), isTextWanted: () => type !== 'full' },
  });
  steps.say(`Read ${bytes} bytes.`, { bytes });
  return state;
}

/** Throws as `createBackup`. */
async function store(
  deps: Deps,
  schedule: ScheduleRecord,
  runId: string,
  state: ScannedState,
): Promise<CreateOutput> {
  const { resourceId, resourceType, type, ifChanged } = schedule;
  const input = {
    ...{ resourceId, resourceType, type, state, ifChanged, encrypt: true },
    metadata: metadataOf(schedule),
    idempotencyKey: runId,
  };
  try {
    return await createBackup(deps, input, actorOf(schedule.id));
  } catch (error) {
    // An earlier attempt was alive after all, and made it of another state.
    if (!hasCode(error, 'idempotency_key_reused')) throw error;
    const { scoped } = useOf(runId, actorOf(schedule.id), resourceId, undefined)!;
    const earlier = await deps.catalog.getIdempotency(scoped, deps.clock.now());
    const backup = earlier && (await deps.catalog.getBackup(earlier.backupId));
    if (backup === undefined) throw error;
    return { backup, replayed: true, ...(earlier?.unchanged === true ? { unchanged: true } : {}) };
  }
}

function metadataOf({ id, sourceId, tags, retentionDays }: ScheduleRecord): BackupMetadata {
  return { version: METADATA_VERSION, source: sourceId, tags: { ...tags, schedule: id }, retentionDays };
}

const NOTED_ATTEMPTS_MAX = 3;

/** Notes that the newest backup has the state still; undefined if it is not to be relied on, or is no longer the newest. */
async function noteUnchanged(
  deps: Deps,
  schedule: ScheduleRecord,
  runId: string,
): Promise<BackupRecord | undefined> {
  const { resourceId, resourceType, progress } = schedule;
  for (let attempt = 1; ; attempt++) {
    const head = await deps.catalog.getHead(resourceId);
    if (head?.latest === undefined || head.latest.id !== progress.mark?.backupId) return undefined;
    const given = {
      ...{ resourceType, metadata: metadataOf(schedule), encrypt: true },
      state: { checksum: head.latest.checksum },
    };
    const record = await findSame(deps, head, given);
    if (record === undefined) return undefined;
    const caller = actorOf(schedule.id);
    const use = useOf(runId, caller, resourceId, ['unchanged', head.latest.checksum]);
    try {
      return await noteChecked(deps, {
        record,
        head,
        given,
        caller,
        use,
        replaces: undefined,
        request: undefined,
      });
    } catch (error) {
      const isLost = error instanceof PortError && error.code === 'conflict';
      if (!isLost || attempt === NOTED_ATTEMPTS_MAX) throw error;
    }
  }
}

// Restores: by id or by instant, in the call or in the background, always proven before a byte goes out.

import type { CanonicalText } from '../../core/bytes/text.ts';
import { findTextFault } from '../../core/json/body.ts';
import { parsePointer, pointerMeantBy } from '../../core/json/pointer.ts';
import { hasCode, ServiceError } from '../../core/records/errors.ts';
import { LIMITS } from '../../core/records/limits.ts';
import type { BackupRecord, OperationRecord, Reason } from '../../core/records/model.ts';
import { isFinished } from '../../core/records/status.ts';
import type { Job } from '../../ports/queue.ts';
import { anyBackup, liveBackup } from '../chains/live.ts';
import { readBackup } from '../chains/read-backup.ts';
import { heldText, takeRoom } from '../chains/readers.ts';
import { startReading } from '../chains/started.ts';
import { loadState, type ReadOptions, readText } from '../chains/state.ts';
import type {
  Caller,
  PointInTimeInput,
  RestoreInput,
  RestoreOutput,
  RestoreResult,
} from '../contract/api.ts';
import type { Deps } from '../contract/deps.ts';
import type { Text } from '../contract/text.ts';
import { commitWithJob, mayPass } from '../kit/jobs.ts';
import { noteRead } from '../kit/reads.ts';
import { cannotWrite } from './late-operations.ts';
import { findMoment, type Moment } from './moment.ts';
import { findOperation, insertionOf, type Tracker, trackOperation } from './operations.ts';

/** Parts of the way, in percent, at which loading ends and validation begins. */
const LOADED_PERCENT = 80;

/** When to ask anew for what is being worked on. */
const UNFINISHED_RETRY_SECONDS = 1;

/** Restores a backup. Throws ServiceError `backup_not_found`, `path_not_found`, `broken_chain` or `integrity_error`. */
export async function restoreBackup(deps: Deps, input: RestoreInput, caller: Caller): Promise<RestoreOutput> {
  const record = await findFor(deps, input.backupId, input.includeDeleted);
  return begin(deps, record, { ...input, ...caller }, input.targetResourceId);
}

/** A hidden backup only for who asks for it. */
function findFor(deps: Deps, id: string, includeDeleted = false): Promise<BackupRecord> {
  return includeDeleted ? anyBackup(deps, id) : liveBackup(deps, id);
}

/**
 * Restores the newest state accepted by an instant. Throws ServiceError `invalid_request` (the instant is ahead),
 * `resource_not_found`, or `snapshot_not_found` naming the earliest instant there is.
 */
export async function restorePointInTime(
  deps: Deps,
  input: PointInTimeInput,
  caller: Caller,
): Promise<RestoreOutput> {
  const { resourceId, at } = input;
  let reading = deps;
  const { record, moment } = await findMoment(deps, resourceId, at, '/timestamp', (way) => {
    if (!input.async) reading = startReading(deps, resourceId, way);
  });
  return begin(reading, record, { ...input, ...caller }, input.targetResourceId ?? resourceId, moment);
}

async function begin(
  deps: Deps,
  record: BackupRecord,
  input: Omit<RestoreInput, 'backupId' | 'targetResourceId'> & Caller,
  targetResourceId: string,
  moment?: Moment,
): Promise<RestoreOutput> {
  const now = deps.clock.now();
  const async = input.async || record.size > deps.options.syncBytesMax;
  const operation: OperationRecord = {
    id: await deps.catalog.allocateId('restore'),
    backupId: record.id,
    resourceId: record.resourceId,
    targetResourceId,
    type: moment === undefined ? 'full' : 'point_in_time',
    status: async ? 'queued' : 'in_progress',
    ...moment,
    ...(input.path === undefined ? {} : { path: input.path }),
    ...(input.includeDeleted === true ? { includeDeleted: true } : {}),
    validate: input.validate,
    validated: false,
    validationErrors: [],
    progress: 0,
    createdAt: now,
    createdBy: input.createdBy,
    actor: input.actor,
    ...(input.address === undefined ? {} : { address: input.address }),
    chainId: record.chainId,
    leaseUntil: now + LIMITS.operationMs,
    version: 1,
  };
  if (async && (await isQueued(deps, record, operation))) return { operation };
  const room = await takeRoom(deps, record);
  const tracker = trackOperation(deps, operation, 'at_once');
  try {
    const data = await settle(run(deps, record, tracker));
    if ('error' in data) throw await failWith(tracker, data.error);
    const completed = await tracker.complete(operation.validate);
    return { operation: completed, data: heldText(data.value, record.size, room) };
  } catch (error) {
    room.free();
    throw error;
  }
}

/**
 * Whether the operation was written down for a worker. Where nothing can be written, the answer is given in the call
 * instead, if it is small enough for one: to have it later is only a preference.
 */
async function isQueued(deps: Deps, { size }: BackupRecord, operation: OperationRecord): Promise<boolean> {
  const job: Job = { kind: 'restore', id: operation.id };
  const tracker = trackOperation(deps, operation, 'new');
  try {
    if (deps.jobsInCommits === undefined) await tracker.begin();
    else await commitWithJob(deps, insertionOf(deps, operation), job);
  } catch (error) {
    if (!cannotWrite(error) || deps.late === undefined || size > deps.options.syncBytesMax) throw error;
    const { id: operationId, backupId } = operation;
    deps.log.error('a restore is answered in the call', { operationId, backupId, error });
    return false;
  }
  if (deps.jobsInCommits !== undefined) return true;
  try {
    await deps.queue.send(job);
    return true;
  } catch (error) {
    await tracker.fail(['The operation could not be queued.']);
    throw error;
  }
}

/** Works on a queued operation. Resolves once it is final; what is final already stays as it is. */
export async function runRestoreJob(deps: Deps, operationId: string): Promise<OperationRecord> {
  const operation = await findOperation(deps, operationId);
  if (isFinished(operation)) return operation;
  const tracker = trackOperation(deps, operation, 'stored');
  const outcome = await settle(
    findFor(deps, operation.backupId, operation.includeDeleted).then((record) => run(deps, record, tracker)),
  );
  if ('error' in outcome) {
    // A dependency that is down is no fault of the backup: the queue delivers the job again.
    if (!(outcome.error instanceof ServiceError) || mayPass(outcome.error)) throw outcome.error;
    const { code, message } = outcome.error;
    return failLogged(deps, tracker, { code, detail: message });
  }
  await deps.transfers.results?.write(operation.id, outcome.value.chunks);
  return tracker.complete(operation.validate, deps.clock.now() + LIMITS.resultMs);
}

/** Fails a queued operation, unless it is final. Throws PortError from the catalog. */
export async function failRestore(deps: Deps, operationId: string, reason: Reason): Promise<void> {
  const operation = await deps.catalog.getOperation(operationId);
  if (operation !== undefined && !isFinished(operation))
    await failLogged(deps, trackOperation(deps, operation, 'stored'), reason);
}

/** Nobody waits for the answer: so the log has it. */
async function failLogged(
  { log }: Pick<Deps, 'log'>,
  tracker: Tracker,
  { code, detail }: Reason,
): Promise<OperationRecord> {
  const failed = await tracker.fail([detail]);
  const { id: operationId, resourceId, backupId } = failed;
  const facts = { operationId, resourceId, backupId, code, detail };
  // Deleted since it was asked for, or asked for a part that is not there: nothing is wrong with us.
  if (code === 'backup_not_found' || code === 'path_not_found') log.warn('restore failed', facts);
  else log.error('restore failed', facts);
  return failed;
}

/** The data of a completed operation: staged by the worker, or rebuilt and proven again. Throws ServiceError `result_unavailable`. */
export async function readResult(deps: Deps, operationId: string, caller: Caller): Promise<RestoreResult> {
  const operation = await findOperation(deps, operationId);
  if (!isFinished(operation)) {
    const detail = `Operation ${operationId} is not done yet; try again.`;
    throw new ServiceError('result_unavailable', detail, { retryAfterSeconds: UNFINISHED_RETRY_SECONDS });
  }
  if (operation.status !== 'completed' || operation.resultUntil === undefined) {
    throw new ServiceError('result_unavailable', `Operation ${operationId} has no result to fetch.`);
  }
  if (operation.resultUntil <= deps.clock.now()) {
    throw new ServiceError(
      'result_unavailable',
      `The result of ${operationId} is no longer kept; restore again.`,
    );
  }
  const { resourceId, backupId } = operation;
  const note = () => noteRead(deps, 'result.read', caller, { resourceId, backupId, operationId });
  const staged = await deps.transfers.results?.url(operationId, operation.resultUntil);
  if (staged !== undefined) {
    await note();
    return { url: staged };
  }
  // Also of a backup that was deleted since: the restore was done before, and its bytes are there for a while.
  const record = await deps.catalog.getBackup(operation.backupId);
  if (record === undefined) throw resultGone(operationId);
  const room = await takeRoom(deps, record);
  try {
    const text = await readPart(deps, record, operation.path, { isChecked: false });
    await note();
    return { data: heldText(text, record.size, room) };
  } catch (error) {
    room.free();
    const isHidden = record.deletedAt !== undefined;
    if (isHidden && hasCode(error, 'backup_not_found', 'broken_chain')) throw resultGone(operationId, error);
    throw error;
  }
}

function resultGone(operationId: string, cause?: unknown): ServiceError {
  const detail = `The backup that ${operationId} has restored has been removed since.`;
  return new ServiceError('result_unavailable', detail, { cause });
}

async function run(deps: Deps, record: BackupRecord, tracker: Tracker): Promise<Text> {
  const { path, validate } = tracker.current;
  tracker.advance('in_progress', 1);
  const onProgress = (done: number): void => tracker.advance('in_progress', done * LOADED_PERCENT);
  const text = await readPart(deps, record, path, { isChecked: validate, onProgress });
  if (validate) tracker.advance('validating', LOADED_PERCENT);
  return text;
}

/** The state, or the part of it at `path`. */
function readPart(
  deps: Deps,
  record: BackupRecord,
  path: string | undefined,
  options: ReadOptions,
): Promise<Text> {
  return readBackup(deps, record, async (current) => {
    if (path === undefined || path === '') {
      const { fault, ...text } = await readText(deps, current, options);
      demandSound(fault ?? (text.bytes === record.size ? undefined : 'The state is cut short.'));
      return text;
    }
    const { state } = await loadState(deps, current, options.onProgress);
    if (options.isChecked) demandSound(await findTextFault(deps.kernel, state.bytes));
    const part = await partOf(deps, state, path);
    return { bytes: part.length, chunks: [part] };
  });
}

function demandSound(fault: string | undefined): void {
  if (fault !== undefined) throw new ServiceError('integrity_error', fault);
}

async function partOf({ texts }: Deps, state: CanonicalText, path: string): Promise<Uint8Array> {
  const span = await texts.findSpan(state, parsePointer(path) ?? []);
  if (span === undefined) {
    const meant = pointerMeantBy(path);
    const isThere = meant && (await texts.findSpan(state, parsePointer(meant)!)) !== undefined;
    const hint = isThere ? ` Did you mean ${meant}?` : '';
    throw new ServiceError('path_not_found', `The state has nothing at that path.${hint}`, {
      errors: [{ pointer: '/path', detail: `Nothing is at ${path}.${hint}` }],
    });
  }
  return state.bytes.subarray(...span);
}

async function failWith(tracker: Tracker, error: unknown): Promise<unknown> {
  const reason = error instanceof ServiceError ? error.message : 'A dependency failed.';
  await tracker.fail([reason]);
  if (!(error instanceof ServiceError)) return error;
  const extra = { ...error.extra, operationId: tracker.current.id };
  return new ServiceError(error.code, error.message, { errors: error.errors, extra, cause: error });
}

type Outcome<T> = { value: T } | { error: unknown };

async function settle<T>(work: Promise<T>): Promise<Outcome<T>> {
  try {
    return { value: await work };
  } catch (error) {
    return { error };
  }
}

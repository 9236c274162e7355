// Makes the backups that were accepted as requests, and says what becomes of each: waiting, made or failed.

import { readState } from '../../core/json/body.ts';
import { isPacked, packingOf, type ScannedState } from '../../core/json/state-sink.ts';
import { ServiceError } from '../../core/records/errors.ts';
import { LIMITS } from '../../core/records/limits.ts';
import type { BackupRequest, Reason } from '../../core/records/model.ts';
import { isFinished } from '../../core/records/status.ts';
import { withNextState } from '../../core/records/timeline.ts';
import type { Change } from '../../ports/change.ts';
import { PortError } from '../../ports/errors.ts';
import { createRequested } from '../backups/create.ts';
import type { Deps } from '../contract/deps.ts';
import { collect } from '../kit/collect.ts';
import { event } from '../kit/events.ts';
import { mayPass } from '../kit/jobs.ts';
import { findUpload } from './upload.ts';

/** Where the work stands once the upload has been read, in percent. */
const READ_PERCENT = 50;

/**
 * Makes the backup that was asked for. Resolves once the request is final; one that is already stays as it is.
 * A throw is no fault of the request, and may go better later.
 */
export async function runBackupRequest(deps: Deps, id: string): Promise<void> {
  const { catalog, transfers } = deps;
  const request = await catalog.getRequest(id);
  if (request === undefined) throw new PortError('not_found', `no backup ${id} was asked for`);
  if (isFinished(request)) return;
  // While it waits for something nothing is written before it is made: a full disk has no room for that.
  const isWaiting = request.waiting !== undefined;
  const begun = { status: 'in_progress', progress: Math.max(1, request.progress) } as const;
  let current = isWaiting ? request : await move(deps, request, begun);
  try {
    // A worker of the first release that died after its commit: the backup is there, only the request does not say so yet.
    if ((await catalog.getBackup(id)) === undefined) {
      const state = await readUpload(deps, current);
      try {
        if (!isWaiting) current = await move(deps, current, { progress: READ_PERCENT });
        await createRequested(deps, current, state);
      } finally {
        if (isPacked(state)) await state.discard();
      }
    } else await move(deps, current, { status: 'completed', progress: 100 });
  } catch (error) {
    if (!(error instanceof ServiceError) || mayPass(error)) throw error;
    await fail(deps, current, { code: error.code, detail: error.message });
    return;
  }
  deps.waits?.delete(id);
  await transfers.discardUpload(current.uploadId);
}

/** Fails a request, unless it is final. Throws PortError from the catalog. */
export async function failRequest(deps: Deps, id: string, reason: Reason): Promise<void> {
  const request = await deps.catalog.getRequest(id);
  if (request === undefined || isFinished(request)) return;
  await fail(deps, request, reason);
}

async function fail(deps: Deps, request: BackupRequest, failure: Reason): Promise<void> {
  const { id, resourceId } = request;
  await move(deps, request, { status: 'failed', failure });
  deps.waits?.delete(id);
  deps.log.error('backup failed', { backupId: id, resourceId, ...failure });
}

/**
 * Says what a request waits for, and resolves with since when; where that cannot be written down, this process knows it. What
 * waits for the same as before is written anew only now and then. Never throws.
 */
export async function noteWaiting(deps: Deps, id: string, reason: Reason): Promise<number> {
  const { catalog, clock, log, waits } = deps;
  const now = clock.now();
  let since = waits?.get(id)?.since ?? now;
  try {
    const request = await catalog.getRequest(id);
    if (request === undefined || isFinished(request)) return since;
    const { waiting, sentAt = 0 } = request;
    since = waiting?.since ?? since;
    const isSaid = waiting?.code === reason.code && request.status === 'pending';
    if (isSaid && now - sentAt < LIMITS.jobLostMs / 3 && sentAt <= now) return since;
    // Also that its job is there, so that none is sent beside it.
    await move(deps, request, { status: 'pending', waiting: { ...reason, since }, sentAt: now });
    waits?.delete(id);
  } catch (error) {
    waits?.set(id, { ...reason, since });
    log.warn('what a backup waits for cannot be written down', { backupId: id, ...reason, error });
  }
  return since;
}

/**
 * After a restart: nobody works on what was in progress; its jobs come back. What the first release accepted has no place in
 * the order of states yet: it gets one now, in order of acceptance.
 */
export async function reopenRequests(deps: Deps): Promise<void> {
  for (const request of await collect((page) => deps.catalog.unfinishedRequests(page))) {
    if (request.sequence === undefined && !request.ifChanged) await giveSequence(deps, request);
    else if (request.status === 'in_progress') await move(deps, request, { status: 'pending' });
  }
}

async function giveSequence(deps: Deps, request: BackupRequest): Promise<void> {
  const { catalog, clock } = deps;
  const { id, resourceId, createdAt, actor, version, progress } = request;
  const head = withNextState(await catalog.getHead(resourceId), resourceId, createdAt);
  const { sequence } = head;
  const record: BackupRequest = { ...request, status: 'pending', sequence, version: version + 1 };
  await catalog.commit([
    { kind: 'head.put', head, expect: head.version - 1 },
    { kind: 'request.update', record, expect: version },
    event(
      deps,
      'backup.request_progressed',
      clock.now(),
      { actor },
      {
        resourceId,
        backupId: id,
        detail: { status: 'pending', progress, sequence },
      },
    ),
  ]);
}

type Progress = Pick<BackupRequest, 'status' | 'progress' | 'failure' | 'waiting' | 'sentAt'>;

/** One step of a request, on the version before; it waits for nothing, unless the step says so. */
async function move(
  deps: Pick<Deps, 'catalog' | 'clock' | 'random'>,
  request: BackupRequest,
  step: Partial<Progress>,
): Promise<BackupRequest> {
  const { catalog, clock } = deps;
  const { waiting: _past, ...rest } = request;
  const now = clock.now();
  const leaseUntil = now + LIMITS.jobVisibilityMs;
  const record: BackupRequest = { ...rest, ...step, leaseUntil, version: request.version + 1 };
  const { id, resourceId, status, progress, actor } = record;
  const reason = record.failure ?? record.waiting;
  await catalog.commit([
    { kind: 'request.update', record, expect: request.version },
    event(
      deps,
      'backup.request_progressed',
      now,
      { actor },
      {
        resourceId,
        backupId: id,
        detail: { status, progress, ...(reason === undefined ? {} : { code: reason.code }) },
      },
    ),
    ...(record.failure === undefined ? [] : [failedFor(deps, record, record.failure, now)]),
  ]);
  return record;
}

/** As of one that fails in a call. */
function failedFor(
  deps: Pick<Deps, 'random'>,
  { id: backupId, resourceId, actor }: BackupRequest,
  { code }: Reason,
  now: number,
): Change {
  return event(deps, 'backup.failed', now, { actor }, { resourceId, backupId, detail: { code, count: 1 } });
}

async function readUpload(
  deps: Deps,
  { uploadId, uploadMark, requestedType }: BackupRequest,
): Promise<ScannedState> {
  const { bytes, body } = await findUpload(deps, uploadId, uploadMark);
  return readState(deps.kernel, body, {
    bytesMax: deps.options.uploadBytesMax,
    sizeHint: bytes,
    packing: {
      ...packingOf(deps.options.memory, deps.scratch),
      isTextWanted: () => requestedType !== 'full',
    },
  });
}

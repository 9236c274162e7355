// Backups by upload: a place to PUT a state, and requests that name it. What becomes of them is request-run's.

import { demandInOrder } from '../../core/records/as-of.ts';
import { ServiceError } from '../../core/records/errors.ts';
import type {
  BackupRecord,
  BackupRequest,
  IdempotencyRecord,
  RequestStatus,
} from '../../core/records/model.ts';
import { isFinished } from '../../core/records/status.ts';
import { withNextState } from '../../core/records/timeline.ts';
import type { Page, PageRequest } from '../../ports/pages.ts';
import { refuseUnencrypted } from '../backups/create.ts';
import { hideBackup } from '../backups/hide.ts';
import { liveBackup, noBackup } from '../chains/live.ts';
import type { Caller, RequestBackupInput } from '../contract/api.ts';
import type { Deps } from '../contract/deps.ts';
import { retryOnConflict } from '../kit/conflict.ts';
import { event } from '../kit/events.ts';
import { findEarlier, type KeyUse, rememberAnswer, useOf } from '../kit/idempotency.ts';
import { commitWithJob } from '../kit/jobs.ts';
import { demandTrust, refuseUntrusted } from '../kit/trust.ts';
import { findUpload } from './upload.ts';

export interface Requested {
  /** The backup itself, if this is an earlier request that has been completed since. */
  request: BackupRequest | BackupRecord;
  replayed: boolean;
  /** The backup was there already, with the very state that came. */
  unchanged?: true;
}

/**
 * Takes a request on, or shows what has become of an earlier one. Throws ServiceError `encryption_required`,
 * `upload_not_found`, `upload_taken`, `idempotency_key_reused`, or `backup_not_found` (made under this key, deleted since).
 */
export function requestBackup(deps: Deps, input: RequestBackupInput, caller: Caller): Promise<Requested> {
  const { idempotencyKey, ...asked } = input;
  const { resourceId } = asked;
  const use = useOf(idempotencyKey, caller, resourceId, asked);
  const attempt = async (): Promise<Requested> => {
    const { answer, isUnchanged, replaces } = await findEarlier(deps, use);
    if (answer === undefined)
      return { request: await takeOn(deps, asked, caller, use, replaces), replayed: false };
    await sendAgain(deps, answer);
    return { request: withWait(deps, answer), replayed: true, ...(isUnchanged ? { unchanged: true } : {}) };
  };
  // Behind the creates that are under way: each of them would have to be built anew for the place that this one takes.
  return deps.gate.run(resourceId, () => retryOnConflict(`Resource ${resourceId}`, attempt));
}

/** The first time may have failed between the commit and the queue. A job too many finds its work done. */
async function sendAgain(
  { queue, jobsInCommits }: Deps,
  { id, status }: BackupRequest | BackupRecord,
): Promise<void> {
  if (status === 'pending' && jobsInCommits === undefined) await queue.send({ kind: 'backup', id });
}

async function takeOn(
  deps: Deps,
  input: Omit<RequestBackupInput, 'idempotencyKey'>,
  caller: Caller,
  use: KeyUse | undefined,
  replaces: IdempotencyRecord | undefined,
): Promise<BackupRequest> {
  const { catalog, clock } = deps;
  await refuseUntrusted(deps);
  refuseUnencrypted(deps, input.encrypt);
  const [head, taken, { mark }] = await Promise.all([
    catalog.getHead(input.resourceId),
    catalog.requestOfUpload(input.uploadId),
    findUpload(deps, input.uploadId),
    demandTrust(deps),
  ]);
  if (taken !== undefined) throw uploadTaken(taken);
  const now = clock.now();
  const behindMs = deps.clockWatch.behindMs();
  const { type, asOf, ifChanged, acceptUnusual, ...asked } = input;
  if (asOf !== undefined) demandInOrder(asOf, head?.createdAt, now);
  // Its place in the order of states is given now: what is accepted later comes later, whichever is made first. Nothing is known yet
  // of one that may be no new state at all.
  const next = ifChanged ? undefined : withNextState(head, input.resourceId, asOf ?? now);
  const request: BackupRequest = {
    ...asked,
    id: await catalog.allocateId('backup'),
    ...(asOf === undefined ? {} : { asOf }),
    ...(ifChanged ? { ifChanged } : {}),
    ...(acceptUnusual ? { acceptUnusual } : {}),
    ...(next === undefined ? {} : { sequence: next.sequence }),
    requestedType: type,
    uploadMark: mark,
    status: 'pending',
    progress: 0,
    ...caller,
    createdAt: now,
    ...(behindMs > 0 ? { behindMs } : {}),
    leaseUntil: now,
    version: 1,
  };
  const { id, resourceId } = request;
  await commitWithJob(
    deps,
    [
      ...(next === undefined ? [] : [{ kind: 'head.put', head: next, expect: next.version - 1 } as const]),
      { kind: 'request.insert', record: request },
      event(deps, 'backup.requested', now, caller, { resourceId, backupId: id }),
      ...(use === undefined ? [] : [rememberAnswer(use, request, now, replaces)]),
    ],
    { kind: 'backup', id },
  );
  return request;
}

function uploadTaken({ id, uploadId }: BackupRequest): ServiceError {
  const detail = `${id} is made of this upload; another backup needs an upload of its own.`;
  return new ServiceError('upload_taken', detail, {
    errors: [{ pointer: '/uploadId', detail: `Upload ${uploadId} belongs to ${id}.` }],
    extra: { backupId: id },
  });
}

/**
 * The backup or, while one by upload is not there yet or has failed, its request; of one whose state was there already, the backup that has it.
 * Throws ServiceError `backup_not_found`.
 */
export async function findBackup(deps: Deps, id: string): Promise<BackupRecord | BackupRequest> {
  const record = await deps.catalog.getBackup(id);
  if (record !== undefined && record.deletedAt === undefined) return record;
  const request = record === undefined ? await deps.catalog.getRequest(id) : undefined;
  // It may have become the backup since that was asked for.
  if (request?.status === 'completed') return liveBackup(deps, request.sameAs ?? id);
  if (request === undefined || !isShown(request)) throw noBackup(id);
  return withWait(deps, request);
}

/** The request of that id, if it is one that can be seen: not completed, not deleted. */
async function openRequest(
  { catalog }: Pick<Deps, 'catalog'>,
  id: string,
): Promise<BackupRequest | undefined> {
  const request = await catalog.getRequest(id);
  return request !== undefined && isShown(request) ? request : undefined;
}

function isShown({ status, deletedAt }: BackupRequest): boolean {
  return status !== 'completed' && deletedAt === undefined;
}

/** Requests of one status, newest first. */
export async function listRequests(
  deps: Deps,
  request: PageRequest & { status: RequestStatus; resourceId?: string },
): Promise<Page<BackupRequest>> {
  const { items, ...page } = await deps.catalog.listRequests(request);
  return { ...page, items: items.map((item) => withWait(deps, item)) };
}

/** What could not be written down is known to this process alone. */
function withWait<T extends BackupRequest | BackupRecord>({ waits }: Pick<Deps, 'waits'>, found: T): T {
  const waiting = waits?.get(found.id);
  if (waiting === undefined || isFinished(found)) return found;
  return { ...found, status: 'pending', waiting };
}

/**
 * Hides a backup, calls off a request that is not done, or takes one that has failed out of sight. Throws like `hideBackup`.
 */
export async function deleteBackup(deps: Deps, id: string, caller: Caller): Promise<void> {
  const record = await deps.catalog.getBackup(id);
  const request = record === undefined ? await openRequest(deps, id) : undefined;
  if (request === undefined) await hideBackup(deps, id, 'deleted', caller);
  else await deleteRequest(deps, id, caller);
}

async function deleteRequest(deps: Deps, id: string, caller: Caller): Promise<void> {
  const { catalog, clock, transfers } = deps;
  const uploadId = await retryOnConflict(`Backup ${id}`, async () => {
    const request = await openRequest(deps, id);
    // Completed in the meantime: it is a backup now.
    if (request === undefined) {
      await hideBackup(deps, id, 'deleted', caller);
      return undefined;
    }
    const now = clock.now();
    const { resourceId, status, failure, version, waiting: _waiting, ...rest } = request;
    const record: BackupRequest = {
      ...rest,
      resourceId,
      status: 'failed',
      failure: failure ?? { code: 'cancelled', detail: 'It was deleted before it was made.' },
      deletedAt: now,
      version: version + 1,
    };
    await catalog.commit([
      { kind: 'request.update', record, expect: version },
      event(deps, 'backup.deleted', now, caller, { resourceId, backupId: id, detail: { status } }),
    ]);
    return status === 'failed' ? undefined : request.uploadId;
  });
  deps.waits?.delete(id);
  if (uploadId !== undefined) await transfers.discardUpload(uploadId);
}

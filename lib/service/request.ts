// Backups by upload: a place to PUT a state, a request that names it, and the work in the background.

import { randomBytes } from 'node:crypto';
import { ServiceError } from '../core/errors.ts';
import { readState } from '../core/json/body.ts';
import { isPacked, packingOf, type ScannedState } from '../core/json/state-sink.ts';
import { LIMITS } from '../core/limits.ts';
import type { BackupRecord, BackupRequest } from '../core/model.ts';
import { withNextState } from '../core/timeline.ts';
import { type Change, PortError } from '../ports.ts';
import type { Caller, RequestBackupInput, Upload } from './api.ts';
import { retryOnConflict } from './conflict.ts';
import { createRequested, refuseUnencrypted } from './create.ts';
import type { Deps } from './deps.ts';
import { event } from './events.ts';
import { noBackup } from './hide.ts';
import { findEarlier, fingerprint, rememberAnswer } from './idempotency.ts';
import { demandTrust } from './trust.ts';

const UPLOAD_ID = /^[0-9a-f]{32}$/;
/** Where the work stands once the upload has been read, in percent. */
const READ_PERCENT = 50;

/** A URL that takes the state. */
export async function createUpload({ transfers, clock, options }: Deps): Promise<Upload> {
  const uploadId = randomBytes(16).toString('hex');
  const expiresAt = clock.now() + LIMITS.uploadMs;
  const bytesMax = options.uploadBytesMax;
  const { url } = await transfers.createUpload(uploadId, { expiresAt, bytesMax });
  return { uploadId, url, expiresAt, bytesMax };
}

export interface Requested {
  request: BackupRequest;
  replayed: boolean;
}

/** Takes a request on. Throws ServiceError `encryption_required`, `upload_not_found` or `idempotency_key_reused`. */
export function requestBackup(deps: Deps, input: RequestBackupInput, caller: Caller): Promise<Requested> {
  const { idempotencyKey: key, ...asked } = input;
  const print = fingerprint(asked);
  const take = () =>
    retryOnConflict(`Resource ${asked.resourceId}`, async () => {
      const earlier = await findEarlier<BackupRequest>(deps, key, print);
      if (earlier !== undefined) {
        await sendAgain(deps, earlier.id);
        return { request: earlier, replayed: true };
      }
      const remember = (request: BackupRequest): Change[] =>
        key === undefined ? [] : [rememberAnswer(key, print, request, deps.clock.now())];
      return { request: await takeOn(deps, asked, caller, remember), replayed: false };
    });
  // Behind the creates that are under way: each of them would have to be built anew for the place that this one takes.
  return deps.gate.run(asked.resourceId, take);
}

/** The first time may have failed between the commit and the queue. A job too many finds its work done. */
async function sendAgain({ catalog, queue }: Deps, id: string): Promise<void> {
  if ((await catalog.getRequest(id))?.status === 'pending') await queue.send({ kind: 'backup', id });
}

async function takeOn(
  deps: Deps,
  input: Omit<RequestBackupInput, 'idempotencyKey'>,
  caller: Caller,
  remember: (request: BackupRequest) => Change[],
): Promise<BackupRequest> {
  const { catalog, clock, queue } = deps;
  demandTrust(deps);
  refuseUnencrypted(deps, input.encrypt);
  const [head] = await Promise.all([catalog.getHead(input.resourceId), findUpload(deps, input.uploadId)]);
  const now = clock.now();
  // Its place in the order of states is given now: what is accepted later comes later, whichever is made first.
  const next = withNextState(head, input.resourceId, now);
  const { type, ...asked } = input;
  const request: BackupRequest = {
    ...asked,
    id: await catalog.allocateId('backup'),
    sequence: next.sequence,
    requestedType: type,
    status: 'pending',
    progress: 0,
    actor: caller.actor,
    createdAt: now,
    leaseUntil: now + LIMITS.operationMs,
    version: 1,
  };
  const { id, resourceId } = request;
  await catalog.commit([
    { kind: 'head.put', head: next, expect: next.version - 1 },
    { kind: 'request.insert', record: request },
    event('backup.requested', now, caller.actor, { resourceId, backupId: id }),
    ...remember(request),
  ]);
  await queue.send({ kind: 'backup', id });
  return request;
}

/** The backup or, while one by upload is not there yet or has failed, its request. Throws ServiceError `backup_not_found`. */
export async function findBackup(deps: Deps, id: string): Promise<BackupRecord | BackupRequest> {
  const record = await deps.catalog.getBackup(id);
  if (record !== undefined && record.deletedAt === undefined) return record;
  const request = record === undefined ? await deps.catalog.getRequest(id) : undefined;
  if (request === undefined || request.status === 'completed') throw noBackup(id);
  return request;
}

/**
 * Makes the backup that was asked for. Resolves once the request is final; one that is already stays as it is.
 * A throw is a dependency's fault, and may go better later.
 */
export async function runBackupRequest(deps: Deps, id: string): Promise<void> {
  const { catalog, transfers } = deps;
  const request = await catalog.getRequest(id);
  if (request === undefined) throw new PortError('not_found', `no backup ${id} was asked for`);
  if (request.status === 'completed' || request.status === 'failed') return;
  let current = await move(deps, request, { status: 'in_progress', progress: Math.max(1, request.progress) });
  try {
    // A worker that died after its commit: the backup is there, only the request does not say so yet.
    if ((await catalog.getBackup(id)) === undefined) {
      const state = await readUpload(deps, current);
      try {
        current = await move(deps, current, { progress: READ_PERCENT });
        await createRequested(deps, current, state);
      } finally {
        if (isPacked(state)) await state.release();
      }
    } else await move(deps, current, { status: 'completed', progress: 100 });
  } catch (error) {
    if (!(error instanceof ServiceError) || error.code === 'write_conflict') throw error;
    const failure = { code: error.code, detail: error.message };
    await move(deps, current, { status: 'failed', failure });
    return;
  }
  await transfers.discardUpload(current.uploadId);
}

/** Fails a request that nobody works on any more. */
export async function failRequest(
  deps: Pick<Deps, 'catalog' | 'clock'>,
  request: BackupRequest,
): Promise<void> {
  const failure = { code: 'internal_error', detail: 'The request ran out of time.' };
  await move(deps, request, { status: 'failed', failure });
}

async function move(
  { catalog, clock }: Pick<Deps, 'catalog' | 'clock'>,
  request: BackupRequest,
  change: Partial<BackupRequest>,
): Promise<BackupRequest> {
  const record = { ...request, ...change, version: request.version + 1 };
  const { id, resourceId, status, progress, actor } = record;
  await catalog.commit([
    { kind: 'request.update', record, expect: request.version },
    event('backup.request_progressed', clock.now(), actor, {
      resourceId,
      backupId: id,
      detail: { status, progress },
    }),
  ]);
  return record;
}

async function readUpload(deps: Deps, { uploadId, requestedType }: BackupRequest): Promise<ScannedState> {
  const { bytes, body } = await findUpload(deps, uploadId);
  return readState(body, {
    bytesMax: deps.options.uploadBytesMax,
    sizeHint: bytes,
    packing: {
      ...packingOf(deps.options.memory, deps.scratch),
      isTextWanted: () => requestedType !== 'full',
    },
  });
}

async function findUpload({ transfers }: Deps, uploadId: string) {
  if (!UPLOAD_ID.test(uploadId)) throw noUpload(uploadId);
  try {
    return await transfers.readUpload(uploadId);
  } catch (error) {
    if (error instanceof PortError && error.code === 'not_found') throw noUpload(uploadId, error);
    if (error instanceof PortError && error.code === 'integrity') {
      throw new ServiceError('payload_too_large', 'The upload is larger than it was allowed to be.', {
        cause: error,
      });
    }
    throw error;
  }
}

function noUpload(uploadId: string, cause?: unknown): ServiceError {
  return new ServiceError(
    'upload_not_found',
    'Nothing has been uploaded under this id; PUT the state first.',
    {
      errors: [{ pointer: '/uploadId', detail: `There is no upload ${uploadId}.` }],
      cause,
    },
  );
}

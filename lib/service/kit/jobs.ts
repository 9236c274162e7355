// Jobs: how they are sent with what they are about, what they wait for when they fail, and how lost ones are sent again.

import { hasCode, ServiceError } from '../../core/records/errors.ts';
import { LIMITS } from '../../core/records/limits.ts';
import type { OperationRecord, Reason } from '../../core/records/model.ts';
import type { Change } from '../../ports/change.ts';
import { PortError } from '../../ports/errors.ts';
import type { Job } from '../../ports/queue.ts';
import type { Deps } from '../contract/deps.ts';
import { pages } from './collect.ts';
import { type EventDeps, event } from './events.ts';

type JobDeps = Pick<Deps, 'catalog' | 'queue' | 'jobsInCommits'>;

/** Commits and sends the job: in one where the home can. Throws PortError from either; then the job may be lost, see `resumeJobs`. */
export async function commitWithJob(deps: JobDeps, changes: Change[], job: Job): Promise<void> {
  const { catalog, queue, jobsInCommits } = deps;
  if (jobsInCommits !== undefined) {
    await catalog.commit([...changes, { kind: 'job.send', job }]);
    jobsInCommits.tell();
    return;
  }
  await catalog.commit(changes);
  await queue.send(job);
}

/** Whether trying again later may help, without anybody sending anything else. */
export function mayPass(error: unknown): boolean {
  if (error instanceof PortError) return ['unavailable', 'denied', 'conflict'].includes(error.code);
  return (
    error instanceof ServiceError &&
    (error.status === 503 || hasCode(error, 'write_conflict', 'too_many_requests'))
  );
}

const DETAILS: Record<string, string> = {
  disk_full: 'The disk is full; it goes on by itself once there is room.',
  read_only: 'The store can only be read; it goes on by itself once it can be written.',
  dependency_unavailable: 'A part of the service does not answer; it goes on by itself once that does.',
};

/** What the work waits for, in the words of an answer. */
export function reasonOf(error: unknown): Reason {
  if (error instanceof ServiceError) return { code: error.code, detail: error.message };
  const code = (error instanceof PortError && error.reason) || 'dependency_unavailable';
  return { code, detail: DETAILS[code] ?? DETAILS.dependency_unavailable! };
}

/**
 * Sends jobs again that seem to be lost: of requests and restores that nobody has touched for long. A job too many finds its
 * work done. Resolves with how many were sent. Throws PortError.
 */
export async function resumeJobs(deps: JobDeps & Pick<Deps, 'clock' | 'random'>): Promise<number> {
  const { catalog, clock } = deps;
  const now = clock.now();
  // A time that lies ahead was written by a clock that has gone back since.
  const isLost = (seenAt: number): boolean => now - seenAt > LIMITS.jobLostMs || seenAt > now;
  let sent = 0;
  const again = async (changes: Change[], job: Job): Promise<void> => {
    try {
      await commitWithJob(deps, changes, job);
      sent++;
    } catch (error) {
      // Somebody has just moved it on: then it is not lost.
      if (!(error instanceof PortError && error.code === 'conflict')) throw error;
    }
  };
  for await (const request of pages((page) => catalog.unfinishedRequests(page))) {
    const isWorkedOn = request.status === 'in_progress' && request.leaseUntil > now;
    if (isWorkedOn || !isLost(request.sentAt ?? request.createdAt)) continue;
    const { id, resourceId, version, status, progress, actor } = request;
    const record = { ...request, sentAt: now, version: version + 1 };
    const detail = { status, progress, sentAgain: true };
    await again(
      [
        { kind: 'request.update', record, expect: version },
        event(deps, 'backup.request_progressed', now, { actor }, { resourceId, backupId: id, detail }),
      ],
      { kind: 'backup', id },
    );
  }
  for await (const operation of pages((page) => catalog.unfinishedOperations(page))) {
    if (operation.status !== 'queued' || operation.leaseUntil <= now) continue;
    if (!isLost(operation.sentAt ?? operation.createdAt)) continue;
    await again(sentAgain(deps, operation, now), { kind: 'restore', id: operation.id });
  }
  return sent;
}

function sentAgain(deps: EventDeps, operation: OperationRecord, now: number): Change[] {
  const { id, resourceId, backupId, version, createdBy, actor = 'unknown', progress } = operation;
  const record = { ...operation, sentAt: now, version: version + 1 };
  const detail = { progress, createdBy, sentAgain: true };
  return [
    { kind: 'operation.update', record, expect: version },
    event(deps, 'restore.progressed', now, { actor }, { resourceId, backupId, operationId: id, detail }),
  ];
}

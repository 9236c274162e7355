// A restore operation's life: queued -> in_progress -> validating -> completed or failed, with progress that never falls.

import { ServiceError } from '../core/errors.ts';
import type { AuditAction, OperationRecord, OperationStatus } from '../core/model.ts';
import { type Change, PortError } from '../ports.ts';
import { pages } from './collect.ts';
import type { Deps } from './deps.ts';
import { event } from './events.ts';

type OperationDeps = Pick<Deps, 'catalog' | 'clock'>;

/** Progress is written at most this often: it informs, it decides nothing. */
const PROGRESS_EVERY_MS = 500;

const FINAL: readonly OperationStatus[] = ['completed', 'failed'];

export function isFinal({ status }: OperationRecord): boolean {
  return FINAL.includes(status);
}

/** Throws ServiceError `operation_not_found`. */
export async function findOperation({ catalog }: OperationDeps, id: string): Promise<OperationRecord> {
  const operation = await catalog.getOperation(id);
  if (operation === undefined) throw new ServiceError('operation_not_found', `There is no operation ${id}.`);
  return operation;
}

/** One writer's hold on an operation; its writes follow each other, each on the version before. */
export interface Tracker {
  readonly current: OperationRecord;
  /** Inserts the operation; resolves when it is durable. */
  begin(): Promise<void>;
  /** Moves on. Written when the status changes after a while, or now and then; a lost write of progress is no loss. */
  advance(status: 'in_progress' | 'validating', progress: number): void;
  complete(validated: boolean, resultUntil?: number): Promise<OperationRecord>;
  fail(reasons: string[]): Promise<OperationRecord>;
}

/** Tracks an operation: a new one (call `begin`) or one that was stored before. */
export function trackOperation(deps: OperationDeps, operation: OperationRecord, stored: boolean): Tracker {
  const { catalog, clock } = deps;
  let current = operation;
  let writing: Promise<void> = Promise.resolve();
  let writtenAt = performance.now();

  const write = async (next: OperationRecord, action: AuditAction): Promise<void> => {
    const expect = next.version;
    const record = { ...next, version: expect + 1 };
    await catalog.commit([
      { kind: 'operation.update', record, expect },
      aboutOf(action, clock.now(), record),
    ]);
    current = { ...current, version: record.version };
  };

  const end = async (changes: Partial<OperationRecord>, action: AuditAction): Promise<OperationRecord> => {
    await writing;
    const completedAt = Math.max(clock.now(), current.createdAt);
    await write({ ...current, ...changes, completedAt }, action);
    current = { ...current, ...changes, completedAt };
    return current;
  };

  return {
    get current() {
      return current;
    },
    async begin() {
      if (stored) return;
      writing = catalog.commit(insertionOf(current));
      await writing;
    },
    advance(status, progress) {
      const whole = Math.floor(progress);
      current = { ...current, status, progress: Math.max(current.progress, Math.min(99, whole)) };
      if (performance.now() - writtenAt < PROGRESS_EVERY_MS) return;
      writtenAt = performance.now();
      writing = writing.then(() => write(current, 'restore.progressed'));
      // Awaited by whoever ends the operation; until then a failure must not count as unhandled.
      writing.catch(() => undefined);
    },
    complete(validated, resultUntil) {
      const done = { status: 'completed', progress: 100, validated } as const;
      return end({ ...done, ...(resultUntil === undefined ? {} : { resultUntil }) }, 'restore.completed');
    },
    fail(reasons) {
      return end({ status: 'failed', validated: false, validationErrors: reasons }, 'restore.failed');
    },
  };
}

/** What a new operation is stored with. */
export function insertionOf(operation: OperationRecord): Change[] {
  return [
    { kind: 'operation.insert', record: operation },
    aboutOf('restore.requested', operation.createdAt, operation),
  ];
}

/** Of operations that were stored before their actor was: anybody may have called himself what `createdBy` says. */
const UNKNOWN_ACTOR = 'unknown';

/** What a caller calls himself stands beside who he was found to be, never in its place. */
function aboutOf(action: AuditAction, at: number, operation: OperationRecord) {
  const { id, resourceId, backupId, createdBy, actor = UNKNOWN_ACTOR, progress } = operation;
  const detail = { progress, createdBy };
  return event(action, at, actor, { resourceId, backupId, operationId: id, detail });
}

/**
 * Fails what nobody works on any more: its lease has run out, or, with `interrupted`, its process has died
 * (what is still queued is left to the workers).
 */
export async function failAbandoned(
  deps: OperationDeps & Pick<Deps, 'log'>,
  options: { interrupted: boolean },
): Promise<number> {
  const { catalog, clock, log } = deps;
  let failed = 0;
  for await (const operation of pages((page) => catalog.unfinishedOperations(page))) {
    const dead = options.interrupted && operation.status !== 'queued';
    if (!dead && operation.leaseUntil > clock.now()) continue;
    const reason = dead ? 'The service stopped while it worked on this.' : 'The operation ran out of time.';
    try {
      await trackOperation(deps, operation, true).fail([reason]);
      const { id: operationId, resourceId, backupId } = operation;
      log.error('restore failed', { operationId, resourceId, backupId, code: 'abandoned', detail: reason });
      failed++;
    } catch (error) {
      // Somebody has just moved it on: then it is not abandoned.
      if (!(error instanceof PortError && error.code === 'conflict')) throw error;
    }
  }
  return failed;
}

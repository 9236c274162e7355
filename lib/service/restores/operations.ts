// A restore operation's life: queued -> in_progress -> validating -> completed or failed, with progress that never falls.

import { ServiceError } from '../../core/records/errors.ts';
import type { AuditAction, OperationRecord } from '../../core/records/model.ts';
import type { Change } from '../../ports/change.ts';
import { PortError } from '../../ports/errors.ts';
import type { Deps } from '../contract/deps.ts';
import { pages } from '../kit/collect.ts';
import { callerOf, type EventDeps, event } from '../kit/events.ts';
import { cannotWrite } from './late-operations.ts';

type OperationDeps = Pick<Deps, 'catalog' | 'clock' | 'late' | 'log' | 'random'>;

/** Progress is written at most this often: it informs, it decides nothing. */
const PROGRESS_EVERY_MS = 500;

/** Throws ServiceError `operation_not_found`. */
export async function findOperation(
  { catalog, late }: Pick<Deps, 'catalog' | 'late'>,
  id: string,
): Promise<OperationRecord> {
  const operation = late?.find(id) ?? (await catalog.getOperation(id));
  if (operation === undefined) throw noOperation(id);
  return operation;
}

export function noOperation(id: string): ServiceError {
  return new ServiceError('operation_not_found', `There is no operation ${id}.`);
}

/** One writer's hold on an operation; its writes follow each other, each on the version before. */
export interface Tracker {
  readonly current: OperationRecord;
  /** Inserts one that is `new`; resolves when it is durable. */
  begin(): Promise<void>;
  /** Moves on. Written when the status changes after a while, or now and then; a lost write of progress is no loss. */
  advance(status: 'in_progress' | 'validating', progress: number): void;
  complete(validated: boolean, resultUntil?: number): Promise<OperationRecord>;
  fail(reasons: string[]): Promise<OperationRecord>;
}

/**
 * `new`: somebody else may go on with it, so it is stored before it begins. `at_once`: it is over when its call is answered, so it is stored
 * once, as what has come of it; where nothing can be written now, that may be later. `stored`: it stands already.
 */
export type Standing = 'new' | 'at_once' | 'stored';

/** Tracks an operation. */
export function trackOperation(deps: OperationDeps, operation: OperationRecord, standing: Standing): Tracker {
  const { catalog, clock, late, log } = deps;
  let current = operation;
  let writing: Promise<void> = Promise.resolve();
  let writtenAt = clock.monotonic();
  const isAtOnce = standing === 'at_once';
  /** Whether it has come to being written down later. */
  let isLate = false;
  // Until it is over it holds its chain, as far as this process goes.
  if (isAtOnce) late?.keep(current, false);

  const write = async (next: OperationRecord, action: AuditAction): Promise<void> => {
    const expect = next.version;
    const record = { ...next, version: expect + 1 };
    await catalog.commit([
      { kind: 'operation.update', record, expect },
      aboutOf(deps, action, clock.now(), record),
    ]);
    current = { ...current, version: record.version };
  };

  const end = async (changes: Partial<OperationRecord>, action: AuditAction): Promise<OperationRecord> => {
    await writing;
    const completedAt = Math.max(clock.now(), current.createdAt);
    const over = { ...current, ...changes, completedAt };
    if (isAtOnce) await orLate(() => catalog.commit(wholeOf(deps, over)));
    else await write(over, action);
    current = { ...current, ...changes, completedAt };
    if (isLate) late?.keep(current, true);
    else late?.drop(current.id);
    return current;
  };

  /** What cannot be written now is no reason to keep a state from whoever asks for it. */
  const orLate = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      // It may stand already, by an attempt whose answer was lost.
      const isThere = error instanceof PortError && error.change === 'operation.insert';
      if (late === undefined || !(isThere || cannotWrite(error))) throw error;
      isLate = true;
      const { id, backupId } = current;
      log.error('a restore is written down later', { operationId: id, backupId, error });
    }
  };

  return {
    get current() {
      return current;
    },
    async begin() {
      if (standing !== 'new') return;
      writing = catalog.commit(insertionOf(deps, current));
      await writing;
    },
    advance(status, progress) {
      const whole = Math.floor(progress);
      current = { ...current, status, progress: Math.max(current.progress, Math.min(99, whole)) };
      if (isAtOnce || clock.monotonic() - writtenAt < PROGRESS_EVERY_MS) return;
      writtenAt = clock.monotonic();
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

/** What an operation is stored with that nothing has been stored of, and that is over: one change, so one event. */
export function wholeOf(deps: EventDeps, operation: OperationRecord): Change[] {
  const { createdAt, completedAt = createdAt, status } = operation;
  const action = status === 'completed' ? 'restore.completed' : 'restore.failed';
  return [
    { kind: 'operation.insert', record: { ...operation, version: 1 } },
    aboutOf(deps, action, completedAt, operation),
  ];
}

/** What a new operation is stored with. */
export function insertionOf(deps: EventDeps, operation: OperationRecord): Change[] {
  return [
    { kind: 'operation.insert', record: operation },
    aboutOf(deps, 'restore.requested', operation.createdAt, operation),
  ];
}

/** Of operations that were stored before their actor was: anybody may have called himself what `createdBy` says. */
const UNKNOWN_ACTOR = 'unknown';

/** What a caller calls himself stands beside who he was found to be, never in its place. */
function aboutOf(deps: EventDeps, action: AuditAction, at: number, operation: OperationRecord) {
  const { id, resourceId, backupId, createdBy, progress } = operation;
  const caller = callerOf({ ...operation, actor: operation.actor ?? UNKNOWN_ACTOR });
  const detail = { progress, createdBy };
  return event(deps, action, at, caller, { resourceId, backupId, operationId: id, detail });
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
      await trackOperation(deps, operation, 'stored').fail([reason]);
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

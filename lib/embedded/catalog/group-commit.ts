// Many commits, one fsync: what arrives in one turn of the event loop shares one SQLite transaction, each part in a
// savepoint of its own, so that one that fails takes back only itself. Nobody is told before the whole is durable.

import type { DatabaseSync } from 'node:sqlite';
import { PortError } from '../../ports/errors.ts';
import { sqliteFailure, sqliteResult } from '../disk/failures.ts';

export interface GroupCommit {
  /**
   * Runs `work` in the next transaction; resolves with its result once that is durable. `work` must not wait for anything.
   * On a full disk it runs again once room was made, so what it does outside of the database it must be able to do twice.
   */
  run<T>(work: () => T, makesRoom?: boolean): Promise<T>;
  /** Commits what waits, now. */
  flush(): void;
}

interface Task {
  work: () => unknown;
  /** Whether the reserve may be given up for it. */
  makesRoom: boolean;
  resolve: (value: unknown) => void;
  reject: (reason: unknown) => void;
}

/** Whatever it was, the caller cannot know whether it stands: that is `unavailable`, with the reason where one is known. */
function commitFailure(error: unknown, cause: unknown, found: string | undefined): PortError {
  const known = sqliteFailure(error);
  const { reason = found, message } = known instanceof PortError ? known : { message: '' };
  return new PortError('unavailable', message === '' ? 'the catalog could not commit' : message, {
    cause,
    ...(reason === undefined ? {} : { reason }),
  });
}

interface Failure {
  error: PortError;
  isFull: boolean;
}

interface Failed {
  tasks: Task[];
  failure: Failure;
}

/** The error of SQLite behind one that a statement has put into the words of the ports. */
function causeOf(error: unknown): unknown {
  return error instanceof PortError ? error.cause : error;
}

/** Bounds how long one transaction keeps the event loop from other work. */
const TASKS_PER_TRANSACTION_MAX = 256;

/** What a database has done around each transaction. */
export interface CommitHooks {
  /** Before it begins. What it throws is what all of the group are rejected with, as it is. */
  before(): void;
  /** As its last part. */
  within(): void;
  /** Once it is durable. */
  after(): void;
  /** Once it is certain that it is not. */
  failed?(): void;
  /** Takes back what the log occupies. Whether that may have helped. */
  tidy?(): boolean;
  /** Gives the reserve up. False if there is none. */
  giveReserve?(): boolean;
  /** Why the disk cannot be written, where SQLite does not say. */
  reasonOf?(error: unknown): string | undefined;
}

const NOTHING_AROUND: CommitHooks = { before() {}, within() {}, after() {} };
const FULL = 13;

export function createGroupCommit(database: DatabaseSync, hooks: CommitHooks = NOTHING_AROUND): GroupCommit {
  const begin = database.prepare('BEGIN IMMEDIATE');
  const commit = database.prepare('COMMIT');
  const savepoint = database.prepare('SAVEPOINT task');
  const release = database.prepare('RELEASE task');
  const rollBackTask = database.prepare('ROLLBACK TO task');
  let waiting: Task[] = [];
  let scheduled = false;

  function schedule(): void {
    if (!scheduled && waiting.length > 0) {
      scheduled = true;
      setImmediate(() => {
        scheduled = false;
        commitNextGroup();
        schedule();
      });
    }
  }

  function commitNextGroup(): void {
    const tasks = waiting.slice(0, TASKS_PER_TRANSACTION_MAX);
    waiting = waiting.slice(tasks.length);
    if (tasks.length === 0) {
      return;
    }
    try {
      hooks.before();
    } catch (error) {
      for (const task of tasks) task.reject(error);
      return;
    }
    const failure = commitTogether(tasks);
    if (failure === undefined) return;
    rejectAll(failure.isFull ? commitInMadeRoom(tasks, failure) : [{ tasks, failure }]);
  }

  /** Tidying helps everybody; the reserve is only for those that make room. */
  function commitInMadeRoom(tasks: Task[], failure: Failure): Failed[] {
    let last = failure;
    if (hooks.tidy?.() === true) {
      const second = commitTogether(tasks);
      if (second === undefined) return [];
      if (!second.isFull) return [{ tasks, failure: second }];
      last = second;
    }
    const makers = tasks.filter(({ makesRoom }) => makesRoom);
    if (makers.length === 0 || hooks.giveReserve?.() !== true) return [{ tasks, failure: last }];
    const others = { tasks: tasks.filter(({ makesRoom }) => !makesRoom), failure: last };
    const third = commitTogether(makers);
    return third === undefined ? [others] : [others, { tasks: makers, failure: third }];
  }

  function rejectAll(failed: Failed[]): void {
    for (const { tasks, failure } of failed) for (const task of tasks) task.reject(failure.error);
  }

  /** Undefined once all is durable and answered; else nothing of it is in the database. */
  function commitTogether(tasks: Task[]): Failure | undefined {
    let answers: (() => void)[];
    let isDurable = false;
    try {
      begin.run();
      answers = tasks.map(attempt);
      hooks.within();
      commit.run();
      isDurable = true;
      hooks.after();
    } catch (error) {
      const cause = rollBack(error);
      hooks.failed?.();
      const reason = hooks.reasonOf?.(error);
      const failure = commitFailure(error, cause, reason);
      return { error: failure, isFull: !isDurable && failure.reason === 'disk_full' };
    }
    for (const answer of answers) {
      answer();
    }
    return undefined;
  }

  /** Runs one task; gives back how to answer it once the transaction is durable. Throws if the transaction is lost. */
  function attempt(task: Task): () => void {
    savepoint.run();
    try {
      const value = task.work();
      release.run();
      return () => task.resolve(value);
    } catch (error) {
      // On a full or failing disk SQLite may have taken back the whole transaction, not only this statement; and where
      // room can be made, all of it is tried again.
      if (!database.isTransaction || sqliteResult(causeOf(error)) === FULL) {
        throw error;
      }
      rollBackTask.run();
      release.run();
      return () => task.reject(sqliteFailure(error));
    }
  }

  function rollBack(error: unknown): unknown {
    try {
      if (database.isTransaction) {
        database.exec('ROLLBACK');
      }
      return error;
    } catch (rollBackError) {
      return new AggregateError([error, rollBackError], 'neither commit nor rollback succeeded');
    }
  }

  return {
    run: (work, makesRoom = false) =>
      new Promise((resolve, reject) => {
        waiting.push({ work, makesRoom, resolve: resolve as (value: unknown) => void, reject });
        schedule();
      }),
    flush() {
      while (waiting.length > 0) {
        commitNextGroup();
      }
    },
  };
}

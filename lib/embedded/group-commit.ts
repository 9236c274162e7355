// Many commits, one fsync: what arrives in one turn of the event loop shares one SQLite transaction, each part in a
// savepoint of its own, so that one that fails takes back only itself. Nobody is told before the whole is durable.

import type { DatabaseSync } from 'node:sqlite';
import { PortError } from '../ports.ts';
import { sqliteFailure } from './failures.ts';

export interface GroupCommit {
  /** Runs `work` in the next transaction; resolves with its result once that is durable. `work` must not wait for anything. */
  run<T>(work: () => T): Promise<T>;
  /** Commits what waits, now. */
  flush(): void;
}

interface Task {
  work: () => unknown;
  resolve: (value: unknown) => void;
  reject: (reason: unknown) => void;
}

/** Whatever it was, the caller cannot know whether it stands: that is `unavailable`, with the reason where one is known. */
function commitFailure(error: unknown, cause: unknown): PortError {
  const known = sqliteFailure(error);
  const { reason, message } = known instanceof PortError ? known : { reason: undefined, message: '' };
  return new PortError('unavailable', message === '' ? 'the catalog could not commit' : message, {
    cause,
    ...(reason === undefined ? {} : { reason }),
  });
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
}

const NOTHING_AROUND: CommitHooks = { before() {}, within() {}, after() {} };

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
    let answers: (() => void)[];
    try {
      begin.run();
      answers = tasks.map(attempt);
      hooks.within();
      commit.run();
      hooks.after();
    } catch (error) {
      const cause = rollBack(error);
      for (const task of tasks) {
        task.reject(commitFailure(error, cause));
      }
      return;
    }
    for (const answer of answers) {
      answer();
    }
  }

  /** Runs one task; gives back how to answer it once the transaction is durable. Throws if the transaction is lost. */
  function attempt(task: Task): () => void {
    savepoint.run();
    try {
      const value = task.work();
      release.run();
      return () => task.resolve(value);
    } catch (error) {
      // On a full or failing disk SQLite may have taken back the whole transaction, not only this statement.
      if (!database.isTransaction) {
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
    run: (work) =>
      new Promise((resolve, reject) => {
        waiting.push({ work, resolve: resolve as (value: unknown) => void, reject });
        schedule();
      }),
    flush() {
      while (waiting.length > 0) {
        commitNextGroup();
      }
    },
  };
}

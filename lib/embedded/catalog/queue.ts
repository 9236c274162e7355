// Jobs in a table of the catalog's database, so that they survive what the process does not.

import { LIMITS } from '../../core/records/limits.ts';
import { checkLimit } from '../../ports/checks.ts';
import type { WallClock } from '../../ports/clock.ts';
import type { Job, Queue } from '../../ports/queue.ts';
import { type Random, randomUuid } from '../../ports/random.ts';
import type { Database } from './database.ts';
import { type DocRow, docOf, recordOf } from './schema.ts';

/** By now, or for a commit that sends a job: from when on it can be delivered, and the job. */
export const INSERT_JOB = 'INSERT INTO job (attempt, visible_at, dead, doc, sum) VALUES (0, ?, 0, ?, ?)';

interface DueRow extends DocRow {
  row: number;
  attempt: number;
}

export interface EmbeddedQueue extends Queue {
  /** How many jobs wait, are worked on, and were given up. */
  states(): Promise<Record<'waiting' | 'working' | 'dead', number>>;
}

/** The queue of an open database. `clock` tells when a job comes back; receipts are drawn. */
export function createQueue(database: Database, clock: WallClock, random: Random): EmbeddedQueue {
  const insert = database.statement(INSERT_JOB);
  const anyDue = database.statement<{ row: number }>(
    'SELECT row FROM job WHERE dead = 0 AND visible_at <= ? LIMIT 1',
  );
  const anyAstray = database.statement<{ row: number }>(
    'SELECT row FROM job WHERE dead = 0 AND visible_at > ? LIMIT 1',
  );
  const fetchBack = database.statement('UPDATE job SET visible_at = ? WHERE dead = 0 AND visible_at > ?');
  const due = database.statement<DueRow>(
    'SELECT row, attempt, doc, sum FROM job WHERE dead = 0 AND visible_at <= ? ORDER BY visible_at, row LIMIT ?',
  );
  const burySpent = database.statement(
    `UPDATE job SET dead = 1, receipt = NULL
     WHERE dead = 0 AND visible_at <= ? AND attempt >= ${LIMITS.jobAttemptsMax}`,
  );
  const hold = database.statement(
    'UPDATE job SET receipt = ?, attempt = attempt + 1, visible_at = ? WHERE row = ?',
  );
  const remove = database.statement('DELETE FROM job WHERE receipt = ?');
  const giveBack = database.statement(
    `UPDATE job SET receipt = NULL, visible_at = ?, dead = (attempt >= ${LIMITS.jobAttemptsMax})
     WHERE receipt = ?`,
  );
  const dead = database.statement<DocRow>('SELECT doc, sum FROM job WHERE dead = 1 ORDER BY row');

  const alive = database.statement<{ jobs: number; held: number }>(
    'SELECT count(*) AS jobs, count(receipt) AS held FROM job WHERE dead = 0 AND visible_at >= 0',
  );
  const given = database.statement<{ jobs: number }>('SELECT count(*) AS jobs FROM job WHERE dead = 1');

  return {
    capabilities: { receiptsRunOut: true },
    async states() {
      const { jobs, held } = alive.get()!;
      return { waiting: jobs - held, working: held, dead: given.get()!.jobs };
    },
    async send(job, delayMs = 0) {
      const written = docOf(job);
      const visibleAt = clock.now() + delayMs;
      await database.write(() => insert.run(visibleAt, ...written));
    },

    async receive(limit) {
      checkLimit(limit);
      const now = clock.now();
      // What is further away than any job may be was put there by a clock that has gone back since.
      const furthest = now + LIMITS.jobVisibilityMs;
      // Workers ask all the time and mostly for nothing: that must not cost a write.
      if (anyDue.get(now) === undefined && anyAstray.get(furthest) === undefined) {
        return [];
      }
      return database.write(() => {
        fetchBack.run(now, furthest);
        // A job whose worker died on every delivery must not come back for ever.
        burySpent.run(now);
        return due.all(now, limit).map(({ row, attempt, ...written }) => {
          const receipt = randomUuid(random);
          hold.run(receipt, now + LIMITS.jobVisibilityMs, row);
          return { job: recordOf<Job>('job', written), receipt, attempt: attempt + 1 };
        });
      });
    },

    async ack(receipt) {
      await database.write(() => remove.run(receipt));
    },

    async retry(receipt, delayMs) {
      const visibleAt = clock.now() + delayMs;
      await database.write(() => giveBack.run(visibleAt, receipt));
    },

    async deadLetters() {
      return dead.all().map((row) => recordOf<Job>('job', row));
    },
  };
}

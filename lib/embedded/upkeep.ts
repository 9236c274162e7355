// All that the embedded home does by itself, and how often. Nothing periodic runs outside of this table.

import { isFinished } from '../core/records/status.ts';
import { type TaskName, UPKEEP } from '../core/records/upkeep.ts';
import type { Clock } from '../ports/clock.ts';
import type { Queue } from '../ports/queue.ts';
import type { Deps } from '../service/contract/deps.ts';
import { giveUp, workQueue } from '../service/jobs/worker.ts';
import { lookAtClock, peekAtClock } from '../service/kit/clock-watch.ts';
import { lookForConditions } from '../service/notifications/conditions.ts';
import type { Sender } from '../service/notifications/sender.ts';
import { ifWritable, writeLateOperations } from '../service/restores/late-operations.ts';
import type { Task } from '../service/upkeep/runner.ts';
import { sharedTasks } from '../service/upkeep/tasks.ts';
import type { createCatalogProof } from './catalog/catalog-proof.ts';
import type { Database } from './catalog/database.ts';
import type { EmbeddedConfig } from './config.ts';
import type { Copying } from './copy/copying.ts';
import type { Room } from './disk/room.ts';
import type { Figures } from './process/figures.ts';
import { createCensus, createScrubbing } from './scrubbing.ts';
import type { EmbeddedTokens } from './tokens/registry.ts';
import type { Trail } from './trail/trail.ts';
import type { EmbeddedTransferStore } from './transfers/transfers.ts';

/** A start has enough to do. */
const SCRUB_FIRST_MS = 60_000;
/** Whether a proof of rollback still holds is looked at soon: that is why somebody has started it again. */
const ORPHANS_AGAIN_MS = 1000;

export interface EmbeddedParts {
  config: Pick<EmbeddedConfig, 'retentionIntervalMs' | 'scrubIntervalMs'>;
  database: Database;
  room: Room;
  /** Absent where nothing can be written. */
  trail: Trail | undefined;
  proof: ReturnType<typeof createCatalogProof>;
  queue: Queue;
  transfers: EmbeddedTransferStore;
  tokens: EmbeddedTokens;
  figures: Figures;
  sender: Sender;
  /** Absent where there is no second copy. */
  copying: Copying | undefined;
}

/** All but what only a store with locks of its own has to do. */
export type EmbeddedTask = Exclude<TaskName, 'locks'>;

export type EmbeddedTasks = Record<EmbeddedTask, Task & { everyMs: number }>;

/** An interval of 0, as a setting may say, is for never. */
export function embeddedTasks(deps: Deps, parts: EmbeddedParts): EmbeddedTasks {
  const { config, database, room, trail, proof, queue, transfers, tokens, figures, sender, copying } = parts;
  const { retentionIntervalMs, scrubIntervalMs } = config;
  const isStopping = (): boolean => deps.isStopping?.() === true;
  let areJobsBack = false;
  const removing: readonly TaskName[] = ['sweep', 'orphans'];
  const shared = sharedTasks(deps, async (name) => !removing.includes(name) || proof.demand());
  const tasks: Record<EmbeddedTask, Task> = {
    ...shared,
    sweep: { ...shared.sweep, everyMs: retentionIntervalMs },
    orphans: {
      ...shared.orphans,
      // Nothing is moved at the start: whoever has just put something back looks at it first.
      firstMs: deps.trust.fault() === undefined ? UPKEEP.orphans.everyMs : ORPHANS_AGAIN_MS,
    },
    lost_jobs: {
      ...shared.lost_jobs,
      async run(deadline) {
        const dead = await queue.deadLetters();
        for (const job of dead) await giveUp(deps, job);
        return { ...(await shared.lost_jobs.run(deadline)), givenUp: dead.length };
      },
    },
    scrub: {
      everyMs: scrubIntervalMs,
      firstMs: Math.min(scrubIntervalMs, SCRUB_FIRST_MS),
      run: createScrubbing(deps, scrubIntervalMs),
      says: 'backups proven',
    },
    census: {
      everyMs: scrubIntervalMs,
      firstMs: Math.min(scrubIntervalMs, SCRUB_FIRST_MS),
      run: createCensus(deps),
    },
    notify: { run: async () => ({ begun: await sender.begin() }) },
    conditions: {
      run: (deadline) =>
        ifWritable<object>(deps, 'what no call tells of', () => lookForConditions(deps, deadline), {}),
    },
    trail: { run: done(async () => trail?.write()) },
    copy: {
      everyMs: copying === undefined ? 0 : UPKEEP.copy.everyMs,
      run: done((deadline) => copying?.run(deadline)),
    },
    jobs: {
      run: done(async () => {
        // Before any is taken here, and again until it can be written: a disk that is full at the start is no reason to wait longer.
        if (!areJobsBack) await giveBackJobs(database, deps.clock);
        areJobsBack = true;
        await workQueue(deps, isStopping);
      }),
    },
    uploads: {
      // What waits to be made into a backup stays, however long that takes.
      run: done(async () => {
        if ((await peekAtClock(deps)).wait !== undefined) return;
        const isWanted = async (uploadId: string): Promise<boolean> => {
          const request = await deps.catalog.requestOfUpload(uploadId);
          return request !== undefined && !isFinished(request);
        };
        await transfers.removeStale(isWanted);
      }),
    },
    catalog: { run: done(() => proof.run()) },
    clock: {
      run: done(() => ifWritable<unknown>(deps, 'the clock', () => lookAtClock(deps), undefined)),
    },
    room: { run: done(() => room.make()) },
    late: { run: async () => ({ written: await writeLateOperations(deps) }) },
    tokens: { run: done(() => tokens.writeUses()) },
    figures: {
      firstMs: UPKEEP.figures.everyMs,
      run: async () => ({ figures: figures.take() }),
      says: 'figures',
    },
  };
  const timed = Object.entries(tasks).map(([name, task]) => [
    name,
    { ...task, everyMs: task.everyMs ?? UPKEEP[name as TaskName].everyMs },
  ]);
  return Object.fromEntries(timed) as EmbeddedTasks;
}

/** Work that has nothing to say of what it has done. */
function done(
  work: (deadline: number) => Promise<unknown> | undefined,
): (deadline: number) => Promise<undefined> {
  return async (deadline) => {
    await work(deadline);
    return undefined;
  };
}

/** Jobs that the last process held would else come back only when their time is up; each still counts as a delivery. */
function giveBackJobs(database: Database, { now }: Clock): Promise<unknown> {
  const giveBack = database.statement(
    'UPDATE job SET receipt = NULL, visible_at = ? WHERE dead = 0 AND receipt IS NOT NULL',
  );
  return database.write(() => giveBack.run(now()));
}

// Runs a piece of periodic work, and leaves of each run a line in the log, a figure, and what stands of it for whoever asks.

import { ServiceError } from '../../core/records/errors.ts';
import {
  statusOf,
  type TaskFault,
  type TaskName,
  type TaskRun,
  type TaskStatus,
  UPKEEP,
} from '../../core/records/upkeep.ts';
import type { Logger } from '../../log.ts';
import type { Clock } from '../../ports/clock.ts';
import { PortError } from '../../ports/errors.ts';
import type { CountName, Meter, TimeName } from '../../ports/meter.ts';
import type { UpkeepRecords } from '../../ports/upkeep.ts';

export interface Task {
  /** Where it is not as often as the table says. */
  everyMs?: number;
  /** `deadline`: by when it should be over, in epoch milliseconds. Resolves with what it has done, as fields of the log. */
  run(deadline: number): Promise<object | undefined>;
  /** Before the first run in a process, in milliseconds; at once if it is not said. */
  firstMs?: number;
  /** Which members of what it has done are figures: how often, and how long in milliseconds. */
  counts?: Readonly<Partial<Record<CountName, string>>>;
  times?: Readonly<Partial<Record<TimeName, string>>>;
  /** What the log says of a run that has done something, or of every run that is rarer than the minutes. */
  says?: string;
}

export type Tasks = Partial<Record<TaskName, Task>>;

export interface Upkeep {
  /**
   * Runs a task now, and resolves with what it has done; one that runs already in this process is waited for first. `budgetMs`: how long it may take, where the table says more. Throws what
   * the task throws.
   */
  run(name: TaskName, budgetMs?: number): Promise<object>;
  /** What stands of every task of this home. Throws PortError where the records cannot be read. */
  list(): Promise<TaskStatus[]>;
}

export interface UpkeepDeps {
  clock: Clock;
  log: Logger;
  meter: Meter;
  records: UpkeepRecords;
}

/** How often what runs every second is written down, and what is rarer always. */
const WRITTEN_EVERY_MS = 60_000;

export function createUpkeep(deps: UpkeepDeps, tasks: Tasks): Upkeep {
  const { clock, log, records } = deps;
  const runs = new Map<TaskName, TaskRun>();
  /** What runs, and what waits for it to end. */
  const running = new Map<TaskName, Promise<unknown>>();
  const writtenAt = new Map<TaskName, number>();

  async function write(name: TaskName, run: TaskRun, isNews: boolean): Promise<void> {
    const now = clock.monotonic();
    if (!isNews && now - (writtenAt.get(name) ?? Number.NEGATIVE_INFINITY) < WRITTEN_EVERY_MS) return;
    writtenAt.set(name, now);
    try {
      await records.put(run);
    } catch (error) {
      // It says how something went, and must not be why it fails.
      log.warn('how a task went could not be written down', { task: name, error });
    }
  }

  /** The last run, whoever has run it: another process may have since. What comes every second is asked for once. */
  async function before(name: TaskName): Promise<TaskRun | undefined> {
    const known = runs.get(name);
    if (known !== undefined && !isRare(name)) return known;
    try {
      return laterOf(
        known,
        (await records.list()).find(({ task }) => task === name),
      );
    } catch (error) {
      log.warn('how a task went could not be read', { task: name, error });
      return known;
    }
  }

  function isRare(name: TaskName): boolean {
    return (tasks[name]?.everyMs ?? UPKEEP[name].everyMs) > WRITTEN_EVERY_MS;
  }

  async function runNow(name: TaskName, budgetMs: number): Promise<object> {
    const task = tasks[name];
    if (task === undefined) throw new Error(`this home has no task ${name}`);
    const { deadlineMs } = UPKEEP[name];
    const last = await before(name);
    const startedAt = clock.now();
    const began = clock.monotonic();
    // So that one that dies is seen to have begun, and not to have ended.
    if (isRare(name)) {
      const { endedAt: _ended, durationMs: _took, ...kept } = last ?? { task: name };
      await write(name, { ...kept, startedAt }, true);
    }
    const ended = (outcome: 'done' | 'failed', fault?: TaskFault): TaskRun => {
      const durationMs = Math.round(clock.monotonic() - began);
      const endedAt = clock.now();
      const succeededAt = outcome === 'done' ? endedAt : last?.succeededAt;
      const run: TaskRun = {
        task: name,
        startedAt,
        endedAt,
        durationMs,
        ...(succeededAt === undefined ? {} : { succeededAt }),
        ...(fault === undefined ? {} : { fault }),
      };
      runs.set(name, run);
      deps.meter.count('upkeep_run', { task: name, outcome });
      deps.meter.time('upkeep', durationMs, { task: name });
      if (durationMs > deadlineMs) {
        deps.meter.count('upkeep_overdue', { task: name });
        log.warn('a task took longer than it should', {
          task: name,
          code: 'overdue',
          durationMs,
          deadlineMs,
        });
      }
      return run;
    };
    try {
      const done = (await task.run(startedAt + Math.min(deadlineMs, budgetMs))) ?? {};
      const figures = done as Record<string, unknown>;
      for (const [name, member] of Object.entries(task.counts ?? {})) {
        const times = figures[member];
        if (typeof times === 'number') deps.meter.count(name as CountName, {}, times);
      }
      for (const [name, member] of Object.entries(task.times ?? {})) {
        const ms = figures[member];
        if (typeof ms === 'number') deps.meter.time(name as TimeName, ms);
      }
      const wasFailing = (last?.fault?.inARow ?? 0) > 0;
      const run = ended('done', last?.fault && { ...last.fault, inARow: 0 });
      if (isRare(name) || Object.values(done).some((value) => value !== 0 && value !== false)) {
        log.info(task.says ?? 'upkeep', { task: name, durationMs: run.durationMs, ...done });
      }
      await write(name, run, wasFailing || isRare(name));
      return done;
    } catch (error) {
      const run = ended('failed', faultOf(error, clock.now(), (last?.fault?.inARow ?? 0) + 1));
      await write(name, run, isRare(name) || run.fault?.inARow === 1);
      throw error;
    }
  }

  return {
    async run(name, budgetMs = Number.POSITIVE_INFINITY) {
      const earlier = running.get(name);
      const own = (async () => {
        // How that one has ended its own caller hears.
        await earlier?.catch(() => undefined);
        return runNow(name, budgetMs);
      })();
      running.set(name, own);
      try {
        return await own;
      } finally {
        if (running.get(name) === own) running.delete(name);
      }
    },

    async list() {
      const kept = new Map((await records.list()).map((run) => [run.task, run]));
      for (const [name, run] of runs) kept.set(name, laterOf(run, kept.get(name))!);
      const plans = Object.fromEntries(
        Object.entries(tasks).map(([name, { everyMs }]) => {
          const plan = UPKEEP[name as TaskName];
          return [name, everyMs === undefined ? plan : { ...plan, everyMs }];
        }),
      );
      return statusOf(plans, [...kept.values()], (name) => running.has(name as TaskName));
    },
  };
}

/** Another process may have run it since this one did. */
function laterOf(one: TaskRun | undefined, other: TaskRun | undefined): TaskRun | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return other.startedAt > one.startedAt ? other : one;
}

function faultOf(error: unknown, at: number, inARow: number): TaskFault {
  const isKnown = error instanceof PortError || error instanceof ServiceError;
  const code = isKnown ? error.code : 'internal_error';
  // What nobody has foreseen may say anything: it stands in the log, for whoever may read that.
  return { code, detail: isKnown ? error.message : 'An error of our own: the log has it.', at, inARow };
}

// What runs by itself, as the overview needs it: what of it somebody has to look at, and how the last runs of each resource went.

import { BackupError } from '../../lib/client/client.ts';
import type { Answer } from '../../lib/client/contract.ts';
import { pagesOf } from './pages.ts';
import { byNeed, type Mark, marksOf, NEEDING, standingOf } from './runs.ts';
import { client, mayDo } from './session.ts';
import { channelsTold, type Told } from './told.ts';

type One = Answer<'Schedule'>;
type Run = Answer<'Run'>;

const PAGES_MAX = 10;
/** As many as a strip shows, and the one that is under way. */
const RUNS_OF_ONE = 24;
const ASKED_AT_ONCE = 8;
/** Of more schedules no runs are asked for: their strips stay empty. */
const STRIPS_MAX = 100;

/** By name. */
export async function allSchedules(signal: AbortSignal): Promise<One[]> {
  const { pages } = await pagesOf(PAGES_MAX, (cursor) =>
    client.call('listSchedules', { query: { limit: 100, ...cursor } }, { signal }),
  );
  return pages.flatMap(({ schedules }) => schedules);
}

/** Runs as they were when the schedule stood so: nothing is asked twice for what has not moved. */
const known = new Map<string, { stood: string; runs: Run[] }>();

/** The last runs of each schedule, its own, newest first. */
export async function lastRuns(
  schedules: readonly One[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, readonly Run[]>> {
  const found = new Map<string, readonly Run[]>();
  const waiting = schedules.slice(0, STRIPS_MAX);
  const ask = async (): Promise<void> => {
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) {
      const { id: scheduleId, last, running } = one;
      const stood = [last?.runId, last?.status, running?.id, running?.status].join(' ');
      const before = known.get(scheduleId);
      const query = { scheduleId, limit: RUNS_OF_ONE };
      const runs =
        before?.stood === stood ? before.runs : (await client.call('listRuns', { query }, { signal })).runs;
      known.set(scheduleId, { stood, runs });
      found.set(scheduleId, runs);
    }
  };
  await Promise.all(Array.from({ length: ASKED_AT_ONCE }, ask));
  return found;
}

export interface ByItself {
  /** Schedules that fail, have missed something, or whose drill has failed; the worst first. */
  schedules: One[];
  /** Channels that do not arrive. */
  channels: Told[];
  /** Of each resource that is read by itself: its last runs, and when the next is due. */
  ofResource: Map<string, { marks: Mark[]; nextDueAt?: string }>;
}

export async function loadByItself(signal: AbortSignal): Promise<ByItself> {
  const [{ schedules, runs } = { schedules: [], runs: new Map() }, channels = []] = await Promise.all([
    unlessRefused('schedule:read', async () => {
      const all = await allSchedules(signal);
      return { schedules: all, runs: await lastRuns(all, signal) };
    }),
    unlessRefused('notify:manage', () => channelsTold(signal)),
  ]);
  const ofResource: ByItself['ofResource'] = new Map();
  for (const id of new Set(schedules.map(({ resourceId }) => resourceId))) {
    const own = schedules.filter(({ resourceId }) => resourceId === id);
    const marks = marksOf(
      own.flatMap((one) => [...(runs.get(one.id) ?? [])]),
      own.flatMap(({ skips }) => skips),
    );
    const [nextDueAt] = own
      .filter(({ paused }) => !paused)
      .flatMap(({ next }) => next.slice(0, 1).map(({ dueAt }) => dueAt))
      .sort();
    ofResource.set(id, { marks, ...(nextDueAt === undefined ? {} : { nextDueAt }) });
  }
  return {
    schedules: byNeed(schedules.filter((one) => NEEDING.includes(standingOf(one).state))),
    channels: channels.filter(({ standing }) => ['disabled', 'failing'].includes(standing.state)),
    ofResource,
  };
}

/** What may not be seen here, or for some resources only, is not told of. */
async function unlessRefused<T>(scope: string, load: () => Promise<T>): Promise<T | undefined> {
  if (!mayDo.value(scope)) return undefined;
  try {
    return await load();
  } catch (error) {
    if (error instanceof BackupError && error.status === 403) return undefined;
    throw error;
  }
}

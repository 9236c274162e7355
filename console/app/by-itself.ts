// What runs by itself, as the overview needs it: what of it somebody has to look at, and how the last runs of each resource went.

import { BackupError } from '../../lib/client/client.ts';
import type { Answer } from '../../lib/client/contract.ts';
import { pagesOf } from './pages.ts';
import { byNeed, type Mark, marksOf, NEEDING, standingOf } from './runs.ts';
import { client, mayDo } from './session.ts';
import { channelsTold, type Told } from './told.ts';

type One = Answer<'Schedule'>;

const PAGES_MAX = 10;
const RUNS_MAX = 100;

/** By name. */
export async function allSchedules(signal: AbortSignal): Promise<One[]> {
  const { pages } = await pagesOf(PAGES_MAX, (cursor) =>
    client.call('listSchedules', { query: { limit: 100, ...cursor } }, { signal }),
  );
  return pages.flatMap(({ schedules }) => schedules);
}

export interface ByItself {
  /** Schedules that fail, have missed something, or whose drill has failed; the worst first. */
  schedules: One[];
  /** Channels that do not arrive. */
  channels: Told[];
  /** Of each resource that is read by itself: its last runs among the newest of all, and when the next is due. */
  ofResource: Map<string, { marks: Mark[]; nextDueAt?: string }>;
}

export async function loadByItself(signal: AbortSignal): Promise<ByItself> {
  const [schedules = [], runs = [], channels = []] = await Promise.all([
    unlessRefused('schedule:read', () => allSchedules(signal)),
    unlessRefused('schedule:read', async () => {
      const page = await client.call('listRuns', { query: { limit: RUNS_MAX } }, { signal });
      return page.runs;
    }),
    unlessRefused('notify:manage', () => channelsTold(signal)),
  ]);
  const ofResource: ByItself['ofResource'] = new Map();
  for (const id of new Set(schedules.map(({ resourceId }) => resourceId))) {
    const own = schedules.filter(({ resourceId }) => resourceId === id);
    const marks = marksOf(
      runs.filter(({ resourceId }) => resourceId === id),
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

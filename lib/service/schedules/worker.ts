// Works on runs until none waits: a few at once, so that a long one holds up no other.

import { LIMITS } from '../../core/records/limits.ts';
import { PortError } from '../../ports/errors.ts';
import type { Deps } from '../contract/deps.ts';
import type { RunBell } from '../contract/parts.ts';
import type { Kept } from './documents.ts';
import { takeRun } from './queue.ts';
import { workRun } from './run.ts';

/** `onTell` is called with each. */
export function createRunBell(onTell: () => void = () => {}): RunBell {
  let ring = (): void => {};
  let next = new Promise<void>((resolve) => {
    ring = resolve;
  });
  return {
    tell() {
      ring();
      next = new Promise<void>((resolve) => {
        ring = resolve;
      });
      onTell();
    },
    told: () => next,
  };
}

/**
 * Resolves with how many runs were brought to their end. `deadline`: all are over by then; none is begun once a third of the time has gone,
 * for it would have too little.
 */
export async function workRuns(
  deps: Deps,
  deadline: number,
  atOnceMax: number = LIMITS.runsAtOnceMax,
): Promise<{ runs: number }> {
  const busy = new Set<Promise<void>>();
  let runs = 0;
  const began = deps.clock.now();
  const beginBy = began + (deadline - began) / 3;
  const mayBegin = (): boolean => deps.isStopping?.() !== true && deps.clock.now() <= beginBy;
  const begin = (taken: Kept<'run'>): void => {
    const work = bring(deps, taken, deadline).finally(() => busy.delete(work));
    busy.add(work);
    runs++;
  };
  for (;;) {
    const ring = deps.runs?.told();
    while (busy.size < atOnceMax && mayBegin()) {
      const taken = await takeRun(deps);
      if (taken === undefined) break;
      begin(taken);
    }
    if (busy.size === 0) return { runs };
    await Promise.race([...busy, ...(ring === undefined ? [] : [ring])]);
  }
}

/** Never rejects: what could not be written down ends with its lease. */
async function bring(deps: Deps, taken: Kept<'run'>, deadline: number): Promise<void> {
  try {
    await workRun(deps, taken, deadline);
  } catch (error) {
    const isTaken = error instanceof PortError && error.code === 'conflict';
    if (isTaken) deps.log.warn('a run is worked on elsewhere', { run: taken.id, error });
    else deps.log.error('how a run went could not be written down', { run: taken.id, error });
  }
}

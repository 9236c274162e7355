// How far a run has come, for whoever looks: written down now and then, and with it that somebody still works on it.

import { LIMITS } from '../../core/records/limits.ts';
import { type RunRecord, withLine } from '../../core/schedule/records.ts';
import type { Deps } from '../contract/deps.ts';
import { type Kept, keptBy, putKept } from './documents.ts';
import { keptRunTimes } from './queue.ts';

/** So often at most: each is a commit. */
const MOVED_EVERY_MS = 15_000;

export type Step = Partial<Pick<RunRecord, 'progress' | 'bytes'>>;

export interface Steps {
  /** The run as it stands, with what has been said and not been written yet. */
  kept(): Kept<'run'>;
  /** A line of its log, written with the next step. */
  say(text: string, step?: Step): void;
  /** Throws PortError `conflict` if it is somebody else's by now. */
  move(step: Step): Promise<void>;
  /** The same, if it was not done lately. */
  moveNowAndThen(step: Step): Promise<void> | undefined;
}

export function createSteps(deps: Pick<Deps, 'catalog' | 'clock'>, taken: Kept<'run'>): Steps {
  const { catalog, clock } = deps;
  let kept = taken;
  let movedAt = clock.monotonic();
  const change = (step: Step): void => {
    kept = {
      ...kept,
      body: { ...kept.body, ...step, progress: Math.max(kept.body.progress, step.progress ?? 0) },
    };
  };
  const move = async (step: Step): Promise<void> => {
    change(step);
    movedAt = clock.monotonic();
    const body = { ...kept.body, leaseUntil: clock.now() + LIMITS.runLeaseMs };
    const put = putKept('run', body, keptRunTimes(body), kept);
    await catalog.commit([put]);
    kept = keptBy<'run'>(put);
  };
  return {
    kept: () => kept,
    say(text, step = {}) {
      change(step);
      kept = { ...kept, body: { ...kept.body, log: withLine(kept.body.log, clock.now(), text) } };
    },
    move,
    moveNowAndThen: (step) => (clock.monotonic() - movedAt < MOVED_EVERY_MS ? undefined : move(step)),
  };
}

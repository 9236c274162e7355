// Background work on a timer: one run at a time, a failure logged and tried again; while it goes on failing, less and less
// often. What says that it has not finished goes on soon.

import type { Logger } from '../../log.ts';
import { createFailureLog } from './failure-log.ts';

export interface Repeated {
  /** Runs soon, without waiting for the interval. */
  kick(): void;
  /** No further run begins; resolves when the one under way has ended. */
  stop(): Promise<void>;
}

/** What fails again and again is tried at least so often. */
const RETRY_MS_MAX = 60_000;
/** Others have their turn before what had no time left goes on. */
const GO_ON_MS = 1000;

/** Repeats `work` every `intervalMs`, counted from the end of the run before; the first one comes after `firstMs`. */
export function every(
  name: string,
  intervalMs: number,
  log: Logger,
  work: () => Promise<unknown>,
  firstMs = 0,
): Repeated {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let stopped = false;
  let again = false;
  /** In a row. */
  let failures = 0;
  const told = createFailureLog(name, log);

  const plan = (delayMs: number): void => {
    if (stopped) return;
    clearTimeout(timer);
    timer = setTimeout(start, delayMs);
    timer.unref();
  };
  const start = (): void => {
    running = run();
  };
  const run = async (): Promise<void> => {
    again = false;
    let isLeft = false;
    try {
      isLeft = isUnfinished(await work());
      failures = 0;
      told.worked();
    } catch (error) {
      failures++;
      // What is broken off on purpose has not failed.
      if (stopped) log.info(`${name} was broken off by the stop`);
      else told.failed(error);
    }
    running = undefined;
    const nextMs = Math.min(intervalMs * 2 ** failures, Math.max(intervalMs, RETRY_MS_MAX));
    plan(again ? 0 : isLeft ? Math.min(GO_ON_MS, nextMs) : nextMs);
  };

  plan(firstMs);
  return {
    kick() {
      again = true;
      if (running === undefined) plan(0);
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}

function isUnfinished(done: unknown): boolean {
  return typeof done === 'object' && done !== null && 'finished' in done && done.finished === false;
}

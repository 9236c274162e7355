// Several sweeps at once, each as in a process of its own: what they do falls between one another as chance has it, and any of them may die.

import { faulty } from '../../../lib/decorators/faulty.ts';
import type { Deps } from '../../../lib/service/contract/deps.ts';
import { createClockWatch } from '../../../lib/service/kit/clock-watch.ts';
import { createGate } from '../../../lib/service/kit/gate.ts';
import { helpSweep, type SweepSummary, sweep } from '../../../lib/service/retention/sweep.ts';

export interface SweepersOptions {
  /** Of each look: so that little is a backlog. */
  atOnce: number;
  most?: number;
  budgetMs?: number;
  /** A number from 0 below 1, whenever it is asked. */
  chance?: () => number;
  /** Which sweep dies, the first one being 0, and with which of its calls. */
  dies?: { sweep: number; call: number };
}

export const DEAD = 'the process is no more';

/** Of all of them together; how many there were, and how many have died. */
export interface Together extends SweepSummary {
  sweeps: number;
  died: number;
}

/** Runs one, and beside it those that it calls, until all have ended. */
export async function sweepTogether(deps: Deps, options: SweepersOptions): Promise<Together> {
  const { atOnce, most = 3, budgetMs } = options;
  const deadline = budgetMs === undefined ? undefined : deps.clock.now() + budgetMs;
  let begun = 0;
  const helping: Promise<SweepSummary | undefined>[] = [];
  const ofOne = (): Deps => aProcess(deps, begun++, options);
  const own: Deps = {
    ...ofOne(),
    sweepers: {
      most,
      async call(count) {
        for (let n = 0; n < count; n++) helping.push(unlessDead(helpSweep(ofOne(), deadline, atOnce)));
      },
    },
  };
  const all = [await unlessDead(sweep(own, deadline, atOnce)), ...(await Promise.all(helping))];
  const ended = all.filter((one) => one !== undefined);
  const sum = (of: (one: SweepSummary) => number) => ended.reduce((total, one) => total + of(one), 0);
  return {
    expired: sum((one) => one.expired),
    due: sum((one) => one.due),
    waiting: sum((one) => one.waiting),
    rebased: sum((one) => one.rebased),
    blobsRemoved: sum((one) => one.blobsRemoved),
    called: sum((one) => one.called),
    overdueMs: Math.max(0, ...ended.map((one) => one.overdueMs)),
    finished: (await deps.catalog.getExpiryState())?.pass === undefined,
    sweeps: all.length,
    died: all.length - ended.length,
  };
}

/** The same store and clock, and nothing else in common. */
function aProcess(deps: Deps, number: number, { chance, dies }: SweepersOptions): Deps {
  let calls = 0;
  const before = async (): Promise<void> => {
    for (let turns = Math.floor((chance?.() ?? 0) * 4); turns > 0; turns--) await null;
    if (dies !== undefined && dies.sweep === number && ++calls > dies.call) throw new Error(DEAD);
  };
  return {
    ...deps,
    catalog: faulty(deps.catalog, { before }),
    blobs: faulty(deps.blobs, { before }),
    gate: createGate(),
    clockWatch: createClockWatch(deps.clock),
  };
}

async function unlessDead(sweeping: Promise<SweepSummary>): Promise<SweepSummary | undefined> {
  try {
    return await sweeping;
  } catch (error) {
    if ((error as Error).message === DEAD) return undefined;
    throw error;
  }
}

// Which calls a use case makes to AWS, and how many of them have to wait for one another.

import type { Clients } from './resources.ts';

interface LoggedCall {
  name: string;
  /** Positions in the one order of all beginnings and ends. */
  begin: number;
  end: number;
}

export interface CallCount {
  total: number;
  /** The longest row of calls of which each began only after the one before had ended. */
  inSequence: number;
  byName: Record<string, number>;
}

export interface CallLog {
  /** The calls made while `work` runs, by everything that uses the clients. */
  during(work: () => Promise<unknown>): Promise<CallCount>;
}

export function createCallLog(clients: Clients): CallLog {
  let calls: LoggedCall[] = [];
  let clock = 0;
  const tick = () => {
    clock += 1;
    return clock;
  };
  for (const [service, client] of Object.entries(clients)) {
    // The stacks of all clients have this step; their types differ only in what goes through it.
    (client as Clients['kms']).middlewareStack.add(
      (next, { commandName = '' }) =>
        async (args) => {
          const entry = { name: `${service}.${commandName.replace('Command', '')}`, begin: tick(), end: 0 };
          calls.push(entry);
          try {
            return await next(args);
          } finally {
            entry.end = tick();
          }
        },
      { step: 'initialize', priority: 'high', name: 'logCalls' },
    );
  }
  return {
    async during(work) {
      calls = [];
      await work();
      return countOf(calls);
    },
  };
}

function countOf(calls: LoggedCall[]): CallCount {
  const byName: Record<string, number> = {};
  for (const { name } of calls) byName[name] = (byName[name] ?? 0) + 1;
  return { total: calls.length, inSequence: Math.max(0, ...depthsOf(calls)), byName };
}

function depthsOf(calls: LoggedCall[]): number[] {
  const depths = new Map<LoggedCall, number>();
  for (const call of calls.toSorted((a, b) => a.begin - b.begin)) {
    const before = [...depths].filter(([earlier]) => earlier.end < call.begin).map(([, depth]) => depth);
    depths.set(call, 1 + Math.max(0, ...before));
  }
  return [...depths.values()];
}

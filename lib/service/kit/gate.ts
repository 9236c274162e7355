// One at a time per key, within this process: spares work that would lose a race anyway. Correctness never rests on it.

import type { Gate } from '../contract/parts.ts';

/** A gate that lets waiters through in the order they came. */
export function createGate(): Gate {
  const tails = new Map<string, Promise<unknown>>();
  return {
    async run<T>(key: string, work: () => Promise<T>): Promise<T> {
      const before = tails.get(key) ?? Promise.resolve();
      const turn = before.then(work, work);
      // The tail only orders; its outcome belongs to whoever awaits `turn`.
      const tail = turn.then(
        () => undefined,
        () => undefined,
      );
      tails.set(key, tail);
      try {
        return await turn;
      } finally {
        if (tails.get(key) === tail) tails.delete(key);
      }
    },
  };
}

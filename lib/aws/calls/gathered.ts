// Reads that are asked for in one turn of the event loop go together: where hundreds wait at once, a call costs more than what it reads.

import { setImmediate } from 'node:timers/promises';

/** Reads one by one where one is asked for, else all of a turn at once; `nameOf` tells one key from another. */
export function gathered<Key, Found>(
  nameOf: (key: Key) => string,
  readOne: (key: Key) => Promise<Found | undefined>,
  readAll: (keys: readonly Key[]) => Promise<ReadonlyMap<string, Found>>,
): (key: Key) => Promise<Found | undefined> {
  let waiting: Key[] = [];
  let found: Promise<(key: Key) => Found | undefined> | undefined;
  const atEndOfTurn = async (): Promise<(key: Key) => Found | undefined> => {
    await setImmediate();
    const keys = waiting;
    waiting = [];
    found = undefined;
    if (keys.length === 1) {
      const one = await readOne(keys[0]!);
      return () => one;
    }
    const all = await readAll(keys);
    return (key) => all.get(nameOf(key));
  };
  return async (key) => {
    waiting.push(key);
    found ??= atEndOfTurn();
    return (await found)(key);
  };
}

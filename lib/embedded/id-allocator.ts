// Ids counted per kind, in memory: giving one costs no write. What was given is written down with the first record
// that uses it, so an id that no record ever used may be given again after a crash, and one that was used never.

import type { IdKind } from '../ports.ts';
import type { Database } from './database.ts';

export interface IdAllocator {
  allocate(kind: IdKind): string;
  /** The highest number given so far, once `id` counts as given too (a rebuilt catalog brings its own ids). */
  highest(kind: IdKind, id: string): number;
}

export function createIdAllocator(database: Database): IdAllocator {
  const stored = database.statement<{ value: number }>('SELECT value FROM counter WHERE kind = ?');
  const numbers: Record<IdKind, number> = {
    backup: stored.get('backup')?.value ?? 0,
    restore: stored.get('restore')?.value ?? 0,
  };
  return {
    allocate(kind) {
      numbers[kind] += 1;
      return `${kind}-${numbers[kind]}`;
    },
    highest(kind, id) {
      const [prefix, number] = parseId(id);
      if (prefix === kind) {
        numbers[kind] = Math.max(numbers[kind], number);
      }
      return numbers[kind];
    },
  };
}

/** Only the form that `allocate` gives can collide with it; a number beyond the safe ones never will. */
function parseId(id: string): [prefix: string, number: number] {
  const [, prefix = '', digits = ''] = /^([a-z]+)-([1-9]\d*)$/.exec(id) ?? [];
  const number = Number(digits);
  return [prefix, Number.isSafeInteger(number) ? number : 0];
}

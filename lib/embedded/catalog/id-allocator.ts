// Ids counted per kind, in memory: giving one costs no write. What was given is written down with the first record
// that uses it, so an id that neither a record nor a blob ever used may be given again after a crash, and one that was used
// never.

import type { IdKind } from '../../ports/catalog.ts';
import type { Database } from './database.ts';

export interface IdAllocator {
  allocate(kind: IdKind): string;
  /** The highest number given so far, once `id` counts as given too (a rebuilt catalog brings its own ids). */
  highest(kind: IdKind, id: string): number;
  /** Counts an id as given that something unproven names: a bit of it may have flipped, so not if it is far off. */
  avoid(id: string): void;
}

/** How far ahead of all that is certain an id of something unproven is still believed. */
export const UNCERTAIN_AHEAD_MAX = 1_000_000;

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
    avoid(id) {
      const [prefix, number] = parseId(id);
      if (!isKind(prefix) || number > numbers[prefix] + UNCERTAIN_AHEAD_MAX) return;
      numbers[prefix] = Math.max(numbers[prefix], number);
    },
  };
}

function isKind(prefix: string): prefix is IdKind {
  return prefix === 'backup' || prefix === 'restore';
}

/** Only the form that `allocate` gives can collide with it; a number beyond the safe ones never will. */
function parseId(id: string): [prefix: string, number: number] {
  const [, prefix = '', digits = ''] = /^([a-z]+)-([1-9]\d*)$/.exec(id) ?? [];
  const number = Number(digits);
  return [prefix, Number.isSafeInteger(number) ? number : 0];
}

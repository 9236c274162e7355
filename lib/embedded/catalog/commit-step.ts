// What one change of a commit becomes, and the numbers of ids that go with it.

import type { IdKind } from '../../ports/catalog.ts';
import type { Change } from '../../ports/change.ts';
import type { Database } from './database.ts';

export type ChangeOf<K extends Change['kind']> = Extract<Change, { kind: K }>;
/** What is left to do inside the transaction. Gives how many rows a conditional change has written, or nothing if it has no condition. */
export type Step = () => number | undefined;
/** Serialises a change: the step no longer looks at it. */
export type Preparers = { [K in Change['kind']]: (change: ChangeOf<K>) => Step };

export type Allocated = (kind: IdKind, id: string) => number;

/** In the transaction of the record itself: an id that was committed is never given again, and it costs no fsync. */
export function createCounter(database: Database, allocated: Allocated): (kind: IdKind, id: string) => void {
  const raise = database.statement(
    `INSERT INTO counter (kind, value) VALUES (?, ?)
     ON CONFLICT (kind) DO UPDATE SET value = excluded.value WHERE excluded.value > counter.value`,
  );
  return (kind, id) => {
    raise.run(kind, allocated(kind, id));
  };
}

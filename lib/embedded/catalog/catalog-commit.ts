// How each change of a commit is carried out in SQLite. A condition is part of the statement that writes: no row
// changed means that it does not hold.

import type { Change } from '../../ports/change.ts';
import { PortError } from '../../ports/errors.ts';
import { backupPreparers, resourcePreparers } from './commit-backups.ts';
import { documentPreparers, expiryPreparers, noticePreparers, trailPreparers } from './commit-others.ts';
import type { Allocated, ChangeOf, Preparers } from './commit-step.ts';
import { operationPreparers, requestPreparers } from './commit-work.ts';
import type { Database } from './database.ts';

export interface CatalogWriter {
  /** The step that carries out one change inside a transaction. It throws PortError `conflict`. */
  prepare(change: Change): () => void;
}

/** `allocated` tells the highest number that an id of a kind has been given; it is kept with each inserted record. */
export function createCatalogWriter(database: Database, allocated: Allocated): CatalogWriter {
  const preparers: Preparers = {
    ...backupPreparers(database, allocated),
    ...operationPreparers(database, allocated),
    ...requestPreparers(database, allocated),
    ...resourcePreparers(database),
    ...expiryPreparers(database),
    ...noticePreparers(database),
    ...documentPreparers(database),
    ...trailPreparers(database),
  };
  return {
    prepare<K extends Change['kind']>(change: ChangeOf<K>): () => void {
      const kind: K = change.kind as K;
      const step = (preparers[kind] as Preparers[K])(change);
      return () => {
        if (step() === 0) {
          throw new PortError('conflict', `the condition of ${kind} does not hold`, { change: kind });
        }
      };
    },
  };
}

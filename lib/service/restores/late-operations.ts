// Restores whose record cannot be written now, because the disk is full, can only be read, or the catalog fails for a while.
// Reading needs no writing: their data is given all the same, and the record is kept here, within bounds, until it can be
// written.

import type { OperationRecord } from '../../core/records/model.ts';
import { isFinished } from '../../core/records/status.ts';
import { PortError } from '../../ports/errors.ts';
import type { Deps } from '../contract/deps.ts';
import type { LateOperations } from '../contract/parts.ts';
import { wholeOf } from './operations.ts';

/** What is kept of restores at a time when nothing can be written; beyond that the oldest are given up. */
const LATE_MAX = 10_000;

export function createLateOperations(): LateOperations {
  const kept = new Map<string, { operation: OperationRecord; isLate: boolean }>();
  return {
    keep(operation, isLate) {
      kept.set(operation.id, { operation, isLate });
      if (kept.size <= LATE_MAX) return;
      for (const [id, { operation: oldest }] of kept) {
        if (!isFinished(oldest)) continue;
        kept.delete(id);
        return;
      }
    },
    drop: (id) => void kept.delete(id),
    find(id) {
      const found = kept.get(id);
      return found?.isLate === true ? found.operation : undefined;
    },
    hasLease(chainId, now) {
      for (const { operation } of kept.values()) {
        if (operation.chainId === chainId && operation.leaseUntil > now && !isFinished(operation))
          return true;
      }
      return false;
    },
    over: () =>
      [...kept.values()]
        .filter(({ operation, isLate }) => isLate && isFinished(operation))
        .map(({ operation }) => operation),
  };
}

/** Whether the catalog could not write, for a reason that is none of the restore's. */
export function cannotWrite(error: unknown): boolean {
  return error instanceof PortError && error.code === 'unavailable';
}

/** Does what is of use but not needed; where nothing can be written, that is logged, and what follows goes on. */
export async function ifWritable<T>(
  { log }: Pick<Deps, 'log'>,
  what: string,
  work: () => Promise<T>,
  otherwise: T,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!cannotWrite(error)) throw error;
    log.error(`${what} could not be written down`, { error });
    return otherwise;
  }
}

/** Writes down what is late and over. Resolves with how many it were. Throws PortError from the catalog; the rest stays late. */
export async function writeLateOperations(deps: Pick<Deps, 'catalog' | 'late' | 'random'>): Promise<number> {
  const { late } = deps;
  let written = 0;
  for (const operation of late?.over() ?? []) {
    await writeDown(deps, operation);
    late!.drop(operation.id);
    written++;
  }
  return written;
}

async function writeDown(deps: Pick<Deps, 'catalog' | 'random'>, operation: OperationRecord): Promise<void> {
  const { catalog } = deps;
  // What failed may have been the answer only: then it is there, and over.
  const stored = await catalog.getOperation(operation.id);
  if (stored === undefined) await catalog.commit(wholeOf(deps, operation));
}

// How many rows the tables of a state have.

import { isPacked, type ScannedState } from '../../core/json/state-sink.ts';
import { LIMITS } from '../../core/records/limits.ts';
import type { TableRows } from '../../core/schedule/records.ts';
import type { Deps } from '../contract/deps.ts';

/** Against nothing at all, all rows have gone. */
const NOTHING = new TextEncoder().encode('{}');

/**
 * Tables as `rowsGone` finds them, without what has tables in it, in the order of their names, at most so many. Undefined of a state that is not held as text, or has too many values
 * to be told apart.
 */
export async function countRows(
  { texts }: Pick<Deps, 'texts'>,
  state: ScannedState | { bytes: Uint8Array },
): Promise<TableRows[] | undefined> {
  if (!('bytes' in state) || isPackedState(state)) return undefined;
  const losses = await texts.rowsGone({ bytes: state.bytes }, { bytes: NOTHING.slice() });
  const around = new Set(losses?.flatMap(({ pointer }) => allAround(pointer)));
  return losses
    ?.map(({ pointer, rows }) => ({ pointer, rows }))
    .filter(({ pointer }) => !around.has(pointer))
    .sort((a, b) => (a.pointer < b.pointer ? -1 : 1))
    .slice(0, LIMITS.drillTablesMax);
}

/** Of `/a/b`: nothing, and `/a`. */
function allAround(pointer: string): string[] {
  const steps = pointer.split('/');
  return steps.slice(0, -1).map((_, n) => steps.slice(0, n + 1).join('/'));
}

function isPackedState(state: ScannedState | { bytes: Uint8Array }): boolean {
  return 'checksum' in state && isPacked(state);
}

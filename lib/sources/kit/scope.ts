// Which part of a database a JSON Pointer means: all of it, a table, a row, a value, the sequences.

import { parsePointer } from '../../core/json/pointer.ts';
import { PortError } from '../../ports/errors.ts';

export type Scope =
  | { kind: 'all' }
  | { kind: 'table'; table: string }
  | { kind: 'row'; table: string; row: string; column?: string }
  | { kind: 'sequences'; sequence?: string };

/** Throws PortError `not_found` for a pointer that means no such part. */
export function scopeOf(path: string | undefined): Scope {
  const steps = parsePointer(path ?? '');
  if (steps === undefined) throw new PortError('not_found', `${path} is no JSON Pointer`);
  const [first, name, rows, row, column, ...deeper] = steps;
  if (first === undefined || (first === 'tables' && name === undefined)) return { kind: 'all' };
  if (first === 'sequences' && rows === undefined)
    return { kind: 'sequences', ...(name === undefined ? {} : { sequence: name }) };
  if (first === 'tables' && name !== undefined && (rows === undefined || rows === 'rows')) {
    if (row === undefined) return { kind: 'table', table: name };
    if (deeper.length === 0)
      return { kind: 'row', table: name, row, ...(column === undefined ? {} : { column }) };
  }
  throw new PortError(
    'not_found',
    `${path} is no part that can be put back by itself: a table as /tables/orders, a row as /tables/orders/rows/42, a column of that, or /sequences`,
  );
}

// What a deployment says of how its table is charged: by the request, or by what is provisioned.

import { CAPACITY } from '../aws/names/capacity.ts';
import { given, type Name, type Read, wrong } from './setting-names.ts';

/** Units a second. */
export interface UnitBounds {
  least: number;
  most: number;
}

/** Of the table, and of each of its indexes by itself: it is scaled between the bounds. */
export interface Provisioned {
  writeUnits: UnitBounds;
  readUnits: UnitBounds;
}

export interface CapacitySettings {
  /** Absent: on demand. */
  provisioned?: Provisioned;
  /** Write units a second that the table, and each of its indexes, takes from the beginning; absent for what AWS gives a new one. */
  warmWriteUnits?: number;
}

/** What a new table takes on demand; less cannot be asked for. */
const NEW_TABLE_WRITE_UNITS = 4000;
/** AWS takes as much once it has raised the quota of 40,000 for a table. */
const UNITS_MAX = 1_000_000;

/** Throws an Error that says which `-c` is wrong, and what it takes. */
export function readCapacity(read: Read, tableName: string | undefined): CapacitySettings {
  const writeUnits = readBounds(read, 'provisionedWriteUnits');
  const readUnits = readBounds(read, 'provisionedReadUnits');
  const warm = given(read, 'warmWriteUnits', NEW_TABLE_WRITE_UNITS, UNITS_MAX);
  const said = (['provisionedWriteUnits', 'provisionedReadUnits', 'warmWriteUnits'] as const).find(
    (name) => read(name) !== undefined,
  );
  if (tableName !== undefined && said !== undefined) {
    throw new Error(
      `-c ${said}=... changes nothing of a table that is taken over: leave it out, and set its capacity where the table was made.`,
    );
  }
  if (writeUnits === undefined) {
    if (readUnits === undefined) return warm;
    throw new Error(
      '-c provisionedReadUnits=... means nothing without -c provisionedWriteUnits=...: a table is provisioned for both, or for neither.',
    );
  }
  if (warm.warmWriteUnits !== undefined) {
    throw new Error(
      '-c warmWriteUnits=... is for a table on demand: one with -c provisionedWriteUnits=... takes what is provisioned, however warm it is; raise the least instead.',
    );
  }
  return { provisioned: { writeUnits, readUnits: readUnits ?? writeUnits } };
}

function readBounds(read: Read, name: Name): UnitBounds | undefined {
  const value = read(name);
  if (value === undefined) return undefined;
  const [, least, most] = (/^(\d{1,7})-(\d{1,7})$/.exec(value) ?? []).map(Number);
  if (
    least === undefined ||
    most === undefined ||
    least < CAPACITY.leastMin ||
    most > UNITS_MAX ||
    least > most
  ) {
    throw wrong(
      name,
      `the least and the most units a second of the table and of each index, as 25-4000, from ${CAPACITY.leastMin} to ${UNITS_MAX}`,
    );
  }
  return { least, most };
}

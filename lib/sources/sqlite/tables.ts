// What a SQLite file has: its tables, with their columns and keys, and its rows as JSON.

import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { SqliteSource } from '../../core/records/source.ts';
import { fitsPattern } from '../../core/records/wildcard.ts';
import { PortError } from '../../ports/errors.ts';
import { demandRegular } from '../../regular-file.ts';
import { portError } from '../kit/opened.ts';
import { asBytes, rowName, type Value, valueFrom, written } from './values.ts';

export const FORMAT = 'sqlite/1';

/** How long another writer is waited for. */
const BUSY_MS = 10_000;

export interface Column {
  name: string;
  type: string;
}

export interface Table {
  name: string;
  /** None that is generated. */
  columns: Column[];
  /** None: rows stand in the order of their rowid. */
  key: string[];
}

export const ident = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** Throws PortError for what is no database, or not there. */
export function openDatabase(path: string, readOnly: boolean): DatabaseSync {
  try {
    // Opening a pipe would wait for ever, and with it all that this process does.
    demandRegular(path);
    // A restore checks foreign keys at its end, for all rows at once.
    return new DatabaseSync(path, { readOnly, timeout: BUSY_MS, enableForeignKeyConstraints: false });
  } catch (error) {
    throw faultOf(path, error);
  }
}

export function faultOf(path: string, error: unknown): unknown {
  const { errcode, message } = error as { errcode?: number; message?: string };
  if (errcode === undefined) return portError(path, error);
  const primary = errcode & 0xff;
  const code =
    primary === 14
      ? 'not_found'
      : primary === 3 || primary === 8 || primary === 23
        ? 'denied'
        : primary === 11 || primary === 26
          ? 'integrity'
          : primary === 19 || primary === 20
            ? 'conflict'
            : 'unavailable';
  return new PortError(code, `${path}: ${message}`, { cause: error, reason: String(errcode) });
}

export function all(database: DatabaseSync, sql: string, ...values: Value[]): Record<string, Value>[] {
  const statement = database.prepare(sql);
  statement.setReadBigInts(true);
  return statement.all(...(values as never[])) as Record<string, Value>[];
}

/** Throws PortError `not_found` if one is named and none is there. */
export function tablesOf(
  database: DatabaseSync,
  { tables, exclude = [] }: SqliteSource,
): { tables: Table[]; warnings: string[] } {
  const listed = all(
    database,
    `SELECT name, type FROM pragma_table_list WHERE schema = 'main' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name`,
  );
  const isAsked = (name: string): boolean =>
    (tables === undefined || tables.some((one) => fitsPattern(one, name))) &&
    !exclude.some((one) => fitsPattern(one, name));
  const found = listed.filter(({ name }) => isAsked(String(name)));
  const absent = tables?.find((one) => !found.some(({ name }) => fitsPattern(one, String(name))));
  if (absent !== undefined) throw new PortError('not_found', `there is no table ${absent}`);
  const read = found
    .filter(({ type }) => type === 'table')
    .map(({ name }) => tableOf(database, String(name)));
  const virtual = found.filter(({ type }) => type === 'virtual').map(({ name }) => String(name));
  const keyless = read.filter(({ key }) => key.length === 0).map(({ name }) => name);
  return {
    tables: read,
    warnings: [
      ...(virtual.length > 0
        ? [`Virtual tables are left out, and with them what they keep: ${virtual.join(', ')}`]
        : []),
      ...(keyless.length > 0
        ? [`No primary key: ${keyless.join(', ')}. Their rows are a list, and come back only all together`]
        : []),
    ],
  };
}

function tableOf(database: DatabaseSync, name: string): Table {
  const columns = all(
    database,
    `SELECT name, type, pk, "notnull", hidden FROM pragma_table_xinfo(${literal(name)}) ORDER BY cid`,
  );
  const key = columns.filter(({ pk }) => pk !== 0n).sort((a, b) => Number(a.pk) - Number(b.pk));
  // By an old mistake of SQLite that became a promise, a primary key may hold NULL, many times.
  const nulls = key
    .filter(({ notnull }) => notnull === 0n)
    .map((one) => `${ident(String(one.name))} IS NULL`);
  const hasNull =
    nulls.length > 0 &&
    all(database, `SELECT 1 AS x FROM ${ident(name)} WHERE ${nulls.join(' OR ')} LIMIT 1`).length > 0;
  return {
    name,
    columns: columns
      .filter(({ hidden }) => hidden === 0n)
      .map((one) => ({ name: String(one.name), type: String(one.type) })),
    key: hasNull ? [] : key.map((one) => String(one.name)),
  };
}

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** Reads rows of these columns, each as its values; `rest` is what stands behind `FROM table`. */
export function rowReader(
  database: DatabaseSync,
  table: string,
  columns: readonly string[],
  rest: string,
): (...values: Value[]) => Iterable<Value[]> {
  const [{ encoding }] = all(database, 'PRAGMA encoding') as [{ encoding: string }];
  const decoder = new TextDecoder(encoding.toLowerCase(), { fatal: true, ignoreBOM: true });
  const quoted = columns.map(ident);
  const kinds = quoted.map((column) => `substr(typeof(${column}), 1, 1)`).join(' || ') || "''";
  const statement: StatementSync = database.prepare(
    `SELECT ${[kinds, ...quoted.map(asBytes)].join(', ')} FROM ${ident(table)} ${rest}`,
  );
  statement.setReadBigInts(true);
  statement.setReturnArrays(true);
  return function* (...values) {
    for (const found of statement.iterate(...(values as never[])) as unknown as Iterable<unknown[]>) {
      const [letters, ...row] = found as [string, ...unknown[]];
      yield row.map((value, i) => valueFrom(value, letters[i]!, decoder));
    }
  };
}

/** A row as JSON. */
export function rowText(columns: readonly string[], values: readonly Value[]): string {
  return `{${columns.map((name, i) => `${JSON.stringify(name)}:${written(values[i]!)}`).join(',')}}`;
}

/** `"name":{row}`, or `{row}` without a key. */
export function* rowsOf(
  database: DatabaseSync,
  { name, columns, key }: Table,
): Generator<string, void, undefined> {
  const names = columns.map((column) => column.name);
  const order = key.length > 0 ? key.map(ident).join(', ') : 'rowid';
  const places = key.map((one) => names.indexOf(one));
  for (const values of rowReader(database, name, names, `ORDER BY ${order}`)()) {
    const row = rowText(names, values);
    yield key.length === 0 ? row : `${JSON.stringify(rowName(places.map((place) => values[place]!)))}:${row}`;
  }
}

/** What AUTOINCREMENT has counted to, by table. */
export function sequencesOf(database: DatabaseSync): [name: string, last: bigint][] {
  if (all(database, `SELECT 1 AS x FROM sqlite_master WHERE name = 'sqlite_sequence'`).length === 0)
    return [];
  return all(database, 'SELECT name, seq FROM sqlite_sequence ORDER BY name').map(({ name, seq }) => [
    String(name),
    BigInt(seq as bigint),
  ]);
}

// The statements of a SQLite database: each prepared once, its errors in the words of the ports.

import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { sqliteFailure } from '../disk/failures.ts';

/** A prepared statement with positional parameters, whose rows have the shape `Row`. */
export interface Statement<Row extends object> {
  get(...parameters: SQLInputValue[]): Row | undefined;
  all(...parameters: SQLInputValue[]): Row[];
  /** The number of rows changed. */
  run(...parameters: SQLInputValue[]): number;
}

/** Gives the statement for a text. */
export function statementsOf(
  native: DatabaseSync,
): <Row extends object = Record<string, never>>(sql: string) => Statement<Row> {
  const statements = new Map<string, Statement<object>>();
  return <Row extends object>(sql: string): Statement<Row> => {
    let statement = statements.get(sql);
    if (statement === undefined) {
      statement = prepare(native, sql);
      statements.set(sql, statement);
    }
    return statement as Statement<Row>;
  };
}

function prepare(native: DatabaseSync, sql: string): Statement<object> {
  const statement = native.prepare(sql);
  return {
    get: (...parameters) => translated(() => statement.get(...parameters) as object | undefined),
    all: (...parameters) => translated(() => statement.all(...parameters) as object[]),
    run: (...parameters) => translated(() => Number(statement.run(...parameters).changes)),
  };
}

function translated<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw sqliteFailure(error);
  }
}

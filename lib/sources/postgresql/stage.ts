// A state on its way into a database: its rows in temporary tables beside those that they belong to.

import { escapeToken } from '../../core/json/pointer.ts';
import { PortError } from '../../ports/errors.ts';
import type { GivenState } from '../../ports/source.ts';
import { JsonReader, type Piece } from '../kit/json-reader.ts';
import type { Scope } from '../kit/scope.ts';
import { type Catalog, columnList, type Table } from './catalog.ts';
import type { Connection } from './connect.ts';
import { CopyIn } from './copy-in.ts';
import { declared, readBack, type Taken } from './encode.ts';
import { ident, literal } from './names.ts';
import { FORMAT } from './read.ts';
import { type Member, type RowsToText, rowsToText } from './row-text.ts';

/** A table of the target, with the rows of the state beside it. */
export interface Staged {
  table: Table;
  /** In the state and in the target, and none that is generated. */
  columns: Taken[];
  /** By the state; none: rows are told apart by all that they hold. */
  key: string[];
  /** The temporary table of rows. */
  rows: string;
  /** The temporary table of the one key that is meant; all rows are without it. */
  only?: string;
  rowCount: number;
}

export interface SequenceState {
  name: string;
  lastValue: string;
  isCalled: boolean;
}

export interface StagedState {
  tables: Staged[];
  sequences: SequenceState[];
  /** In the state, and not in the target: tables, `table.column`. */
  missing: string[];
  warnings: string[];
}

interface StateColumn {
  name: string;
  type: string;
  generated?: boolean;
  as?: 'json' | 'jsonb';
}

const BATCH_BYTES = 1024 * 1024;
/**
 * Of tables as a whole. Where a table was empty when it was last looked at, the server thinks that it goes through it in no time, for each row anew:
 * while it fills, that takes hours. Where there is no other way it thinks them so costly that it would compile them first.
 */
const NO_NESTED_LOOPS = 'SET LOCAL enable_nestloop = off; SET LOCAL jit = off';

/** Throws PortError `integrity` for a state that is of no database, `not_found` for a part that it has not. */
export async function stage(
  connection: Connection,
  catalog: Catalog,
  state: GivenState,
  scope: Scope,
): Promise<StagedState> {
  const staging = new Staging(connection, catalog, scope);
  if (scope.kind === 'row') await staging.row(state, scope);
  else {
    await connection.run(NO_NESTED_LOOPS);
    await staging.whole(new JsonReader(state.chunks()));
  }
  return staging.result;
}

class Staging {
  readonly result: StagedState = { tables: [], sequences: [], missing: [], warnings: [] };
  readonly #connection: Connection;
  readonly #catalog: Catalog;
  readonly #scope: Scope;

  constructor(connection: Connection, catalog: Catalog, scope: Scope) {
    this.#connection = connection;
    this.#catalog = catalog;
    this.#scope = scope;
  }

  async whole(reader: JsonReader): Promise<void> {
    let format: unknown;
    let isFound = this.#scope.kind === 'all';
    try {
      if ((await reader.peek()) !== 0x7b) throw notOurs();
      for await (const member of reader.members()) {
        if (member === 'format') format = JSON.parse(textOf(await reader.value()));
        else if (format !== FORMAT) throw notOurs();
        else if (member === 'tables' && this.#scope.kind !== 'sequences') {
          for await (const name of reader.members()) {
            if (this.#scope.kind === 'table' && this.#scope.table !== name) await reader.skip();
            else {
              isFound = true;
              await this.#table(name, reader);
            }
          }
        } else if (member === 'sequences' && this.#scope.kind !== 'table') {
          for await (const name of reader.members())
            isFound = this.#sequence(name, textOf(await reader.value())) || isFound;
        } else await reader.skip();
      }
      if (format !== FORMAT) throw notOurs();
      if (!isFound) throw new PortError('not_found', 'the state has no such part');
    } finally {
      await reader.close();
    }
  }

  #sequence(name: string, text: string): boolean {
    if (this.#scope.kind === 'sequences' && (this.#scope.sequence ?? name) !== name) return false;
    // The last value may be past what a number of JavaScript holds.
    const [, lastValue] = /"lastValue"\s*:\s*(-?\d+)/.exec(text) ?? [];
    if (lastValue === undefined) throw notOurs();
    this.result.sequences.push({ name, lastValue, isCalled: /"isCalled"\s*:\s*true/.test(text) });
    return true;
  }

  async #table(name: string, reader: JsonReader): Promise<void> {
    let key: string[] = [];
    let columns: StateColumn[] = [];
    for await (const member of reader.members()) {
      if (member === 'key') key = JSON.parse(textOf(await reader.value())) as string[];
      else if (member === 'columns') columns = JSON.parse(textOf(await reader.value())) as StateColumn[];
      else if (member === 'rows') {
        const staged = await this.#begin(name, key, columns);
        if (staged === undefined) await reader.skip();
        else await this.#fill(staged, reader.pieces(BATCH_BYTES), rowsToText(membersOf(columns, staged)));
      } else await reader.skip();
    }
  }

  /** One row, or one value of it, by its parts alone. */
  async row(state: GivenState, { table: name, row, column }: Scope & { kind: 'row' }): Promise<void> {
    const base = `/tables/${escapeToken(name)}`;
    const [described, keyText, rowText] = [
      await state.part(`${base}/columns`),
      await state.part(`${base}/key`),
      await state.part(`${base}/rows/${escapeToken(row)}`),
    ];
    if (described === undefined || keyText === undefined)
      throw new PortError('not_found', `the state has no table ${name}`);
    const key = JSON.parse(textOf(keyText)) as string[];
    if (key.length === 0)
      throw new PortError('not_found', `${name} has no key: put back all of it with --path ${base}`);
    let columns = JSON.parse(textOf(described)) as StateColumn[];
    if (column !== undefined) {
      if (!columns.some((one) => one.name === column && !one.generated))
        throw new PortError('not_found', `the state has no value at ${base}/rows/${row}/${column}`);
      if (rowText === undefined) throw new PortError('not_found', `the state has no row ${row} in ${name}`);
      columns = columns.filter((one) => key.includes(one.name) || one.name === column);
    }
    const staged = await this.#begin(name, key, columns);
    if (staged === undefined) return;
    staged.only = await this.#onlyKey(staged, row);
    const value = rowText === undefined ? [] : [{ name: undefined, value: rowText }];
    await this.#fill(
      staged,
      (async function* () {
        if (value.length > 0) yield value;
      })(),
    );
  }

  async #onlyKey({ table, columns, key, rows }: Staged, row: string): Promise<string> {
    const only = `${rows}_only`;
    // Of several columns the name is a JSON array of them; their own text is kept, whatever size its numbers have.
    const object =
      key.length === 1
        ? `pg_catalog.json_build_object(${literal(key[0]!)}, ${literal(row)}::text)`
        : `(SELECT pg_catalog.json_object_agg(k, e.value) FROM pg_catalog.json_array_elements(${literal(row)}::pg_catalog.json) WITH ORDINALITY e(value, n)
            JOIN pg_catalog.unnest(ARRAY[${key.map(literal).join(', ')}]) WITH ORDINALITY k(k, n) USING (n))`;
    const taken = key.map((name) => columns.find(({ column }) => column.name === name)!);
    if (taken.some(({ written }) => written === 'jsonb'))
      throw new PortError(
        'not_found',
        `the key of ${table.schema}.${table.name} is jsonb: no row of it can be put back by itself`,
      );
    await this.#connection.run(
      `CREATE TEMP TABLE ${only} ON COMMIT DROP AS SELECT ${taken.map((one) => `r.${ident(one.column.name)}`).join(', ')} FROM pg_catalog.json_to_record(${object}) AS r(${taken.map(declared).join(', ')})`,
    );
    if (table.key.length === 0)
      this.result.warnings.push(`${table.schema}.${table.name} has no key in the target`);
    return only;
  }

  /** Undefined for a table that the target has not, or that has not what tells its rows apart; it is noted. */
  async #begin(name: string, key: string[], described: StateColumn[]): Promise<Staged | undefined> {
    const { missing, warnings, tables } = this.result;
    const table = this.#catalog.tables.find((one) => `${one.schema}.${one.name}` === name);
    if (table === undefined) {
      missing.push(name);
      return undefined;
    }
    const columns: Taken[] = [];
    for (const { name: one, type, generated, as } of described) {
      if (generated) continue;
      const column = table.columns.find((found) => found.name === one);
      if (column === undefined) missing.push(`${name}.${one}`);
      else if (column.isGenerated)
        warnings.push(`${name}.${one} is generated in the target, and stays what that makes of it`);
      else {
        columns.push({
          column,
          written: as ?? (column.written === 'json' || column.written === 'jsonb' ? 'text' : column.written),
        });
        if (column.type !== type)
          warnings.push(`${name}.${one} was ${type} and is ${column.type}: values are converted`);
      }
    }
    const lost = key.filter((one) => !columns.some(({ column }) => column.name === one));
    if (lost.length > 0 || columns.length === 0) return undefined;
    if (key.length > 0 && [...key].sort().join('\0') !== [...table.key].sort().join('\0'))
      warnings.push(`${name}: rows are found by ${key.join(', ')}, which is not the key of the target`);
    const rows = `pg_temp.backup_rows_${tables.length}`;
    await this.#connection.run(
      `CREATE TEMP TABLE ${rows} ON COMMIT DROP AS SELECT ${columnList(columns.map(({ column }) => column.name))} FROM ${table.from} LIMIT 0`,
    );
    const staged: Staged = { table, columns, key, rows, rowCount: 0 };
    tables.push(staged);
    return staged;
  }

  /** While the server takes a batch, the next one is read. */
  async #fill(staged: Staged, batches: AsyncIterable<Piece[]>, toText?: RowsToText): Promise<void> {
    const { columns, rows } = staged;
    const { client, fault } = this.#connection;
    const statement = `INSERT INTO ${rows} SELECT ${columns.map(readBack).join(', ')} FROM pg_catalog.json_to_recordset($1::pg_catalog.json) AS r(${columns.map(declared).join(', ')})`;
    let copy: CopyIn | undefined;
    const take = async (batch: Piece[], lines: Uint8Array | undefined): Promise<void> => {
      if (lines !== undefined) {
        copy ??= CopyIn.into(rows, this.#connection);
        return copy.write(lines);
      }
      await copy?.end();
      copy = undefined;
      await client
        .query({ name: rows, text: statement, values: [recordset(batch)] })
        .catch((error: unknown) => {
          throw fault(error);
        });
    };
    let pending: Promise<void> = Promise.resolve();
    for await (const batch of batches) {
      const lines = toText?.(batch.map(({ value }) => value));
      staged.rowCount += batch.length;
      await pending;
      pending = take(batch, lines);
      pending.catch(() => {});
    }
    await pending;
    await (copy as CopyIn | undefined)?.end();
    await this.#analyze(staged);
  }

  /** By its key rows are found; also of one row: else the server takes it for thousands, and reads all of the table to find its like. */
  async #analyze({ rows, only, rowCount, key }: Staged): Promise<void> {
    if (rowCount <= 1000 && only === undefined) return;
    const columns = key.length === 0 ? '' : ` (${columnList(key)})`;
    await this.#connection.run(`ANALYZE ${rows}${columns}${only === undefined ? '' : `, ${only}`}`);
  }
}

/** What each row of the state has, in the order in which it was read. */
function membersOf(described: readonly StateColumn[], { columns }: Staged): Member[] {
  return described
    .filter(({ generated }) => !generated)
    .map(({ name }) => ({ name, taken: columns.find(({ column }) => column.name === name) }));
}

/** The rows of a batch as one JSON array. */
function recordset(batch: readonly Piece[]): Buffer {
  const parts: Uint8Array[] = [];
  for (const { value } of batch) parts.push(parts.length === 0 ? OPEN : COMMA, value);
  return Buffer.concat([...parts, CLOSE]);
}

const [OPEN, COMMA, CLOSE] = [Buffer.from('['), Buffer.from(','), Buffer.from(']')];

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}

function notOurs(): PortError {
  return new PortError(
    'integrity',
    `the state was not read from PostgreSQL: it is not of the format ${FORMAT}`,
  );
}

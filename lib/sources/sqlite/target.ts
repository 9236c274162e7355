// A state put back into a SQLite file: row by row in one transaction, triggers aside, foreign keys checked at its end.

import { createHash } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { escapeToken } from '../../core/json/pointer.ts';
import type { SqliteSource } from '../../core/records/source.ts';
import { PortError } from '../../ports/errors.ts';
import type {
  GivenState,
  PlannedPart,
  RestoreModes,
  RestoreOptions,
  RestorePlan,
  Target,
} from '../../ports/source.ts';
import { JsonReader, type Piece } from '../kit/json-reader.ts';
import { type Scope, scopeOf } from '../kit/scope.ts';
import {
  all,
  FORMAT,
  faultOf,
  ident,
  openDatabase,
  rowReader,
  rowText,
  sequencesOf,
  type Table,
  tablesOf,
} from './tables.ts';
import { notOurs, placeholder, readBack, rowName } from './values.ts';

const BATCH_BYTES = 256 * 1024;

/** A table of the state, as it comes. */
interface Coming {
  name: string;
  key: string[];
  columns: string[];
  rows: AsyncIterable<Piece[]>;
  /** The name of the one row that is meant. */
  only?: string;
}

interface Done {
  parts: PlannedPart[];
  missing: string[];
  warnings: string[];
  /** Whether the modes let all of it happen. */
  isWhole: boolean;
}

export function createTarget(spec: SqliteSource): Target {
  async function go(
    state: GivenState,
    options: RestoreOptions,
    signal: AbortSignal,
    isDone: boolean,
  ): Promise<Done> {
    const database = openDatabase(spec.path, false);
    try {
      database.exec(isDone ? 'BEGIN IMMEDIATE' : 'BEGIN');
      const { tables } = tablesOf(database, spec);
      const scope = scopeOf(options.path);
      const before = all(database, 'PRAGMA foreign_key_check').length;
      const triggers = isDone ? setTriggersAside(database) : [];
      const done = await new Restore(database, tables, options.modes, isDone).all(state, scope, signal);
      if (isDone) {
        if (done.missing.length > 0 && !options.skipMissing)
          throw new PortError(
            'conflict',
            `the target has not what the state has: ${done.missing.join(', ')}`,
            { reason: 'missing' },
          );
        for (const sql of triggers) database.exec(sql);
        if (all(database, 'PRAGMA foreign_key_check').length > before)
          throw new PortError('conflict', 'rows would refer to others that are not there (a foreign key)');
        database.exec('COMMIT');
      }
      return done;
    } catch (error) {
      throw faultOf(spec.path, error);
    } finally {
      // What was not committed is undone by that.
      database.close();
    }
  }

  const planOf = ({ isWhole, ...done }: Done): RestorePlan => ({
    ...done,
    isExact: isWhole && done.missing.length === 0,
  });

  return {
    plan: async (state, options, signal) => planOf(await go(state, options, signal, false)),
    async restore(state, options, signal) {
      const { missing: _told, ...plan } = planOf(await go(state, options, signal, true));
      const after = await go(state, options, signal, false);
      const isSame = after.parts.every((part) => part.insert + part.update + part.delete === 0);
      return { ...plan, isExact: plan.isExact && isSame };
    },
  };
}

/** Within the transaction; resolves with what makes them again. */
function setTriggersAside(database: DatabaseSync): string[] {
  const found = all(database, `SELECT name, sql FROM sqlite_master WHERE type = 'trigger'`);
  for (const { name } of found) database.exec(`DROP TRIGGER ${ident(String(name))}`);
  return found.map(({ sql }) => String(sql));
}

class Restore {
  readonly #database: DatabaseSync;
  readonly #tables: readonly Table[];
  readonly #modes: RestoreModes;
  readonly #isDone: boolean;
  readonly #done: Done = { parts: [], missing: [], warnings: [], isWhole: true };
  #count = 0;

  constructor(database: DatabaseSync, tables: readonly Table[], modes: RestoreModes, isDone: boolean) {
    this.#database = database;
    this.#tables = tables;
    this.#modes = modes;
    this.#isDone = isDone;
  }

  async all(state: GivenState, scope: Scope, signal: AbortSignal): Promise<Done> {
    const sequences: [string, bigint][] = [];
    for await (const coming of comingOf(state, scope, sequences)) {
      signal.throwIfAborted();
      const table = this.#tables.find(({ name }) => name === coming.name);
      if (table === undefined) {
        this.#done.missing.push(coming.name);
        for await (const _skipped of coming.rows);
        continue;
      }
      const lacking = coming.columns.filter((name) => !table.columns.some((one) => one.name === name));
      this.#done.missing.push(...lacking.map((name) => `${coming.name}.${name}`));
      const columns = coming.columns.filter((name) => !lacking.includes(name));
      if (coming.key.some((name) => lacking.includes(name)) || columns.length === 0) {
        for await (const _skipped of coming.rows);
        continue;
      }
      const stage = await this.#stage(coming, columns);
      this.#done.parts.push(
        coming.key.length > 0 ? this.#keyed(coming, columns, stage) : this.#keyless(coming, columns, stage),
      );
      this.#database.exec(`DROP TABLE temp.${stage}`);
    }
    if (scope.kind === 'all' || scope.kind === 'sequences') this.#sequences(sequences);
    return this.#done;
  }

  /** The rows of the state beside those of the file, as they are: a temporary table changes no kinds of values. */
  async #stage(coming: Coming, columns: string[]): Promise<string> {
    const stage = `backup_rows_${this.#count++}`;
    this.#database.exec(
      `CREATE TEMP TABLE ${stage} (${columns.map((name) => `${ident(name)} BLOB`).join(', ')})`,
    );
    const plain = this.#database.prepare(
      `INSERT INTO temp.${stage} VALUES (${columns.map(() => '?').join(', ')})`,
    );
    for await (const batch of coming.rows) {
      for (const { value } of batch) {
        const row = readBack(Buffer.from(value).toString());
        const values = columns.map((name) => row[name] ?? null);
        const places = values.map(placeholder);
        const insert = places.every((place) => place === '?')
          ? plain
          : this.#database.prepare(`INSERT INTO temp.${stage} VALUES (${places.join(', ')})`);
        insert.run(...(values as never[]));
      }
    }
    if (coming.key.length > 0)
      this.#database.exec(`CREATE INDEX temp.${stage}_key ON ${stage} (${coming.key.map(ident).join(', ')})`);
    return stage;
  }

  #keyed({ name, key, only }: Coming, columns: string[], stage: string): PlannedPart {
    const isSameKey = (a: string, b: string): string =>
      key.map((one) => `${a}.${ident(one)} IS ${b}.${ident(one)}`).join(' AND ');
    const list = columns.map(ident).join(', ');
    const isDifferent = columns
      .map(
        (one) =>
          `(t.${ident(one)} IS NOT s.${ident(one)} COLLATE BINARY OR typeof(t.${ident(one)}) <> typeof(s.${ident(one)}))`,
      )
      .join(' OR ');
    const place = ident(name);
    const staged = `temp.${stage}`;
    const meant = only === undefined ? 'true' : this.#isOnly(name, key, only);
    const count = (sql: string): number =>
      Number(all(this.#database, `SELECT count(*) AS n FROM ${sql}`)[0]!.n);
    const both = `${staged} s JOIN main.${place} t ON ${isSameKey('t', 's')}`;
    const total = count(`${staged} s`);
    const found = count(both);
    const different = count(`${both} WHERE ${isDifferent}`);
    const extra = count(
      `main.${place} t WHERE ${meant} AND NOT EXISTS (SELECT 1 FROM ${staged} s WHERE ${isSameKey('t', 's')})`,
    );
    const differences = {
      name,
      insert: total - found,
      update: different,
      delete: extra,
      same: found - different,
    };
    const part = this.#limited(differences);
    if (!this.#isDone) return part;
    const { create, update, delete: remove } = this.#modes;
    if (remove && extra > 0)
      this.#database.exec(
        `DELETE FROM main.${place} AS t WHERE ${meant} AND NOT EXISTS (SELECT 1 FROM ${staged} s WHERE ${isSameKey('t', 's')})`,
      );
    if (update && part.update > 0) {
      const set = columns.map((one) => `${ident(one)} = s.${ident(one)}`).join(', ');
      this.#database.exec(
        `UPDATE main.${place} AS t SET ${set} FROM ${staged} s WHERE ${isSameKey('t', 's')} AND (${isDifferent})`,
      );
    }
    if (create && part.insert > 0)
      this.#database.exec(
        `INSERT INTO main.${place} (${list}) SELECT ${list} FROM ${staged} s WHERE NOT EXISTS (SELECT 1 FROM main.${place} t WHERE ${isSameKey('t', 's')})`,
      );
    return part;
  }

  /** The one row by its name: of several that are called alike by SQL, that which is called so by us. */
  #isOnly(name: string, key: string[], only: string): string {
    for (const values of rowReader(this.#database, name, key, '')()) {
      if (rowName(values) !== only) continue;
      return key
        .map((one, i) => {
          const value = values[i]!;
          if (typeof value === 'string')
            return `t.${ident(one)} IS CAST(x'${Buffer.from(value).toString('hex')}' AS TEXT)`;
          if (value instanceof Uint8Array)
            return `t.${ident(one)} IS x'${Buffer.from(value).toString('hex')}'`;
          return `t.${ident(one)} IS ${value === null ? 'NULL' : String(value)}`;
        })
        .join(' AND ');
    }
    return 'false';
  }

  /** All of them or none: without a key nobody can say which row was which. */
  #keyless({ name }: Coming, columns: string[], stage: string): PlannedPart {
    const hash = (table: string): { hash: string; rows: number } => {
      const sum = createHash('sha256');
      let rows = 0;
      for (const values of rowReader(this.#database, table, columns, 'ORDER BY rowid')()) {
        sum.update(rowText(columns, values));
        rows++;
      }
      return { hash: sum.digest('hex'), rows };
    };
    const [was, is] = [hash(stage), hash(name)];
    if (was.hash === is.hash) return { name, insert: 0, update: 0, delete: 0, same: is.rows };
    const isLet = this.#modes.create && this.#modes.delete;
    if (!isLet) this.#done.isWhole = false;
    const part = { name, insert: isLet ? was.rows : 0, update: 0, delete: isLet ? is.rows : 0, same: 0 };
    if (!this.#isDone || !isLet) return part;
    const list = columns.map(ident).join(', ');
    this.#database.exec(
      `DELETE FROM main.${ident(name)}; INSERT INTO main.${ident(name)} (${list}) SELECT ${list} FROM temp.${stage} ORDER BY rowid`,
    );
    return part;
  }

  #limited(part: PlannedPart): PlannedPart {
    const { create, update, delete: remove } = this.#modes;
    const limited = {
      ...part,
      insert: create ? part.insert : 0,
      update: update ? part.update : 0,
      delete: remove ? part.delete : 0,
    };
    if (limited.insert + limited.update + limited.delete < part.insert + part.update + part.delete)
      this.#done.isWhole = false;
    return limited;
  }

  /** Never back, unless every row that was counted since goes, too. */
  #sequences(wanted: readonly [string, bigint][]): void {
    const now = new Map(sequencesOf(this.#database));
    const { create, update, delete: remove } = this.#modes;
    const mayFall = create && update && remove;
    for (const [name, last] of wanted) {
      const found = now.get(name);
      const isSame = found === last;
      if (!this.#tables.some((table) => table.name === name)) continue;
      const isSet = !isSame && (mayFall || (found ?? 0n) < last);
      this.#done.parts.push({
        name: `sequence ${name}`,
        insert: 0,
        update: isSet ? 1 : 0,
        delete: 0,
        same: isSame ? 1 : 0,
      });
      if (!this.#isDone || !isSet) continue;
      const set = this.#database.prepare('UPDATE sqlite_sequence SET seq = ? WHERE name = ?').run(last, name);
      if (Number(set.changes) === 0)
        this.#database.prepare('INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)').run(name, last);
    }
  }
}

/** The tables that are meant, each to be taken before the next; what AUTOINCREMENT had counted to comes with the last. */
async function* comingOf(
  state: GivenState,
  scope: Scope,
  sequences: [string, bigint][],
): AsyncGenerator<Coming, void, undefined> {
  if (scope.kind === 'row') return yield await comingRow(state, scope);
  const reader = new JsonReader(state.chunks());
  const json = async <T>(): Promise<T> => JSON.parse(Buffer.from(await reader.value()).toString()) as T;
  let isOurs = false;
  let isFound = scope.kind !== 'table';
  try {
    if ((await reader.peek()) !== 0x7b) throw notOurs();
    for await (const member of reader.members()) {
      if (member === 'format') isOurs = (await json<string>()) === FORMAT;
      else if (!isOurs) throw notOurs();
      else if (member === 'tables' && scope.kind !== 'sequences') {
        for await (const name of reader.members()) {
          if (scope.kind === 'table' && scope.table !== name) {
            await reader.skip();
            continue;
          }
          isFound = true;
          let [key, columns]: [string[], string[]] = [[], []];
          for await (const part of reader.members()) {
            if (part === 'key') key = await json();
            else if (part === 'columns') columns = (await json<{ name: string }[]>()).map((one) => one.name);
            else if (part === 'rows') yield { name, key, columns, rows: reader.pieces(BATCH_BYTES) };
            else await reader.skip();
          }
        }
      } else if (member === 'sequences' && scope.kind !== 'table') {
        for await (const name of reader.members()) {
          const last = BigInt(Buffer.from(await reader.value()).toString());
          if (scope.kind !== 'sequences' || (scope.sequence ?? name) === name) sequences.push([name, last]);
        }
      } else await reader.skip();
    }
    if (!isOurs) throw notOurs();
    if (!isFound) throw new PortError('not_found', 'the state has no such table');
  } finally {
    await reader.close();
  }
}

async function comingRow(
  state: GivenState,
  { table: name, row, column }: Scope & { kind: 'row' },
): Promise<Coming> {
  const base = `/tables/${escapeToken(name)}`;
  const part = async (path: string): Promise<string | undefined> => {
    const bytes = await state.part(`${base}/${path}`);
    return bytes === undefined ? undefined : Buffer.from(bytes).toString();
  };
  const [columnText, keyText] = [await part('columns'), await part('key')];
  if (columnText === undefined || keyText === undefined)
    throw new PortError('not_found', `the state has no table ${name}`);
  const key = JSON.parse(keyText) as string[];
  if (key.length === 0)
    throw new PortError('not_found', `${name} has no key: put back all of it with --path ${base}`);
  const text = await part(`rows/${escapeToken(row)}`);
  const columns = (JSON.parse(columnText) as { name: string }[]).map((one) => one.name);
  if (column !== undefined && (text === undefined || !columns.includes(column)))
    throw new PortError('not_found', `the state has no value at ${base}/rows/${row}/${column}`);
  return {
    ...{ name, key, only: row },
    columns: column === undefined ? columns : columns.filter((one) => one === column || key.includes(one)),
    rows: (async function* () {
      if (text !== undefined) yield [{ name: undefined, value: Buffer.from(text) }];
    })(),
  };
}

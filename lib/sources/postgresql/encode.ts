// Values as the server writes them into JSON, and reads them back from it: each so that what comes back is what was there.

import type { Column, Table } from './catalog.ts';
import { ident, unlike } from './names.ts';
import type { Form, Shape } from './row-json.ts';

/** What stands around a jsonb that JSON would take for something else: a null, for NULL; an object with this member, for this. */
const AROUND = '$json';
/** PostgreSQL's arrays have at most so many dimensions. */
const DIMENSIONS = [1, 2, 3, 4, 5, 6];

export interface RowQuery {
  query: string;
  /** What is made of its rows. */
  shape: Shape;
}

/** The rows of a table, each `"key":{row}`, or `{row}` where there is no key. In the order of the key, or of the text. */
export function selectRows(table: Table): RowQuery {
  const columns = table.columns.filter(({ isGenerated }) => !isGenerated);
  if (table.key.length === 0) return selectTexts(table, columns);
  const from = `FROM ${table.from} t ORDER BY ${table.key.map((name) => `t.${ident(name)}`).join(', ')}`;
  const name = nameOf(table);
  const values = columns.map((column, i) => ({
    before: `${i === 0 ? `${name.after}:{` : ','}${JSON.stringify(column.name)}:`,
    ...asked(column),
  }));
  const fields = [...name.fields, ...values];
  return {
    query: `SELECT ${fields.map(({ sql }) => sql).join(', ')} ${from}`,
    shape: { fields: fields.map(({ before, form }) => ({ before, form })), after: '}' },
  };
}

/** Whole rows as text, by which they are put in order. */
function selectTexts(table: Table, columns: readonly Column[]): RowQuery {
  const alias = ident(
    unlike(
      'r#w',
      columns.map(({ name }) => name),
    ),
  );
  const inner = columns.map((column) => `${writtenOut(column)} AS ${ident(column.name)}`).join(', ');
  const row = columns.length === 0 ? `'{}'` : `pg_catalog.row_to_json(${alias})::text`;
  return {
    query: `SELECT ${row} FROM (SELECT ${inner} FROM ${table.from} t) ${alias} ORDER BY (${row}) COLLATE "C"`,
    shape: { fields: [{ before: '', form: 'json' }], after: '' },
  };
}

interface Value {
  sql: string;
  form: Form;
}

/** A value as it is asked for. What the server has a text for is quoted here, for its `to_json` looks up the type of each value once more. */
function asked(column: Column): Value {
  const sql = writtenOut(column);
  switch (column.written) {
    case 'plain':
      // Times stand in JSON otherwise than in text.
      return column.kind === 'time' || column.kind === 'list'
        ? { sql: `pg_catalog.to_json(${sql})`, form: 'json' }
        : { sql, form: column.kind };
    case 'money':
      return { sql, form: 'number' };
    case 'text':
    case 'json':
      return { sql, form: 'string' };
    case 'array':
    case 'xmls':
    case 'jsonb':
      return { sql, form: 'json' };
  }
}

const WHOLE_NUMBERS = ['smallint', 'integer', 'bigint'];

/** The name of a row: the text of its key, or of several columns a JSON array of them; as JSON. */
function nameOf({ key, columns }: Table): { fields: (Value & { before: string })[]; after: string } {
  const parts = key.map((name) => columns.find((column) => column.name === name)!);
  // What needs no quotes needs no care either.
  if (parts.every(({ type }) => WHOLE_NUMBERS.includes(type))) {
    const isOne = parts.length === 1;
    const fields = parts.map((column, i) => ({
      before: i > 0 ? ',' : isOne ? '"' : '"[',
      sql: writtenOut(column),
      form: 'number' as const,
    }));
    return { fields, after: isOne ? '"' : ']"' };
  }
  const texts = parts.map((column) => {
    const value = writtenOut(column);
    return `pg_catalog.to_json(${column.written === 'plain' ? value : `(${value})::text`})`;
  });
  const sql =
    texts.length === 1
      ? `pg_catalog.to_json(${texts[0]} #>> '{}')`
      : `pg_catalog.to_json('[' || ${texts.map((text) => `${text}::text`).join(` || ',' || `)} || ']')`;
  return { fields: [{ before: '', sql, form: 'json' }], after: '' };
}

function writtenOut({ name, written }: Column): string {
  const value = `t.${ident(name)}`;
  switch (written) {
    case 'plain':
      return value;
    case 'text':
    case 'json':
      return `${value}::text`;
    case 'money':
      return `${value}::money::numeric`;
    case 'array':
    case 'xmls': {
      const items = written === 'xmls' ? `${value}::text[]` : value;
      // Of one dimension nearly always: the others are asked for only where there are more.
      const rest = DIMENSIONS.map((n) => `COALESCE(pg_catalog.array_lower(${value}, ${n}), 1) = 1`).join(
        ' AND ',
      );
      const isUsual = `CASE pg_catalog.array_ndims(${value}) WHEN 1 THEN pg_catalog.array_lower(${value}, 1) = 1 ELSE ${rest} END`;
      return `CASE WHEN ${isUsual} THEN pg_catalog.to_json(${items}) ELSE pg_catalog.to_json(${items}::text) END`;
    }
    case 'jsonb': {
      const json = `${value}::pg_catalog.jsonb`;
      const isAmbiguous = `CASE pg_catalog.jsonb_typeof(${json}) WHEN 'null' THEN true WHEN 'object' THEN pg_catalog.jsonb_exists(${json}, '${AROUND}') ELSE false END`;
      return `CASE WHEN ${isAmbiguous} THEN pg_catalog.jsonb_build_object('${AROUND}', ${json}) ELSE ${json} END`;
    }
  }
}

/** A column of a state, and the column of the target that takes it. */
export interface Taken {
  column: Column;
  /** How it stands in the state. */
  written: Written;
}
type Written = Column['written'];

/** For `json_to_recordset(...) AS r(...)`: under which type a value is taken from JSON. */
export function declared({ column, written }: Taken): string {
  return `${ident(column.name)} ${written === 'json' ? 'pg_catalog.json' : written === 'jsonb' ? 'pg_catalog.jsonb' : column.type}`;
}

/** The value, as the column has it. */
export function readBack({ column, written }: Taken): string {
  const value = `r.${ident(column.name)}`;
  if (written === 'json') return `(${value} #>> '{}')::${column.type}`;
  if (written !== 'jsonb') return value;
  const isAround = `pg_catalog.jsonb_typeof(${value}) = 'object' AND pg_catalog.jsonb_exists(${value}, '${AROUND}')`;
  return `(CASE WHEN ${isAround} THEN ${value} -> '${AROUND}' ELSE ${value} END)::${column.type}`;
}

// Values as the server writes them into JSON, and reads them back from it: each so that what comes back is what was there.

import type { Column, Table } from './catalog.ts';
import { ident, unlike } from './names.ts';

/** What stands around a jsonb that JSON would take for something else: a null, for NULL; an object with this member, for this. */
const AROUND = '$json';
/** PostgreSQL's arrays have at most so many dimensions. */
const DIMENSIONS = [1, 2, 3, 4, 5, 6];

/** One row of texts, each `"key":{row}`, or `{row}` where there is no key. In the order of the key, or of the text. */
export function selectRows(table: Table): string {
  const columns = table.columns.filter(({ isGenerated }) => !isGenerated);
  const alias = ident(
    unlike(
      'r#w',
      columns.map(({ name }) => name),
    ),
  );
  const inner = columns.map((column) => `${writtenOut(column)} AS ${ident(column.name)}`).join(', ');
  const from = `(SELECT ${inner} FROM ${table.from} t`;
  const row = columns.length === 0 ? `'{}'` : `pg_catalog.row_to_json(${alias})::text`;
  if (table.key.length === 0) return `SELECT ${row} FROM ${from}) ${alias} ORDER BY (${row}) COLLATE "C"`;
  const order = table.key.map((name) => `t.${ident(name)}`).join(', ');
  return `SELECT ${keyText(table, alias)} || ':' || ${row} FROM ${from} ORDER BY ${order}) ${alias}`;
}

const WHOLE_NUMBERS = ['smallint', 'integer', 'bigint'];

/** The name of a row: the text of its key, or of several columns a JSON array of them; as JSON. */
function keyText({ key, columns }: Table, alias: string): string {
  const texts = key.map((name) => {
    const { type, written } = columns.find((column) => column.name === name)!;
    const value = `${alias}.${ident(name)}`;
    // What needs no quotes needs no care either.
    if (WHOLE_NUMBERS.includes(type))
      return { json: `${value}::text`, quoted: `'"' || ${value}::text || '"'` };
    const json = `pg_catalog.to_json(${written === 'plain' ? value : `${value}::text`})`;
    return { json: `${json}::text`, quoted: `pg_catalog.to_json(${json} #>> '{}')::text` };
  });
  if (texts.length === 1) return texts[0]!.quoted;
  return `pg_catalog.to_json('[' || ${texts.map(({ json }) => json).join(` || ',' || `)} || ']')::text`;
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

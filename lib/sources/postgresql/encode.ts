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

/** The name of a row: the text of its key, or of several columns a JSON array of them; as JSON. */
function keyText({ key, columns }: Table, alias: string): string {
  const parts = key.map((name) => {
    const isPlain = columns.find((column) => column.name === name)?.written === 'plain';
    return { value: `${alias}.${ident(name)}`, isPlain };
  });
  const [only] = parts;
  if (parts.length === 1) {
    const text = only!.isPlain ? `pg_catalog.to_json(${only!.value}) #>> '{}'` : `${only!.value}::text`;
    return `pg_catalog.to_json(${text})::text`;
  }
  const items = parts.map(
    ({ value, isPlain }) => `pg_catalog.to_json(${isPlain ? value : `${value}::text`})::text`,
  );
  return `pg_catalog.to_json('[' || ${items.join(` || ',' || `)} || ']')::text`;
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
      const isUsual = DIMENSIONS.map((n) => `COALESCE(pg_catalog.array_lower(${value}, ${n}), 1) = 1`).join(
        ' AND ',
      );
      return `CASE WHEN ${isUsual} THEN pg_catalog.to_json(${items}) ELSE pg_catalog.to_json(${items}::text) END`;
    }
    case 'jsonb': {
      const json = `${value}::pg_catalog.jsonb`;
      const isAmbiguous = `${json} = 'null' OR (pg_catalog.jsonb_typeof(${json}) = 'object' AND pg_catalog.jsonb_exists(${json}, '${AROUND}'))`;
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

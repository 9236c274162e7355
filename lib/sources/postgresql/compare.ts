// What the rows of a state and those of a table differ by, and the statements that make them the same. Values are compared by their image: 1.0 is not 1.00, 'a' is not 'A' whatever the type says.

import type { PlannedPart, RestoreModes } from '../../ports/source.ts';
import { columnList } from './catalog.ts';
import type { Connection } from './connect.ts';
import { ident } from './names.ts';
import type { Staged } from './stage.ts';

const names = ({ columns }: Staged): string[] => columns.map(({ column }) => column.name);

const record = (staged: Staged, alias: string): string => `ROW(${columnList(names(staged), alias)})`;

const isSameKey = ({ key, table }: Staged, a: string, b: string): string =>
  key
    .map(
      (name) =>
        `${a}.${ident(name)} OPERATOR(${table.equals.get(name) ?? 'pg_catalog.='}) ${b}.${ident(name)}`,
    )
    .join(' AND ');

const differs = (staged: Staged): string =>
  `pg_catalog.record_image_ne(${record(staged, 's')}, ${record(staged, 't')})`;

/** The rows of the target that are meant: all, or the one. */
function meant(staged: Staged): string {
  if (staged.only === undefined) return staged.table.from;
  return `(SELECT x.* FROM ${staged.table.from} x JOIN ${staged.only} o ON ${isSameKey(staged, 'x', 'o')})`;
}

/** Rows without a key, counted by all that they hold. */
function counted(staged: Staged, from: string, alias: string): string {
  return `(SELECT ${record(staged, alias)}::text AS row, pg_catalog.count(*) AS n FROM ${from} ${alias} GROUP BY 1)`;
}

function countsOf(staged: Staged): string {
  if (staged.key.length === 0) {
    return `SELECT COALESCE(sum(GREATEST(COALESCE(s.n, 0) - COALESCE(t.n, 0), 0)), 0), 0, COALESCE(sum(GREATEST(COALESCE(t.n, 0) - COALESCE(s.n, 0), 0)), 0),
      COALESCE(sum(LEAST(COALESCE(s.n, 0), COALESCE(t.n, 0))), 0) FROM ${counted(staged, staged.rows, 's')} s FULL JOIN ${counted(staged, staged.table.from, 't')} t USING (row)`;
  }
  const columns = columnList(names(staged));
  return `SELECT count(*) FILTER (WHERE t."is#there" IS NULL), count(*) FILTER (WHERE ${differs(staged)} AND s."is#there" AND t."is#there"),
    count(*) FILTER (WHERE s."is#there" IS NULL), count(*) FILTER (WHERE s."is#there" AND t."is#there")
    FROM (SELECT ${columns}, true AS "is#there" FROM ${staged.rows}) s FULL JOIN (SELECT ${columns}, true AS "is#there" FROM ${meant(staged)} m) t ON ${isSameKey(staged, 's', 't')}`;
}

async function isEmpty(rows: Connection['rows'], { table }: Staged): Promise<boolean> {
  const [[isThere]] = (await rows(`SELECT EXISTS (SELECT FROM ${table.from})`)) as [string[]];
  return isThere === 'f';
}

/** How the table and the state differ now, whatever is to be done about it. */
export async function differencesOf({ rows }: Connection, staged: Staged): Promise<PlannedPart> {
  const [counts] = (await isEmpty(rows, staged))
    ? [[staged.rowCount, 0, 0, 0]]
    : await rows(countsOf(staged));
  const [insert, update, remove, both] = counts!.map(Number) as [number, number, number, number];
  // Rows are compared once, not once for each of the two.
  const same = both - update;
  return { name: `${staged.table.schema}.${staged.table.name}`, insert, update, delete: remove, same };
}

/** What of it the modes let happen. */
export function limited(part: PlannedPart, modes: RestoreModes): PlannedPart {
  return {
    ...part,
    insert: modes.create ? part.insert : 0,
    update: modes.update ? part.update : 0,
    delete: modes.delete ? part.delete : 0,
  };
}

/** Removes what the state has not. */
export function deleteExtra(staged: Staged): string {
  const { table, rows, key } = staged;
  if (key.length > 0) {
    const one =
      staged.only === undefined
        ? ''
        : ` AND EXISTS (SELECT FROM ${staged.only} o WHERE ${isSameKey(staged, 't', 'o')})`;
    return `DELETE FROM ${table.from} t WHERE NOT EXISTS (SELECT FROM ${rows} s WHERE ${isSameKey(staged, 's', 't')})${one}`;
  }
  // Of rows that are the same in everything, as many stay as the state has.
  return `DELETE FROM ${table.from} t USING (SELECT x.tableoid AS of, x.ctid AS at, ${record(staged, 'x')}::text AS row,
      pg_catalog.row_number() OVER (PARTITION BY ${record(staged, 'x')}::text ORDER BY x.tableoid, x.ctid) AS place FROM ${table.from} x) e
    LEFT JOIN ${counted(staged, rows, 's')} k USING (row)
    WHERE t.tableoid = e.of AND t.ctid = e.at AND e.place > COALESCE(k.n, 0)`;
}

/** Makes what differs as it was; undefined where there is nothing but the key. */
export function updateDiffering(staged: Staged): string | undefined {
  const { table, rows, key } = staged;
  if (key.length === 0) return undefined;
  // The key as well: what is equal by its type need not be the same.
  const written = names(staged).filter((name) => !isAlwaysIdentity(staged, name) || !key.includes(name));
  if (written.length === 0) return undefined;
  const set = written.map((name) => `${ident(name)} = s.${ident(name)}`).join(', ');
  return `UPDATE ${table.from} t SET ${set} FROM ${rows} s WHERE ${isSameKey(staged, 's', 't')} AND ${differs(staged)}`;
}

/** Makes what is missing. */
export function insertMissing(staged: Staged): string {
  const { table, rows, key } = staged;
  const list = columnList(names(staged));
  const into = `INSERT INTO ${table.from.replace(/^ONLY /, '')} (${list}) OVERRIDING SYSTEM VALUE`;
  if (key.length > 0)
    return `${into} SELECT ${columnList(names(staged), 's')} FROM ${rows} s WHERE NOT EXISTS (SELECT FROM ${table.from} t WHERE ${isSameKey(staged, 's', 't')})`;
  return `${into} SELECT ${columnList(names(staged), 's')} FROM (SELECT *, ${record(staged, 'x')}::text AS "row#", pg_catalog.row_number() OVER (PARTITION BY ${record(staged, 'x')}::text) AS "place#" FROM ${rows} x) s
    LEFT JOIN ${counted(staged, table.from, 't')} k ON k.row = s."row#" WHERE s."place#" > COALESCE(k.n, 0)`;
}

/** Columns that are GENERATED ALWAYS AS IDENTITY and would have to be updated, which PostgreSQL refuses as long as they are. */
export function identitiesToWrite({ columns, key }: Staged): string[] {
  return columns
    .filter(({ column }) => column.identity === 'always' && !key.includes(column.name))
    .map(({ column }) => column.name);
}

function isAlwaysIdentity({ columns }: Staged, name: string): boolean {
  return columns.some(({ column }) => column.name === name && column.identity === 'always');
}

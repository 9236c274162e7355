// What a database has: tables, their columns and keys, sequences. Read in the transaction that reads the rows.

import type { PostgresqlSource } from '../../core/records/source.ts';
import { PortError } from '../../ports/errors.ts';
import type { Connection } from './connect.ts';
import { ident, isNamed, qualified } from './names.ts';

/** How a column's values stand in JSON. */
export type Written =
  /** As PostgreSQL writes them: numbers with all their digits, times, text. */
  | 'plain'
  /** An array of such; one with other bounds than 1 as PostgreSQL's own text. */
  | 'array'
  /** An array of xml, whose own output leaves out what a declaration says. */
  | 'xmls'
  /** As PostgreSQL's own text: what JSON would lose something of. */
  | 'text'
  /** jsonb: as it is, `{"$json": ...}` around a null and around what looks like that. */
  | 'jsonb'
  /** json: its own text as a string, white space and all. */
  | 'json'
  /** money: as a number. */
  | 'money';

/** What a plain value is in JSON; times are strings that look otherwise there. A `list` is an array whose text has commas between its items. */
export type Kind = 'number' | 'boolean' | 'time' | 'string' | 'list';

export interface Column {
  name: string;
  /** As the server names it: `numeric(30,10)`. */
  type: string;
  written: Written;
  /** Of its type, or of what a domain is made of. */
  kind: Kind;
  isGenerated: boolean;
  identity: '' | 'always' | 'default';
}

export interface Table {
  oid: string;
  schema: string;
  name: string;
  /** As it stands in SQL, `ONLY` in front of what has children that are tables of their own. */
  from: string;
  columns: Column[];
  /** The columns of its primary key, or else of a unique index that can stand for one; none: there is no key. */
  key: string[];
  /** By which operator two values of a column of the key are the same, as SQL names it: that of its index, wherever it lies. */
  equals: ReadonlyMap<string, string>;
}

export interface Sequence {
  schema: string;
  name: string;
}

export interface Catalog {
  version: string;
  database: string;
  tables: Table[];
  sequences: Sequence[];
  warnings: string[];
}

const OURS = `n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp_)'
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e')`;

const TABLES = `SELECT c.oid, n.nspname, c.relname, c.relkind, pg_catalog.has_table_privilege(c.oid, 'SELECT')
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'f') AND NOT c.relispartition AND c.relpersistence <> 't' AND ${OURS}
ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"`;

/** A domain is as what it is made of. A type that has a cast to json of its own is written by that, which need not be told back. */
const COLUMNS = `WITH RECURSIVE base(oid, base) AS (
  SELECT t.oid, t.oid FROM pg_catalog.pg_type t WHERE t.typtype <> 'd'
  UNION ALL SELECT t.oid, b.base FROM pg_catalog.pg_type t JOIN base b ON t.typbasetype = b.oid WHERE t.typtype = 'd'
), castable AS (SELECT castsource FROM pg_catalog.pg_cast WHERE casttarget = 'pg_catalog.json'::pg_catalog.regtype)
SELECT a.attrelid, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), a.attgenerated, a.attidentity,
  CASE WHEN t.typname IN ('json', 'jsonb', 'money') AND t.typnamespace = 'pg_catalog'::pg_catalog.regnamespace THEN t.typname::text
    WHEN t.typtype = 'c' OR t.oid IN (SELECT castsource FROM castable) OR t.typname IN ('int2vector', 'oidvector', 'xml') THEN 'text'
    WHEN t.typcategory = 'A' AND e.typname = 'xml' THEN 'xmls'
    WHEN t.typcategory = 'A' THEN CASE WHEN e.typtype IN ('b', 'e', 'r', 'm') AND e.typcategory <> 'A'
      AND e.typname NOT IN ('json', 'jsonb', 'money') AND e.oid NOT IN (SELECT castsource FROM castable) THEN 'array' ELSE 'text' END
    ELSE 'plain' END,
  CASE WHEN t.typcategory = 'A' AND e.typdelim = ',' THEN 'list' WHEN t.typnamespace <> 'pg_catalog'::pg_catalog.regnamespace THEN 'string' WHEN t.typname = 'bool' THEN 'boolean'
    WHEN t.typname IN ('int2', 'int4', 'int8', 'float4', 'float8', 'numeric') THEN 'number' WHEN t.typname IN ('date', 'timestamp', 'timestamptz') THEN 'time'
    ELSE 'string' END
FROM pg_catalog.pg_attribute a JOIN base b ON b.oid = a.atttypid JOIN pg_catalog.pg_type t ON t.oid = b.base
LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem
WHERE a.attrelid = ANY ($1::pg_catalog.oid[]) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attrelid, a.attnum`;

/** Unique at once, of all rows, of columns that are never NULL: the primary key first, else the first by name. */
const KEYS = `SELECT i.indrelid, (SELECT pg_catalog.json_agg(pg_catalog.json_build_array(a.attname, pg_catalog.format('%I.%s', s.nspname, o.oprname)) ORDER BY k.place)
  FROM pg_catalog.unnest(i.indkey) WITH ORDINALITY k(num, place) JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.num
  JOIN pg_catalog.pg_opclass l ON l.oid = i.indclass[k.place - 1]
  JOIN pg_catalog.pg_amop m ON m.amopfamily = l.opcfamily AND m.amoplefttype = l.opcintype AND m.amoprighttype = l.opcintype AND m.amopstrategy = 3
  JOIN pg_catalog.pg_operator o ON o.oid = m.amopopr JOIN pg_catalog.pg_namespace s ON s.oid = o.oprnamespace
  WHERE k.place <= i.indnkeyatts)
FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
WHERE i.indrelid = ANY ($1::pg_catalog.oid[]) AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL
  AND NOT EXISTS (SELECT FROM pg_catalog.unnest(i.indkey) WITH ORDINALITY k(num, place) JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.num
    WHERE k.place <= i.indnkeyatts AND (NOT a.attnotnull OR a.attgenerated <> ''))
ORDER BY i.indrelid, i.indisprimary DESC, c.relname COLLATE "C"`;

const SEQUENCES = `SELECT n.nspname, c.relname, pg_catalog.has_sequence_privilege(c.oid, 'SELECT')
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'S' AND c.relpersistence <> 't' AND ${OURS} ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"`;

const ABOUT = `SELECT current_setting('server_version'), current_database(), current_setting('server_encoding'),
  EXISTS (SELECT FROM pg_catalog.pg_largeobject_metadata), current_setting('server_version_num')`;

type Asked = Pick<PostgresqlSource, 'tables' | 'exclude'>;

const OLDEST = 120_000;

/** Throws PortError `not_found` if a table is named and none is there, `denied` for those that may not be read. */
export async function readCatalog(
  { rows }: Connection,
  { tables: only, exclude = [] }: Asked,
): Promise<Catalog> {
  const [[version, database, encoding, hasLargeObjects, number]] = (await rows(ABOUT)) as [string[]];
  if (Number(number) < OLDEST)
    throw new PortError('denied', `PostgreSQL ${version} is too old: 12 or newer is read`);
  const isAsked = (schema: string, name: string): boolean =>
    (only === undefined || isNamed(only, schema, name)) && !isNamed(exclude, schema, name);
  const found = ((await rows(TABLES)) as string[][]).filter(([, schema, name]) => isAsked(schema!, name!));
  for (const pattern of only ?? []) {
    if (!found.some(([, schema, name]) => isNamed([pattern], schema!, name!)))
      throw new PortError('not_found', `database ${database} has no table ${pattern}`);
  }
  const foreign = found.filter(([, , , kind]) => kind === 'f').map(([, schema, name]) => `${schema}.${name}`);
  const own = found.filter(([, , , kind]) => kind !== 'f');
  const closed = own
    .filter(([, , , , isReadable]) => isReadable !== 't')
    .map(([, schema, name]) => `${schema}.${name}`);
  if (closed.length > 0)
    throw new PortError(
      'denied',
      `the user may not read ${closed.join(', ')}: grant SELECT, or leave them out by name`,
    );
  const tables = await withColumns(rows, own);
  const sequences = ((await rows(SEQUENCES)) as string[][]).filter(
    ([schema, name]) => only === undefined && !isNamed(exclude, schema!, name!),
  );
  const hidden = sequences
    .filter(([, , isReadable]) => isReadable !== 't')
    .map(([schema, name]) => `${schema}.${name}`);
  return {
    version: version!,
    database: database!,
    tables,
    sequences: sequences
      .filter(([, , isReadable]) => isReadable === 't')
      .map(([schema, name]) => ({ schema: schema!, name: name! })),
    warnings: warningsOf({
      encoding: encoding!,
      hasLargeObjects: hasLargeObjects === 't',
      foreign,
      hidden,
      tables,
    }),
  };
}

async function withColumns(rows: Connection['rows'], found: string[][]): Promise<Table[]> {
  const oids = `{${found.map(([oid]) => oid).join(',')}}`;
  const columns = grouped(await rows(COLUMNS, [oids]));
  const keys = grouped(await rows(KEYS, [oids]));
  return found.map(([oid, schema, name, kind]) => {
    const key = JSON.parse(keys.get(oid!)?.[0]?.[1] ?? '[]') as [string, string][];
    return {
      oid: oid!,
      schema: schema!,
      name: name!,
      // A table that others inherit from has rows of its own; a partitioned one has none but those of its partitions.
      from: `${kind === 'p' ? '' : 'ONLY '}${qualified(schema!, name!)}`,
      columns: (columns.get(oid!) ?? []).map(([, column, type, generated, identity, written, kind]) => ({
        name: column!,
        type: type!,
        written: written as Written,
        kind: kind as Kind,
        isGenerated: generated !== '',
        identity: identity === 'a' ? 'always' : identity === 'd' ? 'default' : '',
      })),
      key: key.map(([one]) => one),
      equals: new Map(key),
    };
  });
}

function grouped(rows: (string | null)[][]): Map<string, (string | null)[][]> {
  const groups = new Map<string, (string | null)[][]>();
  for (const row of rows) groups.set(row[0]!, [...(groups.get(row[0]!) ?? []), row]);
  return groups;
}

interface Noticed {
  encoding: string;
  hasLargeObjects: boolean;
  foreign: string[];
  hidden: string[];
  tables: Table[];
}

function warningsOf({ encoding, hasLargeObjects, foreign, hidden, tables }: Noticed): string[] {
  const keyless = tables.filter(({ key }) => key.length === 0).map(({ schema, name }) => `${schema}.${name}`);
  return [
    ...(keyless.length > 0
      ? [
          `No primary key: ${few(keyless)}. Their rows stand in the order of their text, and no single one can be put back`,
        ]
      : []),
    ...(foreign.length > 0 ? [`Foreign tables are left out: ${few(foreign)}`] : []),
    ...(hidden.length > 0 ? [`Sequences that the user may not read are left out: ${few(hidden)}`] : []),
    ...(hasLargeObjects ? ['Large objects are left out; their numbers in the tables are not'] : []),
    ...(encoding === 'SQL_ASCII'
      ? ['The database is SQL_ASCII: text that is not UTF-8 stops the reading']
      : []),
  ];
}

/** A few names of many. */
export function few(names: readonly string[]): string {
  const most = 10;
  return names.length <= most
    ? names.join(', ')
    : `${names.slice(0, most).join(', ')} and ${names.length - most} more`;
}

/** Nobody changes or empties them until the transaction ends; others read and write as before. */
export function lockForReading(tables: readonly Table[]): string {
  return `LOCK TABLE ${tables.map(({ from }) => from).join(', ')} IN ACCESS SHARE MODE`;
}

export function columnList(names: readonly string[], alias?: string): string {
  return names
    .map((name) => (alias === undefined ? ident(name) : `${ident(alias)}.${ident(name)}`))
    .join(', ');
}

// PostgreSQL as a source and a target, type by type: nothing of any is lost.

import { describe, expect, test } from '@jest/globals';
import { databaseOf, dumpOf, pg, restore, textOf, withPostgres } from './scene.ts';
import { TYPES_ROWS, TYPES_SCHEMA } from './types.ts';

withPostgres();

describe('types', () => {
  test('every type with values at its edges comes back into an empty database as it was, and into one that was changed', async () => {
    const from = databaseOf(TYPES_SCHEMA, TYPES_ROWS);
    const text = await textOf(from);
    const empty = databaseOf(TYPES_SCHEMA);
    expect((await restore(empty, text)).outcome).toEqual({
      parts: [{ name: 'public.kinds', insert: 5, update: 0, delete: 0, same: 0 }],
      warnings: [],
      isExact: true,
    });
    expect(dumpOf(empty)).toBe(dumpOf(from));
    pg.sql(from, 'CREATE TABLE kept AS TABLE kinds');
    const columns = pg
      .sql(
        from,
        `SELECT quote_ident(attname) FROM pg_attribute WHERE attrelid = 'kinds'::regclass AND attnum > 1 AND attgenerated = ''`,
      )
      .split('\n');
    expect(columns.length).toBeGreaterThan(60);
    // Each value changed to that of another row, where it can be.
    pg.sql(
      from,
      `UPDATE kinds k SET (${columns}) = (SELECT ${columns} FROM kept WHERE id = (k.id + 1) % 5); DELETE FROM kinds WHERE id = 2; INSERT INTO kinds (id) VALUES (99)`,
    );
    const { outcome } = await restore(from, text);
    expect(outcome).toMatchObject({ parts: [{ insert: 1, update: 4, delete: 1, same: 0 }], isExact: true });
    for (const [a, b] of [
      ['kept', 'kinds'],
      ['kinds', 'kept'],
    ])
      expect(
        pg.sql(
          from,
          `SELECT count(*) FROM (SELECT ${a}::text FROM ${a} EXCEPT SELECT ${b}::text FROM ${b}) d`,
        ),
      ).toBe('0');
    expect(
      pg.sql(from, 'SELECT count(*) FROM kept a JOIN kinds b USING (id) WHERE record_image_ne(a, b)'),
    ).toBe('0');
  });

  test.each([
    ['bigint', `(1), (-9223372036854775808)`],
    ['numeric', `('NaN'), ('-Infinity'), (1.50), (-0.0)`],
    ['float8', `('NaN'), ('-Infinity'), ('Infinity'), ('-0'), (5e-324), (1e300)`],
    ['boolean', '(true), (false)'],
    [
      'text',
      String.raw`(E'\\\b\f\n\r\t\v\x01\x1f\x7f"\u2028é😀'), (''), ('\N'), ('\.'), ('NULL'), ('-Infinity')`,
    ],
    ['char(4)', `('a'), ('')`],
    ['date', `('2026-01-01'), ('infinity'), ('0044-03-15 BC')`],
    ['timestamp', `('2026-01-01 12:00:00.5'), ('-infinity'), ('0044-03-15 01:02:03 BC')`],
    ['timestamptz', `('2026-01-01 12:00:00.5+05:30'), ('infinity'), ('0044-03-15 01:02:03 BC')`],
    ['timetz', `('12:00+02'), ('24:00:00-15:59:59')`],
    ['uuid', `('00000000-0000-0000-0000-000000000000')`],
    ['bytea', String.raw`('\x5c0a00'), ('')`],
    ['whole', `(7)`],
  ])('keys and values of type %s are what the server writes into JSON', async (type, values) => {
    const database = databaseOf(
      `CREATE DOMAIN whole AS int; CREATE TABLE one (k ${type} PRIMARY KEY); INSERT INTO one VALUES ${values};
       CREATE TABLE more (n int, k ${type}, v ${type}, nothing ${type}, "$ ""é\t" int DEFAULT 1, PRIMARY KEY (n, k)); INSERT INTO more SELECT 3, k, k FROM one`,
    );
    const state = await textOf(database);
    const settings = `SET timezone = 'UTC'; SET extra_float_digits = 1`;
    const rows = (table: string, key: string) =>
      pg.sql(
        database,
        `${settings}; SELECT string_agg(to_json(${key})::text || ':' || row_to_json(t)::text, ',' ORDER BY k) FROM ${table} t`,
      );
    expect(state).toContain(`"rows":{${rows('one', `to_json(k) #>> '{}'`)}}`);
    expect(state).toContain(`"rows":{${rows('more', `'[3,' || to_json(k)::text || ']'`)}}`);
  });

  test('what is written otherwise than it is read, or goes into another type, is read by the server in its place among the rest', async () => {
    const table = 'CREATE TABLE t (id int PRIMARY KEY, n numeric, doc jsonb, list text[], at timestamptz)';
    const rows = `INSERT INTO t SELECT n, n * 1.10, jsonb_build_object('n', n, 'text', repeat('x', 30)), ARRAY['a', NULL, 'b"'], 'epoch'::timestamptz + n * interval '1 s' FROM generate_series(1, 30000) n`;
    const from = databaseOf(
      table,
      rows,
      `CREATE TABLE b (id int PRIMARY KEY, boxes box[]); INSERT INTO b VALUES (1, '{(2,2),(1,1);(0,0),(0,0)}')`,
    );
    const boxes = 'CREATE TABLE b (id int PRIMARY KEY, boxes box[])';
    const text = (await textOf(from))
      .replace(
        '"15000":{"id":15000,"n":16500.00,',
        '"15000": { "n" : 16500.00, "more": {"x": [1]}, "\\u0069d":15000,',
      )
      .replace('"20000":{"id":20000,', '"20000":{"id":"20000",');
    expect(text).toContain('"\\u0069d"');
    const to = databaseOf(table, boxes);
    expect((await restore(to, text)).outcome).toMatchObject({ warnings: [], isExact: true });
    expect(dumpOf(to)).toBe(dumpOf(from));
    const other = databaseOf(table.replace('doc jsonb', 'doc text').replace('n numeric', 'n text'), boxes);
    await restore(other, text);
    expect(pg.sql(other, `SELECT n, doc FROM t WHERE id = 7`)).toBe(
      pg.sql(from, `SELECT n, doc FROM t WHERE id = 7`),
    );
  });

  test('what is equal by its type and not the same is changed back', async () => {
    const database = databaseOf(
      `CREATE EXTENSION citext; CREATE TABLE t (k citext PRIMARY KEY, n numeric, f float8, a int[]); INSERT INTO t VALUES ('A', 1.0, 0, '{1}'), ('b', 2, 0, '{1}')`,
    );
    const text = await textOf(database);
    pg.sql(database, `UPDATE t SET k = 'a', n = 1.00, f = '-0', a = '[0:0]={1}' WHERE k = 'A'`);
    const { outcome } = await restore(database, text);
    expect(outcome).toMatchObject({ parts: [{ insert: 0, update: 1, delete: 0, same: 1 }], isExact: true });
    expect(pg.sql(database, 'SELECT * FROM t ORDER BY k')).toBe('A|1.0|0|{1}\nb|2|0|{1}');
  });

  test('settings of the database and of the user change nothing of the text', async () => {
    const database = databaseOf(TYPES_SCHEMA, TYPES_ROWS);
    const before = await textOf(database);
    pg.sql(
      database,
      `ALTER DATABASE ${database} SET datestyle = 'German'; ALTER DATABASE ${database} SET timezone = 'Asia/Kolkata'; ALTER DATABASE ${database} SET intervalstyle = 'iso_8601';
       ALTER DATABASE ${database} SET extra_float_digits = -3; ALTER DATABASE ${database} SET bytea_output = 'escape'; ALTER DATABASE ${database} SET standard_conforming_strings = off; ALTER DATABASE ${database} SET search_path = public;`,
    );
    expect(await textOf(database)).toBe(before);
  });
});

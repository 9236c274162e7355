// PostgreSQL as a source: of one instant, of what may be read, and what is refused.

import { describe, expect, test } from '@jest/globals';
import type { Source } from '../../lib/ports/source.ts';
import { ALL, given, openSources, readAll, soon } from '../sources/given.ts';
import { CHANGES, count, databaseOf, open, pg, SHOP, textOf, withPostgres } from './scene.ts';

withPostgres();

describe('refusals', () => {
  test('a reading is of one instant, whatever is written meanwhile, and nothing is emptied under it', async () => {
    const database = databaseOf(SHOP);
    const before = await textOf(database);
    const reading = await (await open(database)).read(soon());
    if (reading === 'unchanged') throw new Error();
    pg.sql(database, CHANGES);
    expect(() => pg.sql(database, `SET lock_timeout = '100ms'; TRUNCATE marks`)).toThrow(/lock timeout/);
    let text = '';
    for await (const chunk of reading.chunks) text += Buffer.from(chunk).toString();
    expect(JSON.parse(text).tables).toEqual(JSON.parse(before).tables);
    pg.sql(database, 'TRUNCATE marks');
  });

  test('who it is, what is not there, what may not be read, and what is no state of a database', async () => {
    const database = databaseOf(SHOP);
    pg.sql(
      database,
      `CREATE ROLE stranger${count} LOGIN; CREATE SCHEMA hidden; CREATE TABLE hidden.t (id int)`,
    );
    const code = async (promise: Promise<unknown>) =>
      promise.then(
        () => 'none',
        (error) => error.code,
      );
    const check = async (source: Promise<Source>) => code((await source).check(soon()));
    expect(await check(open(database, 'nobody'))).toBe('denied');
    expect(await check(open('nowhere'))).toBe('not_found');
    expect(await check(open(database, `stranger${count}`))).toBe('denied');
    expect(await check(open(database, undefined, { tables: ['absent'] }))).toBe('not_found');
    expect(
      await check(openSources().open({ kind: 'postgresql', url: 'postgres://postgres@127.0.0.1:1/x' })),
    ).toBe('unavailable');
    expect(await check(openSources().open({ kind: 'postgresql', url: 'env:ABSENT' }))).toBe('not_found');
    const { target } = await open(database);
    for (const text of ['{}', '[]', '"x"', '{"tables":{}}', '{"format":"postgresql/2","tables":{}}'])
      expect(await code(target!.plan(given(text), { modes: ALL }, soon()))).toBe('integrity');
    const text = await textOf(database);
    for (const path of [
      '/tables/public.absent',
      '/tables/public.marks/rows/0',
      '/tables/public.orders/rows/[50,1]/absent',
      '/database',
      '/tables/public.orders/columns',
    ])
      expect([path, await code(target!.plan(given(text), { modes: ALL, path }, soon()))]).toEqual([
        path,
        'not_found',
      ]);
    expect(await code(target!.plan(given(text.slice(0, -100)), { modes: ALL }, soon()))).toBe('integrity');
  });

  test('only the tables that are named, and a whole URL from a secret', async () => {
    const database = databaseOf(SHOP);
    const tables = async (more: object, env: Record<string, string> = {}) =>
      Object.keys(
        JSON.parse(
          (await readAll(await openSources(env).open({ kind: 'postgresql', url: pg.url(database), ...more })))
            .text,
        ).tables,
      );
    expect(await tables({ tables: ['orders', 'public.m*'] })).toEqual(['public.marks', 'public.orders']);
    expect(await tables({ exclude: ['*s'] })).toEqual([]);
    expect(
      await tables(
        { url: 'env:DB', exclude: ['marks'] },
        { DB: pg.url(database).replace('postgres@', 'postgres:hunter2@') },
      ),
    ).toEqual(['public.customers', 'public.orders']);
  });
});

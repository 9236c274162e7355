// A database as JSON: every row as the server writes it, under its key, all of one instant.

import type { Catalog, Table } from './catalog.ts';
import { type Connection, WRITTEN_PLAINLY } from './connect.ts';
import { copyOut } from './copy-out.ts';
import { selectRows } from './encode.ts';
import { literal, qualified } from './names.ts';

export const FORMAT = 'postgresql/1';

export const BEGIN_READING = `BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY; ${WRITTEN_PLAINLY}; SET LOCAL lock_timeout = '60s'`;

/** JSON text in chunks; the connection is in its transaction. No instant is in it, so that nothing changed means the same text. */
export async function* textOf(
  connection: Connection,
  { database, tables, sequences }: Catalog,
): AsyncGenerator<Uint8Array, void, undefined> {
  yield Buffer.from(`{"format":"${FORMAT}","database":${JSON.stringify(database)},"tables":{`);
  let comma = '';
  for (const table of tables) {
    const isKeyed = table.key.length > 0;
    const name = JSON.stringify(`${table.schema}.${table.name}`);
    const head = `"key":${JSON.stringify(table.key)},"columns":${JSON.stringify(table.columns.map(described))}`;
    yield Buffer.from(`${comma}${name}:{${head},"rows":${isKeyed ? '{' : '['}`);
    const { query, shape } = selectRows(table);
    yield* copyOut(connection, query, shape);
    yield Buffer.from(isKeyed ? '}}' : ']}');
    comma = ',';
  }
  yield Buffer.from(`},"sequences":{`);
  if (sequences.length > 0) {
    const each = sequences.map(
      ({ schema, name }) =>
        `SELECT ${literal(`${schema}.${name}`)}, last_value, is_called FROM ${qualified(schema, name)}`,
    );
    const found = (await connection.rows(each.join(' UNION ALL '))) as string[][];
    yield Buffer.from(
      found
        .map(
          ([name, last, called]) =>
            `${JSON.stringify(name)}:{"lastValue":${last},"isCalled":${called === 't'}}`,
        )
        .join(','),
    );
  }
  yield Buffer.from('}}');
}

function described({ name, type, written, isGenerated, identity }: Table['columns'][number]) {
  return {
    name,
    type,
    ...(isGenerated ? { generated: true } : {}),
    ...(identity === '' ? {} : { identity }),
    ...(written === 'json' || written === 'jsonb' ? { as: written } : {}),
  };
}

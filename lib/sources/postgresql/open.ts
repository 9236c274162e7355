// PostgreSQL as a source: checked, read at one instant, and put back into.

import type { PostgresqlSource } from '../../core/records/source.ts';
import type { Source } from '../../ports/source.ts';
import type { SourceContext } from '../kit/opened.ts';
import { type Catalog, few, lockForReading, readCatalog } from './catalog.ts';
import { type Connection, connect } from './connect.ts';
import { BEGIN_READING, textOf } from './read.ts';
import { createTarget } from './target.ts';

export function openPostgresql(spec: PostgresqlSource, context: SourceContext): Source {
  async function* chunksOf(
    connection: Connection,
    catalog: Catalog,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      yield* textOf(connection, catalog);
    } finally {
      await connection.close();
    }
  }

  /** A snapshot, and the locks that keep what is in it readable; as pg_dump does. */
  async function begin(signal: AbortSignal): Promise<{ connection: Connection; catalog: Catalog }> {
    const connection = await connect(spec, context, signal);
    try {
      await connection.run(BEGIN_READING);
      const catalog = await readCatalog(connection, spec);
      if (catalog.tables.length > 0) await connection.run(lockForReading(catalog.tables));
      return { connection, catalog };
    } catch (error) {
      await connection.close();
      throw error;
    }
  }

  return {
    async check(signal) {
      const { connection, catalog } = await begin(signal);
      await connection.close();
      const { version, database, tables, warnings } = catalog;
      const names = few(tables.map(({ schema, name }) => `${schema}.${name}`));
      return {
        detail: `PostgreSQL ${version}, database ${database}, ${tables.length} tables${names === '' ? '' : `: ${names}`}`,
        warnings,
      };
    },
    async read(signal) {
      const { connection, catalog } = await begin(signal);
      return { chunks: chunksOf(connection, catalog), warnings: catalog.warnings };
    },
    target: createTarget((signal) => connect(spec, context, signal), spec),
  };
}

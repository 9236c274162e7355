// A SQLite file as a source: its tables at one instant, in one read transaction; whoever writes meanwhile is not read.

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { SqliteSource } from '../../core/records/source.ts';
import type { Source } from '../../ports/source.ts';
import { all, FORMAT, faultOf, openDatabase, rowsOf, sequencesOf, tablesOf } from './tables.ts';
import { createTarget } from './target.ts';

/** What takes some milliseconds: after each, others have their turn. */
const CHUNK_CHARS = 64 * 1024;

export function openSqlite(spec: SqliteSource): Source {
  const { path } = spec;
  return {
    async check() {
      const database = openDatabase(path, true);
      try {
        const { tables, warnings } = tablesOf(database, spec);
        const [{ version }] = all(database, 'SELECT sqlite_version() AS version') as [{ version: string }];
        return { detail: `SQLite ${version}, ${path}, ${tables.length} tables`, warnings };
      } catch (error) {
        throw faultOf(path, error);
      } finally {
        database.close();
      }
    },
    async read(signal) {
      signal.throwIfAborted();
      const database = openDatabase(path, true);
      const close = (): void => {
        signal.removeEventListener('abort', close);
        if (database.isOpen) database.close();
      };
      signal.addEventListener('abort', close, { once: true });
      try {
        database.exec('BEGIN');
        const { tables, warnings } = tablesOf(database, spec);
        const sequences = spec.tables === undefined ? sequencesOf(database) : [];
        return { chunks: chunksOf(), warnings };

        async function* chunksOf(): AsyncGenerator<Uint8Array, void, undefined> {
          try {
            let text = `{"format":"${FORMAT}","tables":{`;
            for (const [i, table] of tables.entries()) {
              const isKeyed = table.key.length > 0;
              text += `${i === 0 ? '' : ','}${JSON.stringify(table.name)}:{"key":${JSON.stringify(table.key)},"columns":${JSON.stringify(table.columns)},"rows":${isKeyed ? '{' : '['}`;
              let comma = '';
              for (const row of rowsOf(database, table)) {
                text += comma + row;
                comma = ',';
                if (text.length < CHUNK_CHARS) continue;
                yield Buffer.from(text);
                text = '';
                await nextTurn();
                signal.throwIfAborted();
              }
              text += isKeyed ? '}}' : ']}';
            }
            const counted = sequences.map(([name, last]) => `${JSON.stringify(name)}:${last}`);
            yield Buffer.from(`${text}},"sequences":{${counted.join(',')}}}`);
          } catch (error) {
            signal.throwIfAborted();
            throw faultOf(path, error);
          } finally {
            close();
          }
        }
      } catch (error) {
        close();
        throw faultOf(path, error);
      }
    },
    target: createTarget(spec),
  };
}

// A connection to PostgreSQL: who, how what is written out looks, and how it says no.

import { Client, type QueryResult } from 'pg';
import { parseReference } from '../../core/records/secret-reference.ts';
import type { PostgresqlSource } from '../../core/records/source.ts';
import { wordOfSource } from '../../core/records/source-words.ts';
import { PortError, type PortErrorCode } from '../../ports/errors.ts';
import { portError, type SourceContext } from '../kit/opened.ts';

/** What is sent is text, and what comes back is text as the server wrote it: nothing is parsed into JavaScript's numbers. */
export interface Connection {
  client: Client;
  /** Rows of texts; null is NULL. */
  rows(sql: string, values?: unknown[]): Promise<(string | null)[][]>;
  /** Without an answer; several statements with `;` between. */
  run(sql: string): Promise<void>;
  /** A fault of the server, with what it was about. */
  fault(error: unknown): unknown;
  close(): Promise<void>;
}

const CONNECT_MS = 15_000;
const AS_IS = { getTypeParser: () => (value: unknown) => value };

/** How values are written, whatever the database, the user or the session says. In a transaction. */
export const WRITTEN_PLAINLY = [
  "SET LOCAL timezone = 'UTC'",
  "SET LOCAL datestyle = 'ISO, YMD'",
  "SET LOCAL intervalstyle = 'postgres'",
  'SET LOCAL extra_float_digits = 1',
  "SET LOCAL bytea_output = 'hex'",
  "SET LOCAL lc_monetary = 'C'",
  "SET LOCAL xmloption = 'content'",
  'SET LOCAL standard_conforming_strings = on',
  'SET LOCAL row_security = off',
  'SET LOCAL statement_timeout = 0',
  'SET LOCAL idle_in_transaction_session_timeout = 0',
  "SET LOCAL search_path = ''",
].join(';');

/** Throws PortError. The connection is cut when the signal is aborted. */
export async function connect(
  spec: PostgresqlSource,
  { secrets, usesAmbient = false }: SourceContext,
  signal: AbortSignal,
): Promise<Connection> {
  signal.throwIfAborted();
  const word = wordOfSource(spec);
  const url = parseReference(spec.url) === undefined ? spec.url : await secrets.read(spec.url, signal);
  const password = spec.password === undefined ? undefined : await secrets.read(spec.password, signal);
  const client = clientOf(word, url);
  if (password !== undefined) Object.assign(client, { password });
  // A service must not send the password of its own environment to whatever host a source names.
  else if (!usesAmbient && !/^[a-z]+:\/\/[^/@]*:[^/@]*@/i.test(url)) Object.assign(client, { password: '' });
  const cut = (): void => void client.end().catch(() => {});
  const fault = (error: unknown): unknown => {
    if (signal.aborted) return signal.reason;
    return faultOf(word, error);
  };
  // A connection that breaks between two queries is told by the next one.
  client.on('error', () => {});
  signal.addEventListener('abort', cut, { once: true });
  try {
    await client.connect();
  } catch (error) {
    signal.removeEventListener('abort', cut);
    await client.end().catch(() => {});
    throw fault(error);
  }
  const query = async (sql: string, values?: unknown[]): Promise<QueryResult<(string | null)[]>> => {
    try {
      return await client.query({
        text: sql,
        rowMode: 'array',
        types: AS_IS,
        ...(values === undefined ? {} : { values }),
      });
    } catch (error) {
      throw fault(error);
    }
  };
  return {
    client,
    fault,
    rows: async (sql, values) => (await query(sql, values)).rows,
    run: async (sql) => {
      await query(sql);
    },
    async close() {
      signal.removeEventListener('abort', cut);
      await client.end().catch(() => {});
    },
  };
}

function clientOf(word: string, url: string): Client {
  try {
    return new Client({
      connectionString: url,
      application_name: 'backup-restore-service',
      connectionTimeoutMillis: CONNECT_MS,
      keepAlive: true,
      client_encoding: 'UTF8',
    });
  } catch {
    // The message of the parser has the URL in it.
    throw new PortError('denied', `${word}: its URL cannot be read`);
  }
}

/** By the class of its SQLSTATE (appendix A of PostgreSQL's manual). */
const BY_STATE: readonly (readonly [RegExp, PortErrorCode])[] = [
  [/^(28|42501|0P)/, 'denied'],
  [/^(3D000|3F000|42P01)/, 'not_found'],
  [/^(23|22|55000|428C9|0A|42|P0|44)/, 'conflict'],
  [/^(40|55P03|53|57|08|25|54)/, 'unavailable'],
];

function faultOf(word: string, error: unknown): unknown {
  const { code, message, detail, table, constraint } = error as Record<string, string | undefined>;
  if (code === undefined || !/^[0-9A-Z]{5}$/.test(code) || /^E[A-Z]{4}$/.test(code))
    return portError(word, error);
  const found = BY_STATE.find(([state]) => state.test(code))?.[1];
  const where = [table, constraint].filter((one) => one !== undefined).join(', ');
  const more = [where && `at ${where}`, detail].filter(Boolean).join('; ');
  return new PortError(
    found ?? 'unavailable',
    `${word}: ${message}${more === '' ? '' : ` (${more})`} [${code}]`,
    {
      reason: code,
      cause: error,
    },
  );
}

// Whoever meets damage in the catalog's database tells everybody: else one caller is refused, health stays green, and what is written
// and removed meanwhile is decided by the rest of the same rows.

import type { Catalog } from '../../ports/catalog.ts';
import { PortError } from '../../ports/errors.ts';
import { sqliteResult } from '../disk/failures.ts';
import type { Database } from './database.ts';
import { damagedRow, keyText } from './schema.ts';

/** Rows that contradict themselves are refused as damage too, but a statement of ours may be what contradicts. */
const CONSTRAINT = 19;

/**
 * The same catalog or queue; from the first damaged row or page that any of its methods meets, its database takes no more writes.
 */
export function distrusting<Port extends object>(port: Port, database: Pick<Database, 'distrust'>): Port {
  const told = (error: unknown): never => {
    if (
      error instanceof PortError &&
      error.reason === 'catalog_damaged' &&
      sqliteResult(error.cause) !== CONSTRAINT
    ) {
      database.distrust(error);
    }
    throw error;
  };
  const methods = Object.entries(port).map(([name, method]) => [
    name,
    (...parameters: never[]) =>
      (method as (...parameters: never[]) => Promise<unknown>)(...parameters).catch(told),
  ]);
  return Object.fromEntries(methods) as Port;
}

/** The same catalog, in which what has a history has a head: without one, its numbers would be given anew. */
export function demandingHeads(catalog: Catalog, database: Pick<Database, 'statement'>): Catalog {
  const history = database.statement<{ found: 1 }>(
    `SELECT 1 AS found WHERE EXISTS (SELECT 1 FROM backup WHERE resource_id = ?1)
       OR EXISTS (SELECT 1 FROM gap WHERE resource_id = ?1)`,
  );
  return {
    ...catalog,
    async getHead(resourceId) {
      const head = await catalog.getHead(resourceId);
      if (head === undefined && history.get(keyText(resourceId)) !== undefined) throw damagedRow('head');
      return head;
    },
  };
}

// Whoever meets damage in the catalog tells everybody: else one caller is refused, health stays green, and what is written
// and removed meanwhile is decided by the rest of the same rows.

import { type Catalog, PortError } from '../ports.ts';
import type { Database } from './database.ts';
import { sqliteResult } from './failures.ts';
import { damagedRow, keyText } from './schema.ts';

/** Rows that contradict themselves are refused as damage too, but a statement of ours may be what contradicts. */
const CONSTRAINT = 19;

/** The same catalog; from the first damaged row or page that any of its methods meets, its database takes no more writes. */
export function distrustingCatalog(
  catalog: Catalog,
  database: Pick<Database, 'distrust' | 'statement'>,
): Catalog {
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
  const checked = { ...catalog, getHead: headWithHistory(catalog, database) };
  const methods = Object.entries(checked).map(([name, method]) => [
    name,
    (...parameters: never[]) =>
      (method as (...parameters: never[]) => Promise<unknown>)(...parameters).catch(told),
  ]);
  return Object.fromEntries(methods) as Catalog;
}

/** What has a history has a head: without one, its numbers would be given anew. */
function headWithHistory(catalog: Catalog, database: Pick<Database, 'statement'>): Catalog['getHead'] {
  const history = database.statement<{ found: 1 }>(
    `SELECT 1 AS found WHERE EXISTS (SELECT 1 FROM backup WHERE resource_id = ?1)
       OR EXISTS (SELECT 1 FROM gap WHERE resource_id = ?1)`,
  );
  return async (resourceId) => {
    const head = await catalog.getHead(resourceId);
    if (head === undefined && history.get(keyText(resourceId)) !== undefined) throw damagedRow('head');
    return head;
  };
}

// Whoever meets damage in the catalog tells everybody: else one caller is refused, health stays green, and what is written
// and removed meanwhile is decided by the rest of the same rows.

import { type Catalog, PortError } from '../ports.ts';
import type { Database } from './database.ts';
import { sqliteResult } from './failures.ts';

/** Rows that contradict themselves are refused as damage too, but a statement of ours may be what contradicts. */
const CONSTRAINT = 19;

/** The same catalog; from the first damaged row or page that any of its methods meets, its database takes no more writes. */
export function distrustingCatalog(catalog: Catalog, database: Pick<Database, 'distrust'>): Catalog {
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
  const methods = Object.entries(catalog).map(([name, method]) => [
    name,
    (...parameters: never[]) =>
      (method as (...parameters: never[]) => Promise<unknown>)(...parameters).catch(told),
  ]);
  return Object.fromEntries(methods) as Catalog;
}

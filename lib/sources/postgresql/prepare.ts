// What stands in the way of putting rows back as they were, and is put aside until that is done: triggers, foreign keys that are checked too early, identities.

import { few } from './catalog.ts';
import { identitiesToWrite } from './compare.ts';
import type { Connection } from './connect.ts';
import { ident, qualified } from './names.ts';
import type { Staged } from './stage.ts';

export interface Preparation {
  /** Statements before, and those that make it as it was; all in the transaction of the restore. */
  before: string[];
  after: string[];
  warnings: string[];
  /** Whether rows may come out other than they were written. */
  isSure: boolean;
  /** Tables by the number of their place: whoever is referred to comes first. */
  order: Staged[];
}

/** Triggers of people, of the tables and of their partitions, that would fire. */
const TRIGGERS = `SELECT n.nspname, c.relname, g.tgname, g.tgenabled, pg_catalog.pg_has_role(c.relowner, 'USAGE'), root.oid
FROM pg_catalog.unnest($1::pg_catalog.oid[]) root(oid), LATERAL (SELECT root.oid AS relid UNION SELECT relid FROM pg_catalog.pg_partition_tree(root.oid::pg_catalog.regclass)) tree
JOIN pg_catalog.pg_class c ON c.oid = tree.relid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN pg_catalog.pg_trigger g ON g.tgrelid = c.oid
WHERE NOT g.tgisinternal AND g.tgenabled IN ('O', 'A') ORDER BY 1, 2, 3`;

const RULES = `SELECT DISTINCT n.nspname || '.' || c.relname FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_class c ON c.oid = r.ev_class
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = ANY ($1::pg_catalog.oid[]) AND r.ev_type <> '1' AND r.ev_enabled <> 'D'`;

/** Foreign keys from or to the tables. `a`, `r`: nothing happens to rows elsewhere when one goes. */
const FOREIGN_KEYS = `SELECT k.conname, k.conrelid, k.confrelid, k.condeferrable, k.confdeltype, n.nspname, c.relname, pg_catalog.pg_has_role(c.relowner, 'USAGE'), k.confupdtype
FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = k.conrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE k.contype = 'f' AND k.conparentid = 0 AND (k.conrelid = ANY ($1::pg_catalog.oid[]) OR k.confrelid = ANY ($1::pg_catalog.oid[]))`;

/** For the tables in which something is done; `deleting` are those that lose rows. */
export async function prepare(
  { rows }: Connection,
  changed: readonly Staged[],
  deleting: ReadonlySet<string>,
): Promise<Preparation> {
  const oids = `{${changed.map(({ table }) => table.oid).join(',')}}`;
  const made: Preparation = { before: [], after: [], warnings: [], isSure: true, order: [...changed] };
  if (changed.length === 0) return made;
  const triggers = (await rows(TRIGGERS, [oids])) as string[][];
  const firing: string[] = [];
  const off: string[] = [];
  for (const [schema, table, name, enabled, isOwner] of triggers) {
    if (isOwner !== 't') firing.push(`${name} on ${schema}.${table}`);
    else {
      const alter = `ALTER TABLE ONLY ${qualified(schema!, table!)}`;
      off.push(`${name} on ${schema}.${table}`);
      made.before.push(`${alter} DISABLE TRIGGER ${ident(name!)}`);
      made.after.push(`${alter} ENABLE ${enabled === 'A' ? 'ALWAYS ' : ''}TRIGGER ${ident(name!)}`);
    }
  }
  if (off.length > 0) made.warnings.push(`Triggers do not fire for what is put back: ${few(off)}`);
  if (firing.length > 0) {
    made.warnings.push(`Triggers FIRE, for the user does not own their tables: ${few(firing)}`);
    made.isSure = false;
  }
  const rules = (await rows(RULES, [oids])).map(([name]) => name!);
  if (rules.length > 0) {
    made.warnings.push(`Rules apply to what is written into ${few(rules)}`);
    made.isSure = false;
  }
  const foreignKeys = (await rows(FOREIGN_KEYS, [oids])) as string[][];
  prepareForeignKeys(foreignKeys, changed, deleting, made);
  for (const { staged, column } of changed.flatMap((staged) =>
    identitiesToWrite(staged).map((column) => ({ staged, column })),
  )) {
    const alter = `ALTER TABLE ${qualified(staged.table.schema, staged.table.name)} ALTER COLUMN ${ident(column)} SET GENERATED`;
    made.before.push(`${alter} BY DEFAULT`);
    made.after.push(`${alter} ALWAYS`);
  }
  return made;
}

function prepareForeignKeys(
  keys: readonly string[][],
  changed: readonly Staged[],
  deleting: ReadonlySet<string>,
  made: Preparation,
): void {
  const within = new Set(changed.map(({ table }) => table.oid));
  const parents = new Map<string, string[]>();
  const undeferred: string[] = [];
  for (const [name, from, to, isDeferrable, onDelete, schema, table, isOwner] of keys) {
    if (within.has(from!) && within.has(to!)) {
      if (from !== to) parents.set(from!, [...(parents.get(from!) ?? []), to!]);
      if (isDeferrable === 't') continue;
      if (isOwner !== 't') undeferred.push(`${name} of ${schema}.${table}`);
      else {
        const alter = `ALTER TABLE ${qualified(schema!, table!)} ALTER CONSTRAINT ${ident(name!)}`;
        made.before.push(`${alter} DEFERRABLE INITIALLY IMMEDIATE`);
        made.after.push(`${alter} NOT DEFERRABLE`);
      }
    } else if (deleting.has(to!) && onDelete !== 'a' && onDelete !== 'r') {
      const what = onDelete === 'c' ? 'removes' : 'changes';
      made.warnings.push(
        `Removing rows also ${what} those of ${schema}.${table} that refer to them (${name})`,
      );
    }
  }
  if (undeferred.length > 0)
    made.warnings.push(
      `Foreign keys are checked row by row, for the user does not own their tables: ${few(undeferred)}`,
    );
  made.order = ordered(changed, parents);
}

/** Parents before children; in a circle as they come. */
function ordered(changed: readonly Staged[], parents: ReadonlyMap<string, string[]>): Staged[] {
  const done = new Map<string, Staged>();
  const way = new Set<string>();
  const visit = (staged: Staged): void => {
    const { oid } = staged.table;
    if (done.has(oid) || way.has(oid)) return;
    way.add(oid);
    for (const parent of parents.get(oid) ?? []) {
      const found = changed.find(({ table }) => table.oid === parent);
      if (found !== undefined) visit(found);
    }
    done.set(oid, staged);
  };
  for (const staged of changed) visit(staged);
  return [...done.values()];
}

// A state put back into a database: planned with what is there, done in one transaction, compared afterwards.

import { PortError } from '../../ports/errors.ts';
import type {
  GivenState,
  PlannedPart,
  RestoreOptions,
  RestoreOutcome,
  RestorePlan,
  Target,
} from '../../ports/source.ts';
import { type Scope, scopeOf } from '../kit/scope.ts';
import { type Catalog, few, readCatalog } from './catalog.ts';
import { deleteExtra, differencesOf, insertMissing, limited, updateDiffering } from './compare.ts';
import { type Connection, WRITTEN_PLAINLY } from './connect.ts';
import { type Preparation, prepare } from './prepare.ts';
import { planSequences, type SequencePlan } from './sequences.ts';
import { type Staged, type StagedState, stage } from './stage.ts';

const LOCK_WAIT = '30s';
/** Of the server, for each join of a state with a table: with less, both are written to its disk once more. */
const MEMORY = '64MB';
const BEGIN = `BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE; ${WRITTEN_PLAINLY}; SET LOCAL lock_timeout = '${LOCK_WAIT}'; SET LOCAL client_min_messages = warning; SET LOCAL work_mem = '${MEMORY}'`;

interface Found {
  staged: StagedState;
  /** What the tables and the state differ by, whatever is done about it. */
  differences: Map<Staged, PlannedPart>;
  /** Which transactions had ended when that was looked at. */
  seen: string;
  preparation: Preparation;
  sequences: SequencePlan;
}

type Open = (signal: AbortSignal) => Promise<Connection>;

export function createTarget(open: Open, spec: { tables?: string[]; exclude?: string[] }): Target {
  /** In a transaction of its own, which is rolled back unless the work commits it. */
  async function within<T>(
    signal: AbortSignal,
    work: (connection: Connection, catalog: Catalog) => Promise<T>,
  ): Promise<T> {
    const connection = await open(signal);
    try {
      await connection.run(BEGIN);
      return await work(connection, await readCatalog(connection, spec));
    } finally {
      await connection.close();
    }
  }

  return {
    plan: (state, options, signal) =>
      within(signal, async (connection, catalog) => {
        const scope = scopeOf(options.path);
        const found = await look(connection, catalog, state, scope, options);
        return planOf(catalog, scope, found, options);
      }),
    restore: (state, options, signal) =>
      within(signal, async (connection, catalog) => {
        const scope = scopeOf(options.path);
        const staged = await stage(connection, catalog, state, scope);
        return putBack(connection, catalog, staged, scope, options);
      }),
    planAndRestore: (state, options, agree, signal) =>
      within(signal, async (connection, catalog) => {
        const scope = scopeOf(options.path);
        const staged = await stage(connection, catalog, state, scope);
        const found = await compare(connection, staged, scope, options);
        if (!(await agree(planOf(catalog, scope, found, options)))) return undefined;
        // It may have taken its time: what is there now is looked at again, if anybody has written.
        return putBack(connection, catalog, staged, scope, options, found);
      }),
  };
}

async function putBack(
  connection: Connection,
  catalog: Catalog,
  staged: StagedState,
  scope: Scope,
  options: RestoreOptions,
  before?: Found,
): Promise<RestoreOutcome> {
  refuseMissing(staged.missing, options);
  // From here on nobody else writes, so that what is counted is what is done.
  const tables = staged.tables.map(({ table }) => table.from.replace(/^ONLY /, ''));
  if (scope.kind !== 'row' && tables.length > 0)
    await connection.run(`LOCK TABLE ${tables.join(', ')} IN SHARE ROW EXCLUSIVE MODE`);
  const found = await compare(connection, staged, scope, options, before);
  const plan = planOf(catalog, scope, found, options);
  refuseMissing(plan.missing, options);
  return apply(connection, found, plan, options);
}

async function look(
  connection: Connection,
  catalog: Catalog,
  state: GivenState,
  scope: Scope,
  options: RestoreOptions,
): Promise<Found> {
  return compare(connection, await stage(connection, catalog, state, scope), scope, options);
}

async function compare(
  connection: Connection,
  staged: StagedState,
  scope: Scope,
  { modes }: RestoreOptions,
  before?: Found,
): Promise<Found> {
  const seen = await transactionsSeen(connection);
  const isKnown = before?.seen === seen;
  const differences = new Map<Staged, PlannedPart>();
  for (const one of staged.tables) {
    const found = isKnown ? before.differences.get(one)! : await differencesOf(connection, one);
    // A value is not a row: none is made, and none goes.
    differences.set(
      one,
      scope.kind === 'row' && scope.column !== undefined ? { ...found, insert: 0, delete: 0 } : found,
    );
  }
  const planned = [...differences].map(([one, part]) => ({ one, part: limited(part, modes) }));
  const changed = planned.filter(({ part }) => part.insert + part.update + part.delete > 0);
  const deleting = new Set(changed.filter(({ part }) => part.delete > 0).map(({ one }) => one.table.oid));
  const preparation = await prepare(
    connection,
    changed.map(({ one }) => one),
    deleting,
  );
  const mayFall =
    scope.kind === 'sequences' || (scope.kind === 'all' && modes.create && modes.update && modes.delete);
  const sequences = await planSequences(connection, staged.sequences, mayFall);
  return { staged, differences, seen, preparation, sequences };
}

/** The snapshot of this moment, in words. Where it is the same twice, nobody else has committed anything in between; of sequences it tells nothing. */
async function transactionsSeen({ rows }: Connection): Promise<string> {
  const [[snapshot]] = (await rows('SELECT pg_catalog.txid_current_snapshot()')) as [[string]];
  return snapshot;
}

function planOf(
  catalog: Catalog,
  scope: Scope,
  { staged, differences, preparation, sequences }: Found,
  { modes }: RestoreOptions,
): RestorePlan {
  const parts = [...differences.values()];
  const planned = parts.map((part) => limited(part, modes));
  const isWhole = parts.every((part, i) => {
    const { insert, update, delete: gone } = planned[i]!;
    return part.insert === insert && part.update === update && part.delete === gone;
  });
  const missing = [...staged.missing, ...sequences.missing];
  const inState = new Set(staged.tables.map(({ table }) => table));
  const others = catalog.tables
    .filter((table) => !inState.has(table))
    .map(({ schema, name }) => `${schema}.${name}`);
  const untouched =
    scope.kind === 'all' && others.length > 0
      ? [`Not in the state, and left as they are: ${few(others)}`]
      : [];
  return {
    parts: [...planned, ...sequences.parts],
    missing,
    warnings: [...staged.warnings, ...untouched, ...preparation.warnings, ...sequences.warnings],
    isExact:
      isWhole &&
      missing.length === 0 &&
      staged.warnings.length === 0 &&
      sequences.warnings.length === 0 &&
      preparation.isSure,
  };
}

function refuseMissing(missing: readonly string[], { skipMissing }: RestoreOptions): void {
  if (missing.length === 0 || skipMissing) return;
  throw new PortError(
    'conflict',
    `the target has not what the state has: ${few(missing)}. Make them first, or leave them out`,
    {
      reason: 'missing',
    },
  );
}

async function apply(
  connection: Connection,
  { preparation, sequences, differences }: Found,
  plan: RestorePlan,
  { modes }: RestoreOptions,
): Promise<RestoreOutcome> {
  const { order, before, after } = preparation;
  const run = async (statement: string | undefined): Promise<void> => {
    if (statement !== undefined) await connection.run(statement);
  };
  for (const statement of before) await run(statement);
  await run('SET CONSTRAINTS ALL DEFERRED');
  const counts = (one: Staged): PlannedPart => limited(differences.get(one)!, modes);
  const isCascading = order.length > 1;
  for (const one of [...order].reverse()) if (counts(one).delete > 0) await run(deleteExtra(one));
  // A row that went may have taken others along, or changed them: then all are looked at again.
  for (const one of order)
    if (modes.update && (isCascading || counts(one).update > 0)) await run(updateDiffering(one));
  for (const one of order)
    if (modes.create && (isCascading || counts(one).insert > 0)) await run(insertMissing(one));
  await run('SET CONSTRAINTS ALL IMMEDIATE');
  for (const statement of [...after].reverse()) await run(statement);
  for (const statement of sequences.statements) await run(statement);
  const left = await leftOver(connection, order, modes);
  await run('COMMIT');
  const warnings =
    left.length === 0
      ? plan.warnings
      : [...plan.warnings, `Not as in the state, for something changed it on the way: ${few(left)}`];
  return { parts: plan.parts, warnings, isExact: plan.isExact && left.length === 0 };
}

/** Tables that still differ, in what was to be done. */
async function leftOver(
  connection: Connection,
  order: readonly Staged[],
  modes: RestoreOptions['modes'],
): Promise<string[]> {
  const left: string[] = [];
  for (const one of order) {
    const { insert, update, delete: gone, name } = limited(await differencesOf(connection, one), modes);
    if (insert + update + gone > 0) left.push(name);
  }
  return left;
}

// Sequences, set as the state has them, in the transaction: what is rolled back has set none.

import type { PlannedPart } from '../../ports/source.ts';
import type { Connection } from './connect.ts';
import { literal, qualified } from './names.ts';
import type { SequenceState } from './stage.ts';

export interface SequencePlan {
  parts: PlannedPart[];
  missing: string[];
  warnings: string[];
  /** Statements, of the restore's transaction. */
  statements: string[];
}

const FOUND = `SELECT n.nspname, c.relname, pg_catalog.pg_has_role(c.relowner, 'USAGE'), pg_catalog.has_sequence_privilege(c.oid, 'UPDATE')
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'S'`;

/** `mayFall`: whether one may go back, which is right only where no row stays that it has numbered. */
export async function planSequences(
  { rows }: Connection,
  wanted: readonly SequenceState[],
  mayFall: boolean,
): Promise<SequencePlan> {
  const plan: SequencePlan = { parts: [], missing: [], warnings: [], statements: [] };
  if (wanted.length === 0) return plan;
  const found = new Map((await rows(FOUND)).map((row) => [`${row[0]}.${row[1]}`, row as string[]]));
  for (const { name, lastValue, isCalled } of wanted) {
    const [schema, sequence, isOwner, mayUpdate] = found.get(name) ?? [];
    if (schema === undefined || sequence === undefined) {
      plan.missing.push(`sequence ${name}`);
      continue;
    }
    const place = qualified(schema, sequence);
    const [[last, called, step]] = (await rows(
      `SELECT s.last_value, s.is_called, p.seqincrement FROM ${place} s, pg_catalog.pg_sequence p WHERE p.seqrelid = ${literal(place)}::pg_catalog.regclass`,
    )) as [[string, string, string]];
    const isSame = last === lastValue && (called === 't') === isCalled;
    const isBehind =
      (BigInt(lastValue) - BigInt(last)) * BigInt(step) < 0n || (last === lastValue && !isCalled);
    const isSet = !isSame && (mayFall || !isBehind);
    plan.parts.push({
      name: `sequence ${name}`,
      insert: 0,
      update: isSet ? 1 : 0,
      delete: 0,
      same: isSame ? 1 : 0,
    });
    if (!isSet) continue;
    if (isOwner !== 't' && (mayUpdate !== 't' || isBehind)) {
      plan.warnings.push(`sequence ${name} stays at ${last}: the user does not own it`);
      continue;
    }
    // A restarted sequence is a new one until the commit, so that setting it is undone with the rest.
    if (isOwner === 't') plan.statements.push(`ALTER SEQUENCE ${place} RESTART`);
    plan.statements.push(
      `SELECT pg_catalog.setval(${literal(place)}::pg_catalog.regclass, ${lastValue}, ${isCalled})`,
    );
  }
  return plan;
}

// restore --to postgres:..., file:..., http:...: what would change is told first, then asked, then what is there is kept, and then it is done.

import { createHash } from 'node:crypto';
import { BackupError } from '../../client/client.ts';
import type { SourceSpec } from '../../core/records/source.ts';
import { wordOfSource } from '../../core/records/source-words.ts';
import { PortError } from '../../ports/errors.ts';
import type {
  GivenState,
  PlannedPart,
  RestoreModes,
  RestoreOptions,
  RestoreOutcome,
  RestorePlan,
} from '../../ports/source.ts';
import type { Context } from '../kit/context.ts';
import { CliError, EXIT } from '../kit/exit.ts';
import { partOf } from '../kit/part.ts';
import { printable, table } from '../kit/words.ts';
import { backUp, safetyWords } from './run.ts';

export interface IntoOptions {
  path?: string;
  mode?: string;
  plan?: boolean;
  yes?: boolean;
  skipMissing?: boolean;
  /** commander's `--no-safety-backup`. */
  safetyBackup?: boolean;
  safetyTo?: string;
}

export interface Moment {
  resourceId: string;
  backupId: string;
  /** When the state was true, and how old it is: for a person. */
  words: string;
}

const MODES = ['create', 'update', 'delete'] as const;

export async function restoreInto(
  context: Context,
  moment: Moment,
  spec: SourceSpec,
  { path, mode, plan: isPlan, yes, skipMissing, safetyBackup, safetyTo }: IntoOptions,
): Promise<void> {
  const place = wordOfSource(spec);
  const { target } = await (await context.terminal.sources()).open(spec);
  if (target === undefined) throw new CliError(`nothing can be put back into ${place}: it can only be read`);
  const state = stateOf(context, moment);
  const exact = path === undefined || path === '' ? undefined : await exactPath(context, moment, path);
  const options: RestoreOptions = {
    modes: modesOf(mode),
    ...(exact === undefined ? {} : { path: exact }),
    ...(skipMissing ? { skipMissing } : {}),
  };
  const told: string[] = [];
  /** Tells the plan, asks, and keeps what is there. False where nothing is to be done. */
  const agree = async (plan: RestorePlan): Promise<boolean> => {
    told.push(...plan.warnings);
    const isIdle = plan.parts.every(({ insert, update, delete: gone }) => insert + update + gone === 0);
    if (context.isJson) await context.json({ type: 'plan', ...moment, to: place, path: exact, ...plan });
    else {
      context.say(`restore ${printable(moment.resourceId)} from ${moment.backupId} (${moment.words})`);
      context.say(`  to      ${printable(place)}`);
      if (exact !== undefined) context.say(`  what    ${printable(exact)} alone`);
      await show(context, plan, isIdle);
    }
    if (isPlan) return false;
    if (plan.missing.length > 0 && !skipMissing)
      throw new CliError(
        `the target has not ${plan.missing.join(', ')}: make that first, or leave it out with --skip-missing`,
        EXIT.conflict,
      );
    if (isIdle) {
      context.say('Nothing to do.');
      return false;
    }
    await context.confirm(`Do that to ${printable(place)}?`, yes);
    if (safetyBackup !== false)
      await keep(context, narrowed(spec, exact), safetyTo ?? `${moment.resourceId}/before-restore`);
    return true;
  };
  let outcome: RestoreOutcome | undefined;
  // While a person thinks, no transaction is to be open.
  if (yes && !isPlan && target.planAndRestore !== undefined) {
    outcome = await target.planAndRestore(state, options, agree, context.signal);
  } else if (await agree(await target.plan(state, options, context.signal))) {
    outcome = await target.restore(state, options, context.signal);
  }
  if (outcome === undefined) return;
  if (context.isJson) await context.json({ type: 'summary', ...outcome });
  else {
    for (const warning of outcome.warnings.filter((one) => !told.includes(one)))
      context.say(`warning: ${printable(warning)}`);
    const compared = outcome.isExact
      ? 'and compared: it is the same, value by value'
      : 'and it is NOT all as in the state: see the plan';
    context.say(`Done (${totals(outcome.parts)}), ${compared}.`);
  }
}

/** The state, from the service; whole only if its checksum holds. */
function stateOf({ client, signal, settings }: Context, { resourceId, backupId }: Moment): GivenState {
  // On one machine it takes longer to pack it than to send it.
  const isNear = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(new URL(settings.url).hostname);
  const parts = new Map<string, Promise<string | undefined>>();
  return {
    async *chunks() {
      const state = await client.state(resourceId, { at: backupId, isPlain: isNear, signal });
      const hash = createHash('sha256');
      for await (const chunk of state.stream()) {
        hash.update(chunk);
        yield chunk;
      }
      const found = `sha256:${hash.digest('hex')}`;
      if (found !== state.checksum)
        throw new BackupError(
          'checksum_mismatch',
          `What came has the checksum ${found} and not ${state.checksum}`,
        );
    },
    async part(path) {
      // The plan and what is done after it ask for the same.
      const asked = parts.get(path) ?? partOf(client, resourceId, backupId, path, signal);
      parts.set(path, asked);
      const text = await asked;
      return text === undefined ? undefined : new TextEncoder().encode(text);
    },
  };
}

/** Rows may be named; what is not there stays as it was typed, for a target may have to remove it. */
async function exactPath(
  { client }: Context,
  { resourceId, backupId }: Moment,
  path: string,
): Promise<string> {
  try {
    return (await client.tree(resourceId, { at: backupId, path, limit: 1 })).path;
  } catch (error) {
    if (error instanceof BackupError && error.code === 'path_not_found') return path;
    throw error;
  }
}

function modesOf(text: string | undefined): RestoreModes {
  const words = text?.split(',') ?? MODES;
  const unknown = words.find((word) => !(MODES as readonly string[]).includes(word));
  if (unknown !== undefined)
    throw new CliError(`${unknown} is no mode: ${MODES.join(', ')}, with commas between`);
  return {
    create: words.includes('create'),
    update: words.includes('update'),
    delete: words.includes('delete'),
  };
}

/** Of a database only the table that is meant has to be kept. */
function narrowed(spec: SourceSpec, path: string | undefined): SourceSpec {
  const name = /^\/tables\/([^/]+)/
    .exec(path ?? '')?.[1]
    ?.replaceAll('~1', '/')
    .replaceAll('~0', '~');
  if (name === undefined || name.includes('*')) return spec;
  return spec.kind === 'postgresql' || spec.kind === 'sqlite' ? { ...spec, tables: [name] } : spec;
}

/** What is there, as a backup of its own: so that this can be taken back, too. */
async function keep(context: Context, spec: SourceSpec, resourceId: string): Promise<void> {
  try {
    // Its lines are no data of this command.
    const quiet = { ...context, isJson: false, line: async () => {} };
    const made = await backUp(quiet, spec, resourceId, { acceptUnusual: true });
    context.say(safetyWords(made, resourceId));
    if (context.isJson) await context.json({ type: 'kept', resourceId, backupId: made.id });
  } catch (error) {
    if (error instanceof PortError && error.code === 'not_found')
      return context.say('There is nothing yet that would have to be kept.');
    context.say(
      'What is there could not be kept first, so nothing was done: say --no-safety-backup to do without.',
    );
    throw error;
  }
}

async function show(context: Context, plan: RestorePlan, isIdle: boolean): Promise<void> {
  const count = (value: number): string => (value === 0 ? '' : String(value));
  const touched = plan.parts.filter(({ insert, update, delete: gone }) => insert + update + gone > 0);
  if (isIdle) context.say('  is the same already');
  else {
    const lines = table(touched, [
      { name: '', value: () => '  ' },
      { name: 'what', value: ({ name }) => name },
      { name: 'insert', value: ({ insert }) => count(insert), right: true },
      { name: 'update', value: ({ update }) => count(update), right: true },
      { name: 'delete', value: (part) => count(part.delete), right: true },
      { name: 'same', value: ({ same }) => count(same), right: true },
    ]);
    for (const line of lines) context.say(line);
  }
  for (const name of plan.missing) context.say(`  MISSING ${printable(name)}`);
  for (const warning of plan.warnings) context.say(`  note    ${printable(warning)}`);
  if (!plan.isExact) context.say('  it will NOT be all as in the state');
}

function totals(parts: readonly PlannedPart[]): string {
  const sum = (of: (part: PlannedPart) => number): number => parts.reduce((all, part) => all + of(part), 0);
  return `${sum(({ insert }) => insert)} inserted, ${sum(({ update }) => update)} updated, ${sum((part) => part.delete)} deleted`;
}

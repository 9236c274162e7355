// terraform: an older state of Terraform's or OpenTofu's put on top, the plan first.

import { membersOf } from '../../client/text.ts';
import type { Context } from '../kit/context.ts';
import { CliError, EXIT } from '../kit/exit.ts';
import { targetOf } from '../kit/target.ts';
import { formatChanges, printable } from '../kit/words.ts';

export interface RollbackVerbOptions {
  to?: string;
  lockId?: string;
  retentionDays?: number;
  plan?: boolean;
  yes?: boolean;
}

/** What the tool tells states apart by; more digits than a number of JavaScript holds. */
const SERIAL = '/serial';

/**
 * The state of a moment, with a serial above that of the newest. Throws CliError `conflict` where another holds
 * the lock, and BackupError for a resource whose states are not of the tool.
 */
export async function rollback(
  context: Context,
  what: string,
  { to, lockId, retentionDays, plan: isPlan, yes }: RollbackVerbOptions,
): Promise<void> {
  const { resourceId, at } = await targetOf(context, what, to);
  if (at === 'latest')
    throw new CliError('say to which state: --to -1, --to "yesterday 14:00", --to backup-7');
  const [older, newest, { lock, since }] = await Promise.all([
    context.client.tree(resourceId, { at, path: SERIAL, limit: 1 }),
    context.client.tree(resourceId, { at: 'latest', path: SERIAL, limit: 1 }),
    context.client.call('getTerraformLock', { params: { resourceId } }),
  ]);
  const { backupId, createdAt, ageSeconds, exact } = older.state;
  const isNewest = backupId === newest.state.backupId;
  const differences = isNewest
    ? undefined
    : await context.client.diff(resourceId, { from: newest.state.backupId, to: backupId, format: 'stat' });
  const changes =
    differences === undefined ? undefined : (JSON.parse(membersOf(differences).counts!) as Counts);
  if (context.isJson) {
    const { backupId: newestId } = newest.state;
    await context.json({
      ...{ type: 'plan', resourceId, backupId, createdAt, exact, serial: older.text },
      ...{ newest: { backupId: newestId, serial: newest.text }, changes },
      ...(lock === undefined ? {} : { lock }),
    });
  } else {
    context.say(
      `roll ${printable(resourceId)} back to ${backupId} of ${context.show(createdAt)} (${context.age(ageSeconds)} old${exact ? '' : '; NOT exact'})`,
    );
    context.say(`  now     ${newest.state.backupId}, serial ${printable(newest.text ?? '?')}`);
    context.say(`  then    what has serial ${printable(older.text ?? '?')}, under one above both`);
    context.say(`  differs ${isNewest ? 'in nothing: it is the newest' : formatChanges(changes)}`);
    if (lock !== undefined) context.say(`  LOCKED  by ${holder(context, lock, since)}`);
  }
  if (isPlan) return;
  if (isNewest) return context.say('Nothing to do.');
  if (lock !== undefined && lock.ID !== lockId)
    throw new CliError(
      `${resourceId} is locked by ${holder(context, lock, since)}. Wait for that run, or say --lock-id if it is yours.`,
      EXIT.conflict,
    );
  await context.confirm(`Put ${backupId} on top of ${resourceId}?`, yes);
  const made = await context.client.call('rollBackTerraform', {
    params: { resourceId },
    body: {
      backupId,
      ...(lockId === undefined ? {} : { lockId }),
      ...(retentionDays === undefined ? {} : { retentionDays }),
    },
  });
  if (context.isJson) return context.json(made);
  await context.line(`${made.id}  serial ${printable(made.metadata?.version ?? '?')}`);
  context.say(
    'The tool takes it for the newest from now on; terraform plan shows what it would do about it.',
  );
}

type Counts = Parameters<typeof formatChanges>[0];

function holder(
  context: Context,
  { ID, Who = '?', Operation = '' }: { ID: string; Who?: string; Operation?: string },
  since: string | undefined,
): string {
  const when = since === undefined ? '' : ` since ${context.show(since)}`;
  const why = Operation === '' ? '' : ` for ${Operation}`;
  return printable(`${Who}${when}${why} (${ID})`);
}

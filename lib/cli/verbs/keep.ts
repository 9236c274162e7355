// verify, check, hold, lock, rm, undelete, policy, wait: what is kept, and whether it is whole.

import { type Answer, BackupError } from '../../client/client.ts';
import type { Context } from '../kit/context.ts';
import { CliError, EXIT, exitOf } from '../kit/exit.ts';
import { printable, table } from '../kit/words.ts';

/** Rebuilds each and says what it found; ends with `integrity` if one is not whole. */
export async function verify(context: Context, ids: string[]): Promise<void> {
  let wrong = 0;
  for (const id of ids) {
    const result = await context.client.verify(id);
    if (!result.valid) wrong++;
    if (context.isJson) await context.json({ id, ...result });
    else {
      const word = result.valid ? context.style('green', 'ok') : context.style('red', 'DAMAGED');
      await context.line([id, word, ...result.errors, ...result.warnings].join('  '));
    }
  }
  if (wrong > 0) throw new CliError(`${wrong} of ${ids.length} do not restore.`, EXIT.integrity);
}

/** All backups of a resource, or of all. */
export async function check(
  context: Context,
  resourceId: string | undefined,
  { all }: { all?: boolean },
): Promise<void> {
  if (resourceId === undefined && !all) throw new CliError('name a resource, or say --all');
  const resources =
    resourceId === undefined
      ? await Array.fromAsync(context.client.resources({}, context), ({ id }) => id)
      : [resourceId];
  let damaged = 0;
  for (const resource of resources) {
    const ids = await Array.fromAsync(
      context.client.backupsOf(resource, { limit: 1000 }, context),
      ({ id }) => id,
    );
    if (ids.length === 0 && resourceId !== undefined)
      throw new CliError(`${resourceId} has no backups.`, EXIT.notFound);
    const progress = context.progress(`checking ${printable(resource)}`);
    const faults: string[] = [];
    for (const [i, id] of ids.entries()) {
      const { valid, errors } = await context.client.verify(id);
      if (!valid) faults.push(`${id}: ${errors.join(' ')}`);
      progress.percent(((i + 1) * 100) / ids.length);
    }
    progress.end();
    damaged += faults.length;
    if (context.isJson) await context.json({ resource, backups: ids.length, damaged: faults });
    else {
      const word =
        faults.length === 0
          ? context.style('green', 'all whole')
          : context.style('red', `${faults.length} damaged`);
      await context.line(`${printable(resource)}  ${ids.length} backups  ${word}`);
      for (const fault of faults) await context.line(`  ${fault}`);
    }
  }
  if (damaged > 0)
    throw new CliError(
      `${damaged} backups do not restore. Put the damaged blobs back from a copy, or make new full backups.`,
      EXIT.integrity,
    );
}

/** Does it with each; what could not be done is told, and the rest is done all the same. */
async function each(
  context: Context,
  ids: string[],
  act: (id: string) => Promise<unknown>,
  done: string,
): Promise<void> {
  let worst: number = EXIT.done;
  let failed = 0;
  for (const id of ids) {
    try {
      const answer = await act(id);
      if (context.isJson) await context.json(answer);
      else await context.line(`${id}  ${done}`);
    } catch (error) {
      if (!(error instanceof BackupError) || error.status === 0) throw error;
      failed++;
      worst = exitOf(error);
      context.say(`${id}: ${error.message} (${error.code})`);
    }
  }
  if (failed > 0) throw new CliError('', failed < ids.length ? EXIT.partly : worst);
}

export const hold = (context: Context, ids: string[]) =>
  each(
    context,
    ids,
    (id) => context.client.protect(id, { legalHold: true }),
    'held until it is lifted: brs unhold',
  );

export const unhold = (context: Context, ids: string[]) =>
  each(context, ids, (id) => context.client.protect(id, { legalHold: false }), 'no longer held');

export async function lock(
  context: Context,
  ids: string[],
  { until, yes }: { until: string; yes?: boolean },
): Promise<void> {
  const lockedUntil = context.time(until, 'end');
  if (!/^\d{4}-/.test(lockedUntil)) throw new CliError(`${until} is no date to lock until`);
  await context.confirm(
    `Lock ${ids.join(', ')} until ${context.show(lockedUntil)}? Nobody can take that back.`,
    yes,
  );
  await each(
    context,
    ids,
    (id) => context.client.protect(id, { lockedUntil }),
    `locked until ${context.show(lockedUntil)}`,
  );
}

export async function remove(context: Context, ids: string[], { yes }: { yes?: boolean }): Promise<void> {
  await context.confirm(`Delete ${ids.join(', ')}? They can be taken back for a while: brs trash.`, yes);
  await each(context, ids, (id) => context.client.remove(id), 'deleted: brs undelete takes it back');
}

export const undelete = (context: Context, ids: string[]) =>
  each(context, ids, (id) => context.client.undelete(id), 'live again');

/** A backup that is being made, or a restore. */
export async function wait(context: Context, id: string): Promise<void> {
  const progress = context.progress(`waiting for ${id}`);
  const begun = id.startsWith('restore-')
    ? await context.client.call('getOperation', { params: { id } })
    : ((await context.client.backup(id)) as Answer<'BackupRequest'>);
  try {
    const done = await context.client.wait(begun as Answer<'BackupRequest'>, {
      onProgress: progress.percent,
      signal: context.signal,
    });
    progress.end();
    if (context.isJson) await context.json(done);
    else await context.line(`${id}  ${done.status}`);
  } finally {
    progress.end();
  }
}

const RULES = ['keepLast', 'keepHourly', 'keepDaily', 'keepWeekly', 'keepMonthly', 'keepYearly'] as const;
export type PolicyOptions = Partial<Record<(typeof RULES)[number], number>> & {
  timeZone?: string;
  expireNewest?: boolean;
  plan?: boolean;
  yes?: boolean;
};

export async function policyGet(context: Context, resourceId: string): Promise<void> {
  const found = await context.client.call('getPolicy', { params: { resourceId } });
  if (context.isJson) return context.json(found);
  for (const [rule, value] of Object.entries(found.policy)) await context.line(`${rule}  ${value}`);
}

/** With `plan` it only tells what would go. */
export async function policySet(
  context: Context,
  resourceId: string,
  { plan, yes, ...options }: PolicyOptions,
): Promise<void> {
  const policy = Object.fromEntries(
    Object.entries(options).filter(
      ([name]) =>
        (RULES as readonly string[]).includes(name) || name === 'timeZone' || name === 'expireNewest',
    ),
  );
  if (RULES.every((rule) => policy[rule] === undefined))
    throw new CliError('say how many to keep: --keep-daily 7 --keep-monthly 12');
  const planned = await context.client.call(
    'planPolicy',
    { body: { resourceId, policy }, query: { limit: 1000 } },
    { isSafe: true },
  );
  const { wouldExpire } = planned;
  context.say(planned.summary);
  if (wouldExpire !== undefined)
    context.say(
      `${wouldExpire.count} would go because of it${wouldExpire.count === 0 ? '' : `: ${wouldExpire.backupIds.slice(0, 10).join(', ')}${wouldExpire.count > 10 ? ' ...' : ''}`}`,
    );
  if (plan) return printDecisions(context, planned.decisions);
  await context.confirm('Set this policy?', yes);
  const set = await context.client.call('putPolicy', { params: { resourceId }, body: policy });
  for (const warning of set.warnings ?? []) context.say(`warning: ${warning}`);
  if (context.isJson) return context.json(set);
  await context.line(
    `${printable(resourceId)}  policy set${set.effectiveAt === undefined ? '' : `; what it no longer keeps may go from ${context.show(set.effectiveAt)} on`}`,
  );
}

export async function policyRemove(
  context: Context,
  resourceId: string,
  { yes }: { yes?: boolean },
): Promise<void> {
  await context.confirm(`Take the policy of ${resourceId} away?`, yes);
  const gone = await context.client.call('removePolicy', { params: { resourceId } });
  if (context.isJson) return context.json(gone);
  await context.line(`${printable(resourceId)}  no policy any more`);
}

export async function policyPlan(context: Context, resourceId: string): Promise<void> {
  const plan = await context.client.call('planRetention', { query: { resourceId, limit: 1000 } });
  context.say(plan.summary);
  await printDecisions(context, plan.decisions);
}

async function printDecisions(
  context: Context,
  decisions: Answer<'RetentionPlan'>['decisions'],
): Promise<void> {
  if (context.isJson) {
    for (const decision of decisions) await context.json(decision);
    return;
  }
  const lines = table(decisions, [
    { name: 'backup', value: ({ backupId }) => backupId },
    { name: 'time', value: ({ createdAt }) => context.show(createdAt) },
    { name: '', value: ({ action }) => action },
    { name: 'why', value: ({ reasons }) => reasons.join(', ') },
  ]);
  for (const [i, line] of lines.entries())
    await context.line(i > 0 && decisions[i - 1]!.action === 'drop' ? context.style('red', line) : line);
}

export interface SettingsOptions {
  expectEvery?: string;
  warnAbove?: string;
  refuseAbove?: string;
}

/** What is not named stays as it is. */
export async function settings(
  context: Context,
  resourceId: string,
  { expectEvery, warnAbove, refuseAbove }: SettingsOptions,
): Promise<void> {
  if (warnAbove !== undefined && refuseAbove !== undefined)
    throw new CliError('say --warn-above or --refuse-above, not both');
  const before = await context.client.call('getSettings', { params: { resourceId } });
  const { expectEverySeconds, shrink, ...others } = before;
  const every =
    expectEvery === undefined
      ? expectEverySeconds
      : expectEvery === 'none'
        ? undefined
        : secondsOf(expectEvery);
  const share = warnAbove ?? refuseAbove;
  const action = warnAbove === undefined ? ('refuse' as const) : ('warn' as const);
  const rule =
    share === undefined
      ? shrink
      : share === 'none'
        ? undefined
        : { ...shrink, share: shareOf(share), action };
  const body = {
    ...others,
    ...(every === undefined ? {} : { expectEverySeconds: every }),
    ...(rule === undefined ? {} : { shrink: rule }),
  };
  const isAsked = expectEvery !== undefined || share !== undefined;
  const found = isAsked ? await context.client.call('putSettings', { params: { resourceId }, body }) : before;
  if (context.isJson) return context.json(found);
  const name = printable(resourceId);
  await context.line(
    `${name}  ${found.expectEverySeconds === undefined ? 'nothing is expected of it' : `a state is expected every ${context.age(found.expectEverySeconds)}`}`,
  );
  if (found.shrink === undefined) return;
  const what = found.shrink.action === 'warn' ? 'is warned of' : 'is refused';
  await context.line(`${name}  more than ${found.shrink.share * 100} % of its rows gone at once ${what}`);
}

function shareOf(text: string): number {
  const [, number] = /^(\d{1,3}(?:\.\d+)?) ?%$/.exec(text) ?? [];
  if (number === undefined || Number(number) > 100)
    throw new CliError(`${text} is no share: use 50%, or none`);
  return Number(number) / 100;
}

function secondsOf(text: string): number {
  const [, count, unit] = /^(\d+)([smhdw])$/.exec(text) ?? [];
  if (count === undefined) throw new CliError(`${text} is no length of time: use 30m, 24h, 7d or none`);
  return Number(count) * { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }[unit as 's']!;
}

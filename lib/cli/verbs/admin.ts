// tokens, audit, doctor: who may do what, who did what, and whether all is well.

import { existsSync } from 'node:fs';
import type { Answer } from '../../client/client.ts';
import { BackupError } from '../../client/client.ts';
import { VERSION } from '../../version.ts';
import type { Context } from '../kit/context.ts';
import { CliError, EXIT } from '../kit/exit.ts';
import { configPath } from '../kit/profile.ts';
import { printable, table } from '../kit/words.ts';

export async function tokensList(context: Context): Promise<void> {
  const { tokens } = await context.client.call('listTokens', {});
  if (context.isJson) {
    for (const token of tokens) await context.json(token);
    return;
  }
  if (tokens.length === 0) return context.say('There are no tokens yet.');
  const lines = table(tokens, [
    { name: 'id', value: ({ id }) => id },
    { name: 'name', value: ({ name }) => name },
    { name: 'status', value: ({ status }) => status },
    { name: 'scopes', value: ({ scopes }) => scopes.join(' ') },
    {
      name: 'resources',
      value: ({ resources = [], prefixes = [] }) =>
        [...resources, ...prefixes.map((one) => `${one}*`)].join(' '),
    },
    { name: 'expires', value: ({ expiresAt }) => (expiresAt === undefined ? '' : context.show(expiresAt)) },
    {
      name: 'last used',
      value: ({ lastUsedAt }) => (lastUsedAt === undefined ? 'never' : context.show(lastUsedAt)),
    },
  ]);
  for (const line of lines) await context.line(line);
}

export interface TokenOptions {
  scope: string[];
  resource?: string[];
  prefix?: string[];
  days?: number;
}

/** The token itself is data: it goes to stdout, once. */
export async function tokensMake(
  context: Context,
  name: string,
  { scope, resource, prefix, days }: TokenOptions,
): Promise<void> {
  const made = await context.client.call('makeToken', {
    body: {
      name,
      scopes: scope as never,
      ...(resource === undefined ? {} : { resources: resource }),
      ...(prefix === undefined ? {} : { prefixes: prefix }),
      ...(days === undefined ? {} : { expiresAt: new Date(context.now + days * 86_400_000).toISOString() }),
    },
  });
  if (context.isJson) return context.json(made);
  context.say(`${made.id} for ${name}: ${scope.join(', ')}. It is shown this once.`);
  await context.line(made.token);
}

export async function tokensRevoke(context: Context, id: string, { yes }: { yes?: boolean }): Promise<void> {
  await context.confirm(`Revoke ${id}? Whoever uses it is refused from the next call on.`, yes);
  const revoked = await context.client.call('revokeToken', { params: { id } });
  if (context.isJson) return context.json(revoked);
  await context.line(`${id}  revoked`);
}

/** Fails while the copy is behind. */
export async function copyStatus(context: Context): Promise<void> {
  const { tasks, notices } = await context.client.call('getUpkeep', {});
  const task = tasks.find(({ name }) => name === 'copy');
  if (task === undefined || task.everySeconds === 0) {
    throw new CliError(
      'There is no second copy: start the service with BACKUP_COPY_TO=<folder> or s3://<bucket>.',
      EXIT.notFound,
    );
  }
  const behind = notices.find(({ code }) => code === 'copy_behind');
  const { lastSucceededAt, lastFault } = task;
  const isBehind = behind !== undefined || lastSucceededAt === undefined;
  if (context.isJson) {
    await context.json({
      status: isBehind ? 'behind' : 'complete',
      ...(lastSucceededAt === undefined ? {} : { lastSucceededAt }),
      ...(behind === undefined ? {} : { detail: behind.detail, since: behind.since }),
    });
  } else if (!isBehind) {
    await context.line(`complete  ${context.show(lastSucceededAt)}`);
  } else {
    const until = lastSucceededAt === undefined ? 'nothing yet' : `until ${context.show(lastSucceededAt)}`;
    await context.line(`behind  ${until}  ${printable(behind?.detail ?? lastFault?.detail ?? '')}`.trimEnd());
  }
  if (isBehind) throw new CliError('', EXIT.failed);
}

export interface AuditOptions {
  resource?: string;
  action?: string;
  since?: string;
  until?: string;
  limit?: number;
}

export async function audit(
  context: Context,
  { resource, action, since, until, limit = 50 }: AuditOptions,
): Promise<void> {
  const instant = (text: string, edge: 'start' | 'end'): string => {
    const at = context.time(text, edge);
    if (/^\d{4}-/.test(at)) return at;
    const [, count, unit] = /^-(\d+)([smhdw])$/.exec(at) ?? [];
    if (count === undefined) throw new CliError(`${text} is no time here`);
    const ms = Number(count) * 1000 * { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }[unit as 's']!;
    return new Date(context.now - ms).toISOString();
  };
  const query = {
    ...(resource === undefined ? {} : { resourceId: resource }),
    ...(action === undefined ? {} : { action: action as never }),
    ...(since === undefined ? {} : { since: instant(since, 'start') }),
    ...(until === undefined ? {} : { until: instant(until, 'end') }),
    limit: Math.min(limit, 1000),
  };
  const rows: Answer<'AuditEvent'>[] = [];
  for await (const event of context.client.audit(query, context)) {
    if (rows.push(event) > limit) break;
    if (context.isJson) await context.json(event);
  }
  if (context.isJson) return;
  if (rows.length === 0) return context.say('Nothing was found in the audit trail.');
  const lines = table(rows.slice(0, limit), [
    { name: 'time', value: ({ at }) => context.show(at) },
    { name: 'what', value: ({ action: what }) => what },
    { name: 'who', value: ({ actor }) => actor },
    { name: 'from', value: ({ address }) => address ?? '' },
    { name: 'resource', value: ({ resourceId }) => resourceId ?? '' },
    { name: 'backup', value: ({ backupId }) => backupId ?? '' },
    {
      name: 'detail',
      value: ({ detail }) =>
        Object.entries(detail ?? {})
          .map(([key, value]) => `${key}=${value}`)
          .join(' '),
    },
  ]);
  for (const [i, line] of lines.entries())
    await context.line(rows[i - 1]?.action === 'access.refused' ? context.style('red', line) : line);
}

const CLOCK_SECONDS_MAX = 5;

/** Looks at all that can be wrong between here and there, and says how each is mended; ends with `failed` if something is. */
export async function doctor(context: Context): Promise<void> {
  const { url, token, auth } = context.settings;
  let wrong = 0;
  const said: { what: string; isWell: boolean; detail: string }[] = [];
  const tell = async (what: string, isWell: boolean, detail: string): Promise<void> => {
    if (!isWell) wrong++;
    said.push({ what, isWell, detail });
    if (context.isJson) await context.json({ check: what, ok: isWell, detail });
    else
      await context.line(
        `${context.style(isWell ? 'green' : 'red', isWell ? 'ok  ' : 'FAIL')}  ${what.padEnd(8)}  ${detail}`,
      );
  };
  const config = configPath(context.terminal.env);
  await tell(
    'settings',
    true,
    `${url}${existsSync(config) ? `, with ${config}` : ''}, ${auth === 'iam' ? 'signed (IAM)' : token === undefined ? 'without a token' : 'with a token'}`,
  );
  let response: Response;
  try {
    response = await context.client.raw('getServiceInfo', {}, { signal: context.signal });
  } catch (error) {
    const why =
      error instanceof BackupError && error.cause instanceof Error
        ? ` (${((error.cause.cause ?? error.cause) as Error).message})`
        : '';
    await tell(
      'service',
      false,
      `${(error as Error).message}${why}: is it running (brs serve), and is the URL right (--url, BACKUP_URL)?`,
    );
    throw new CliError('', EXIT.unavailable);
  }
  const { name, version } = (await response.json()) as { name: string; version: string };
  await tell('service', true, `${name} ${version}`);
  await tell(
    'version',
    version === VERSION,
    version === VERSION
      ? `this command is ${VERSION}, too`
      : `this command is ${VERSION}: use the same release of both`,
  );
  const there = Date.parse(response.headers.get('date') ?? '');
  const off = Number.isNaN(there) ? 0 : Math.round((Date.now() - there) / 1000);
  const isRight = Math.abs(off) <= CLOCK_SECONDS_MAX;
  await tell(
    'clock',
    isRight,
    isRight
      ? 'within seconds of the service'
      : `${Math.abs(off)} s ${off > 0 ? 'ahead of' : 'behind'} the service: set one of the clocks (NTP), for signatures and times depend on them`,
  );
  await doctorRights(context, tell);
  await doctorHealth(context, tell);
  if (wrong > 0) throw new CliError('', EXIT.failed);
}

type Tell = (what: string, isWell: boolean, detail: string) => Promise<void>;

async function doctorRights(context: Context, tell: Tell): Promise<void> {
  try {
    const { count } = await context.client.call('listResources', { query: { limit: 1 } });
    await tell(
      'access',
      true,
      count === 0 ? 'lists are open; nothing has been backed up yet' : 'lists are open',
    );
  } catch (error) {
    if (!(error instanceof BackupError)) throw error;
    const how =
      error.status === 401
        ? 'the token is missing, unknown, expired or revoked: BACKUP_API_TOKEN, --token-file, or a profile'
        : error.status === 403
          ? 'the token has no right to list: ask for the scope backup:list'
          : error.message;
    await tell('access', false, `${error.code}: ${how}`);
  }
}

async function doctorHealth(context: Context, tell: Tell): Promise<void> {
  const health = await context.client.health().catch((error: unknown) => {
    if (error instanceof BackupError && error.status === 503)
      return error.problem as unknown as Answer<'Health'>;
    throw error;
  });
  const { status, notices = [] } = health as {
    status?: string;
    notices?: { code: string; detail?: string }[];
  };
  await tell(
    'health',
    status === 'healthy',
    status === 'healthy'
      ? 'the service says that all is well'
      : `the service says that it is ${status ?? 'not well'}`,
  );
  for (const { code, detail } of notices)
    await tell('notice', false, printable(`${code}: ${detail ?? 'ask an administrator'}`));
}

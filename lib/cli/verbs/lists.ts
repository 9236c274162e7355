// resources, ls, show, trash, operations: what there is.

import type { Answer } from '../../client/client.ts';
import type { Context } from '../kit/context.ts';
import { formatBytes, formatChanges, printable, table } from '../kit/words.ts';

type Backup = Answer<'Backup'>;

const HEALTH = { damaged: 'red', late: 'yellow', unusual: 'yellow', held: 'cyan', healthy: 'green' } as const;

export async function resources(context: Context, { prefix }: { prefix?: string }): Promise<void> {
  const rows: Answer<'Resource'>[] = [];
  for await (const row of context.client.resources(prefix === undefined ? {} : { prefix }, context)) {
    if (context.isJson) await context.json(row);
    else rows.push(row);
  }
  if (context.isJson) return;
  if (rows.length === 0)
    return context.say(
      prefix === undefined
        ? 'Nothing has been backed up yet. Try: brs create my-app settings.json'
        : `No resource begins with ${prefix}.`,
    );
  const lines = table(rows, [
    { name: 'resource', value: ({ id }) => id },
    { name: 'health', value: ({ health }) => health?.state ?? '' },
    {
      name: 'last success',
      value: ({ ageSeconds }) => (ageSeconds === undefined ? '' : `${context.age(ageSeconds)} ago`),
      right: true,
    },
    { name: 'backups', value: ({ live }) => String(live), right: true },
    { name: 'stored', value: ({ bytes }) => formatBytes(bytes), right: true },
    {
      name: 'state',
      value: ({ newest }) => (newest === undefined ? '' : formatBytes(newest.size)),
      right: true,
    },
    {
      name: 'proven',
      value: ({ newest }) =>
        newest === undefined ? '' : `${context.age((context.now - Date.parse(newest.provenAt)) / 1000)} ago`,
      right: true,
    },
  ]);
  await context.line(context.style('bold', lines[0]!));
  for (const [i, line] of lines.slice(1).entries()) {
    const { health } = rows[i]!;
    await context.line(
      health === undefined
        ? line
        : line.replace(health.state, context.style(HEALTH[health.state], health.state)),
    );
  }
  for (const { id, health } of rows) {
    if (health !== undefined && !['healthy', 'held'].includes(health.state))
      context.say(`${printable(id)}: ${health.reason}`);
  }
}

export interface ListOptions {
  type?: 'full' | 'incremental' | 'differential';
  since?: string;
  until?: string;
  tag?: string[];
  limit?: number;
  deleted?: boolean;
  status?: 'pending' | 'in_progress' | 'failed';
}

/** Newest first. */
export async function list(
  context: Context,
  resourceId: string | undefined,
  options: ListOptions,
): Promise<void> {
  const { type, since, until, tag = [], limit = 50, deleted, status } = options;
  const query = {
    ...(resourceId === undefined ? {} : { resourceId }),
    ...(type === undefined ? {} : { type }),
    ...(since === undefined ? {} : { from: context.time(since, 'start') }),
    ...(until === undefined ? {} : { to: context.time(until, 'end') }),
    ...(deleted ? { deleted: 'true' as const } : {}),
    ...(status === undefined ? {} : { status }),
    ...Object.fromEntries(
      tag.map((one) => [`tag.${one.slice(0, one.indexOf('='))}`, one.slice(one.indexOf('=') + 1)]),
    ),
    limit: Math.min(limit, 1000),
  };
  const rows: Backup[] = [];
  let isMore = false;
  for await (const backup of context.client.backups(
    query as Parameters<typeof context.client.backups>[0],
    context,
  )) {
    if (rows.length === limit) {
      isMore = true;
      break;
    }
    rows.push(backup as Backup);
    if (context.isJson) await context.json(backup);
  }
  if (context.isJson) return;
  if (rows.length === 0) return context.say(deleted ? 'Nothing is hidden.' : 'There are no such backups.');
  const lines = table(rows, [
    { name: 'id', value: ({ id }) => id },
    { name: 'resource', value: (row) => (resourceId === undefined ? row.resourceId : '') },
    { name: 'time', value: ({ createdAt }) => context.show(createdAt) },
    { name: 'type', value: (row) => row.type },
    { name: 'status', value: (row) => (row.status === 'completed' ? '' : row.status) },
    { name: 'size', value: ({ size }) => (size === undefined ? '' : formatBytes(size)), right: true },
    {
      name: 'stored',
      value: ({ compressedSize }) => (compressedSize === undefined ? '' : formatBytes(compressedSize)),
      right: true,
    },
    { name: 'changes', value: ({ changes }) => formatChanges(changes) },
    { name: 'kept', value: (row) => keptBy(context, row) },
    {
      name: 'tags',
      value: ({ metadata }) =>
        Object.entries(metadata?.tags ?? {})
          .map(([key, value]) => `${key}=${value}`)
          .join(' '),
    },
  ]);
  await context.line(context.style('bold', lines[0]!));
  for (const line of lines.slice(1)) await context.line(line);
  if (isMore) context.say(`More: say --limit ${limit * 2}, or --until ${rows.at(-1)!.createdAt}`);
}

function keptBy(context: Context, row: Backup): string {
  const { legalHold, lockedUntil, expiresAt, restorableUntil, damaged } = row;
  if (restorableUntil !== undefined) return `comes back until ${context.show(restorableUntil)}`;
  return [
    damaged ? 'DAMAGED' : '',
    legalHold ? 'held' : '',
    lockedUntil === undefined ? '' : `locked until ${context.show(lockedUntil)}`,
    expiresAt === undefined ? 'for ever' : `until ${context.show(expiresAt)}`,
  ]
    .filter((part) => part !== '')
    .slice(0, 2)
    .join(', ');
}

export async function show(context: Context, id: string): Promise<void> {
  const backup = await context.client.backup(id);
  if (context.isJson) return context.json(backup);
  const facts = Object.entries(backup).filter(([name]) => name !== 'data');
  const width = Math.max(...facts.map(([name]) => name.length));
  for (const [name, value] of facts) {
    const isTime = typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value);
    const text = isTime
      ? context.show(value)
      : typeof value === 'object'
        ? JSON.stringify(value)
        : String(value);
    await context.line(`${context.style('dim', name.padEnd(width))}  ${printable(text)}`);
  }
}

export async function operations(
  context: Context,
  id: string | undefined,
  { limit = 20 }: { limit?: number },
): Promise<void> {
  if (id !== undefined) return context.json(await context.client.call('getOperation', { params: { id } }));
  const rows: Answer<'Operation'>[] = [];
  for await (const row of context.client.operations({ limit: Math.min(limit, 1000) }, context)) {
    if (rows.push(row) > limit) break;
    if (context.isJson) await context.json(row);
  }
  if (context.isJson) return;
  if (rows.length === 0) return context.say('Nothing has been restored yet.');
  const lines = table(rows.slice(0, limit), [
    { name: 'id', value: ({ id: name }) => name },
    { name: 'time', value: ({ createdAt }) => context.show(createdAt) },
    { name: 'status', value: ({ status }) => status },
    { name: '%', value: ({ progress }) => String(progress), right: true },
    { name: 'backup', value: ({ backupId }) => backupId },
    { name: 'to', value: ({ targetResourceId }) => targetResourceId },
    { name: 'by', value: ({ createdBy }) => createdBy },
    { name: 'why', value: ({ validationErrors }) => validationErrors.join(' ') },
  ]);
  for (const line of lines) await context.line(line);
}

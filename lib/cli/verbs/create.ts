// create, import: states on their way in.

import { readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type Answer, BackupError } from '../../client/client.ts';
import { parseTime } from '../../client/times.ts';
import type { Context } from '../kit/context.ts';
import { CliError, EXIT } from '../kit/exit.ts';
import { sourceOf } from '../kit/source.ts';
import { formatBytes, formatChanges, printable } from '../kit/words.ts';

export type Made = Answer<'BackupUnchanged'>;

export interface CreateVerbOptions {
  type?: 'full' | 'incremental' | 'differential';
  resourceType?: string;
  tag?: string[];
  retentionDays?: number;
  unencrypted?: boolean;
  ifChanged?: boolean;
  acceptUnusual?: boolean;
  asOf?: string;
  idempotencyKey?: string;
  exec?: string;
  /** commander's `--no-wait`. */
  wait?: boolean;
}

export async function create(
  context: Context,
  resourceId: string,
  file: string | undefined,
  options: CreateVerbOptions,
): Promise<void> {
  const { exec, asOf } = options;
  let progress = context.progress(printable(resourceId));
  const source = await sourceOf(context, file, exec, (done) => progress.bytes(done));
  progress.end();
  progress = context.progress(printable(resourceId), source.bytes);
  try {
    const made = await context.client.create(resourceId, source.state, {
      ...fieldsOf(options),
      ...(asOf === undefined ? {} : { asOf: instantOf(context, asOf) }),
      signal: context.signal,
    });
    progress.end();
    await told(context, made as Made);
  } catch (error) {
    progress.end();
    // The client tells of the network; why it was not sent is what helps.
    for (let cause: unknown = error; cause instanceof Error; cause = cause.cause)
      if (cause instanceof CliError) throw cause;
    throw error;
  }
}

function instantOf(context: Context, text: string): string {
  const at = context.time(text, 'start');
  if (/^\d{4}-/.test(at)) return at;
  throw new CliError(`${text} is no time at which a state was true: give a date, or a date and a time`);
}

/** What is said of the state, beside it. */
export function fieldsOf(options: CreateVerbOptions) {
  const {
    type,
    resourceType,
    tag = [],
    retentionDays,
    unencrypted,
    ifChanged,
    acceptUnusual,
    idempotencyKey,
    wait,
  } = options;
  const tags = Object.fromEntries(
    tag.map((one) => {
      const at = one.indexOf('=');
      if (at < 1) throw new CliError(`${one} is no tag: write --tag KEY=VALUE`);
      return [one.slice(0, at), one.slice(at + 1)];
    }),
  );
  return {
    type: type ?? ('incremental' as const),
    ...(resourceType === undefined ? {} : { resourceType }),
    metadata: { source: 'cli', tags, ...(retentionDays === undefined ? {} : { retentionDays }) },
    ...(unencrypted ? { encrypt: false } : {}),
    ...(ifChanged ? { ifChanged: true } : {}),
    ...(acceptUnusual ? { acceptUnusual: true } : {}),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    ...(wait === false ? { wait: false } : {}),
  };
}

/** What was made of a state, in a line. */
export async function told(context: Context, made: Made): Promise<void> {
  for (const warning of made.warnings ?? []) context.say(`warning: ${warning}`);
  if (context.isJson) return context.json(made);
  const { id, type, size, compressedSize, changes, expiresAt, unchanged, status } = made;
  if (status !== 'completed') return context.line(`${id}  ${status}: brs wait ${id}`);
  if (unchanged) return context.line(`${id}  unchanged: it has this very state, checked now`);
  const sizes =
    size === undefined
      ? ''
      : `${formatBytes(size)}${compressedSize === undefined ? '' : ` -> ${formatBytes(compressedSize)}`}`;
  const kept = expiresAt === undefined ? 'kept for ever' : `kept until ${context.show(expiresAt)}`;
  await context.line([id, type, sizes, formatChanges(changes), 'proven', kept].filter(Boolean).join('  '));
}

export interface ImportOptions extends Omit<CreateVerbOptions, 'asOf' | 'exec' | 'wait'> {
  from?: 'name' | 'mtime';
  yes?: boolean;
}

interface Dump {
  path: string;
  asOf: string;
}

const IN_NAME = /(\d{4}-\d\d-\d\d)(?:[T_ -]?(\d\d)[:.-]?(\d\d)(?:[:.-]?(\d\d))?)?/;

/** Brings dumps along, each of the time that its name or its file says, the oldest first. */
export async function importDumps(
  context: Context,
  resourceId: string,
  paths: string[],
  options: ImportOptions,
): Promise<void> {
  const { from = 'name', yes, ...fields } = options;
  const files = paths.flatMap((path) => {
    try {
      return statSync(path).isDirectory()
        ? readdirSync(path)
            .sort()
            .map((name) => join(path, name))
        : [path];
    } catch (cause) {
      throw new CliError(`${path} cannot be read: ${(cause as Error).message}`, EXIT.notFound);
    }
  });
  const dumps = files
    .filter((path) => statSync(path).isFile())
    .map((path): Dump => ({ path, asOf: timeOf(context, path, from) }));
  if (dumps.length === 0) throw new CliError('there is no file to bring along', EXIT.notFound);
  dumps.sort((a, b) => Date.parse(a.asOf) - Date.parse(b.asOf));
  const [first, last] = [dumps[0]!, dumps.at(-1)!];
  context.say(
    `${dumps.length} states of ${printable(resourceId)}, from ${context.show(first.asOf)} (${basename(first.path)}) to ${context.show(last.asOf)} (${basename(last.path)}), by ${from === 'name' ? 'their names' : 'the times of their files'}`,
  );
  await context.confirm('Bring them along?', yes);
  let made = 0;
  let unchanged = 0;
  for (const { path, asOf } of dumps) {
    try {
      const source = await sourceOf(context, path, undefined, () => {});
      const backup = (await context.client.create(resourceId, source.state, {
        ...fieldsOf({ ifChanged: true, ...fields }),
        ...{ asOf, signal: context.signal },
      })) as Made;
      if (backup.unchanged) unchanged++;
      else made++;
      if (context.isJson)
        await context.json({
          type: 'imported',
          path,
          asOf,
          id: backup.id,
          unchanged: backup.unchanged === true,
        });
      else
        await context.line(
          `${context.show(asOf)}  ${backup.id}  ${backup.unchanged ? 'unchanged' : formatBytes(backup.size)}  ${printable(path)}`,
        );
    } catch (error) {
      if (made + unchanged > 0)
        context.say(
          `${made} were brought along, ${unchanged} had not changed; what follows ${printable(path)} was not.`,
        );
      if (error instanceof BackupError) context.say(`${printable(path)}:`);
      throw error;
    }
  }
  if (context.isJson) await context.json({ type: 'summary', imported: made, unchanged });
  else context.say(`${made} were brought along, ${unchanged} had not changed.`);
}

function timeOf(context: Context, path: string, from: 'name' | 'mtime'): string {
  if (from === 'mtime') return statSync(path).mtime.toISOString();
  const [, date, hour, minute, second] = IN_NAME.exec(basename(path)) ?? [];
  const text =
    date === undefined ? '' : hour === undefined ? date : `${date} ${hour}:${minute}:${second ?? '00'}`;
  const at = parseTime(text, 'start', context);
  if (at !== undefined) return at;
  throw new CliError(
    `the name of ${path} tells no time (as shop-2025-01-31.json does): rename it, or take the times of the files with --from mtime`,
  );
}

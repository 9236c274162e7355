// cat, tree, diff, log: what there was, and how it changed.

import { createHash } from 'node:crypto';
import { type Answer, BackupError, type StateAnswer } from '../../client/client.ts';
import { elementsOf, membersOf } from '../../client/text.ts';
import type { Context } from '../kit/context.ts';
import { CliError, EXIT } from '../kit/exit.ts';
import { targetOf } from '../kit/target.ts';
import { formatBytes, printable, table } from '../kit/words.ts';

/** A text longer than this is shown as its beginning. */
const SHOWN_CHARS = 160;

export interface LookOptions {
  at?: string;
  path?: string;
  mask?: string;
  limit?: number;
}

type Found = Pick<Answer<'FoundState'>, 'backupId' | 'createdAt' | 'ageSeconds' | 'exact' | 'asked'>;

/** Which moment was understood, and what was found for it. */
export function sayFound(context: Context, resourceId: string, found: Found): void {
  const { backupId, createdAt, ageSeconds, exact, asked } = found;
  const what = asked === undefined ? '' : `asked ${context.show(asked)} ${context.zone} (${asked}); `;
  const older = asked === undefined ? `${context.age(ageSeconds)} old` : `${context.age(ageSeconds)} older`;
  const not = exact ? '' : ', NOT exact: a later state of before that moment is no backup (any more)';
  context.say(`${printable(resourceId)}: ${what}${backupId} of ${context.show(createdAt)}, ${older}${not}`);
}

function foundBy(state: StateAnswer): Found {
  const { backupId, createdAt, ageSeconds, isExact: exact, askedAt } = state;
  return { backupId, createdAt, ageSeconds, exact, ...(askedAt === undefined ? {} : { asked: askedAt }) };
}

/** The state's own text to stdout, proven; ends with `integrity` if it is not what it was. */
export async function cat(context: Context, what: string, { at, path }: LookOptions): Promise<void> {
  const { resourceId, at: moment } = await targetOf(context, what, at);
  if (path !== undefined && path !== '') return catPart(context, resourceId, moment, path);
  const state = await context.client.state(resourceId, { at: moment, signal: context.signal });
  sayFound(context, resourceId, foundBy(state));
  const hash = createHash('sha256');
  let last = 0;
  for await (const chunk of state.stream()) {
    hash.update(chunk);
    last = chunk.at(-1) ?? last;
    await context.data(chunk);
  }
  if (context.terminal.stdout.isTTY && last !== 0x0a) await context.line('');
  const found = `sha256:${hash.digest('hex')}`;
  if (found !== state.checksum) {
    throw new BackupError(
      'checksum_mismatch',
      `What came has the checksum ${found} and not ${state.checksum}: do not use it`,
    );
  }
  context.say('sha256 ok');
}

/** Rows may be named: the tree finds them, and the restore takes what it has found. */
async function catPart(context: Context, resourceId: string, at: string, path: string): Promise<void> {
  const { state, path: found } = await context.client.tree(resourceId, { at, path, limit: 1 });
  sayFound(context, resourceId, state);
  const part = await context.client.restore(state.backupId, resourceId, {
    path: found,
    signal: context.signal,
  });
  await context.line(part.text);
}

/** The children of a place, a page. */
export async function tree(
  context: Context,
  what: string,
  { at, path = '', mask, limit = 100 }: LookOptions,
): Promise<void> {
  const { resourceId, at: moment } = await targetOf(context, what, at);
  const query = { at: moment, path, limit, ...(mask === undefined ? {} : { mask }) };
  const found = await context.client.tree(resourceId, query);
  if (context.isJson) return context.json(found);
  sayFound(context, resourceId, found.state);
  if (found.children === undefined) return context.line(shownText(found));
  const lines = table(found.children, [
    { name: 'name', value: ({ name, index, row }) => name ?? row ?? String(index) },
    { name: 'kind', value: ({ kind }) => kind },
    { name: 'count', value: ({ count }) => (count === undefined ? '' : String(count)), right: true },
    { name: 'size', value: ({ bytes }) => (bytes === undefined ? '' : formatBytes(bytes)), right: true },
    { name: 'value', value: (child) => (child.text === undefined && !child.masked ? '' : shownText(child)) },
  ]);
  if (found.children.length > 0) await context.line(context.style('bold', lines[0]!));
  for (const line of lines.slice(1)) await context.line(line);
  const more =
    found.next === undefined ? '' : `, the first ${found.next}: say --limit ${Math.min(1000, limit * 2)}`;
  context.say(
    `${found.path === '' ? 'the state' : printable(found.path)}: ${found.kind} of ${found.count}${more}`,
  );
}

function shownText({
  text,
  masked,
  kind,
  count,
  cut,
}: {
  text?: string;
  masked?: boolean;
  kind: string;
  count?: number;
  cut?: boolean;
}): string {
  if (masked) return `(${kind}, masked)`;
  if (text === undefined) return count === undefined ? kind : `${kind} of ${count}`;
  const short = text.length <= SHOWN_CHARS ? text : `${text.slice(0, SHOWN_CHARS)}...`;
  return printable(cut && short === text ? `${text}...` : short);
}

export interface DiffVerbOptions extends LookOptions {
  stat?: boolean;
  exitCode?: boolean;
}

/** What two moments differ by: with one, that and the one before it. */
export async function diff(
  context: Context,
  from: string,
  to: string | undefined,
  options: DiffVerbOptions,
): Promise<void> {
  const { path = '', stat, mask, exitCode, limit = 100 } = options;
  const one = await targetOf(context, from);
  const isLast = to === undefined && one.at === 'latest';
  // `brs diff shop` is the last change; `brs diff shop@-3` is what has changed since.
  const [a, b] = isLast
    ? [{ ...one, at: '-1' }, one]
    : [one, to === undefined ? { ...one, at: 'latest' } : await targetOf(context, to)];
  if (a.resourceId !== b.resourceId)
    throw new CliError(`${a.resourceId} and ${b.resourceId} are two resources: compare moments of one`);
  const query = {
    ...{ from: a.at, to: b.at, path, limit },
    ...(stat ? { format: 'stat' as const } : {}),
    ...(mask === undefined ? {} : { mask }),
  };
  const text = await context.client.diff(a.resourceId, query);
  const found = membersOf(text);
  const counts = JSON.parse(found.counts!) as Record<string, number>;
  const isSame = Object.values(counts).every((count) => count === 0);
  if (context.isJson) await context.line(text);
  else await printDiff(context, a.resourceId, found, isSame, stat === true, limit);
  if (exitCode && !isSame) throw new CliError('', EXIT.failed);
}

async function printDiff(
  context: Context,
  resourceId: string,
  found: Record<string, string>,
  isSame: boolean,
  isStat: boolean,
  limit: number,
): Promise<void> {
  const [from, to] = [JSON.parse(found.from!), JSON.parse(found.to!)] as [Found, Found];
  context.say(
    `${printable(resourceId)}: ${from.backupId} of ${context.show(from.createdAt)} .. ${to.backupId} of ${context.show(to.createdAt)}`,
  );
  if (isSame) return context.say('No difference.');
  const tables = JSON.parse(found.tables!) as {
    pointer: string;
    additions: number;
    changes: number;
    deletions: number;
    moves: number;
  }[];
  for (const { pointer, additions, changes, deletions, moves } of tables) {
    const told = [
      [additions, `+${additions}`, 'green'],
      [changes, `~${changes}`, 'yellow'],
      [deletions, `-${deletions}`, 'red'],
      [moves, `>${moves}`, 'cyan'],
    ] as const;
    const shown = told.filter(([count]) => count > 0).map(([, text, colour]) => context.style(colour, text));
    const line = `${pointer === '' ? '(the state)' : printable(pointer)}  ${shown.join(' ')}`;
    if (isStat) await context.line(line);
    else context.say(line);
  }
  if (isStat) return;
  const lines = (member: string) => elementsOf(found[member] ?? '[]').map(membersOf);
  const nameOf = (entry: Record<string, string>) =>
    printable(JSON.parse(entry.row ?? entry.pointer!) as string);
  for (const entry of lines('changes')) {
    await context.line(`${context.style('yellow', '~')} ${nameOf(entry)}`);
    await context.line(`    ${context.style('red', `- ${valueShown(entry, 'oldValue', 'oldBytes')}`)}`);
    await context.line(`    ${context.style('green', `+ ${valueShown(entry, 'newValue', 'newBytes')}`)}`);
  }
  for (const entry of lines('additions'))
    await context.line(context.style('green', `+ ${nameOf(entry)}  ${valueShown(entry, 'value', 'bytes')}`));
  for (const entry of lines('deletions'))
    await context.line(context.style('red', `- ${nameOf(entry)}  ${valueShown(entry, 'value', 'bytes')}`));
  for (const entry of lines('moves')) {
    await context.line(
      context.style('cyan', `> ${nameOf(entry)}  to ${printable(JSON.parse(entry.toPointer!) as string)}`),
    );
  }
  if (found.next !== undefined)
    context.say(`More: say --limit ${Math.min(1000, limit * 2)}, or --path for a part`);
}

function valueShown(entry: Record<string, string>, value: string, bytes: string): string {
  const text = entry[value];
  if (text === undefined)
    return entry[bytes] === undefined ? '(masked)' : `(${formatBytes(Number(entry[bytes]))})`;
  return printable(text.length <= SHOWN_CHARS ? text : `${text.slice(0, SHOWN_CHARS)}...`);
}

/** Each change of a place, newest first. */
export async function log(
  context: Context,
  resourceId: string,
  { path = '', mask, limit = 20 }: LookOptions,
): Promise<void> {
  const query = { path, limit: 1000, ...(mask === undefined ? {} : { mask }) };
  let shown = 0;
  const changes = context.client.history(resourceId, query, context);
  for await (const change of changes) {
    if (shown === limit) {
      context.say(`More: say --limit ${limit * 2}`);
      break;
    }
    shown++;
    if (context.isJson) await context.json(change);
    else await printChange(context, change);
  }
  if (shown === 0 && !context.isJson)
    context.say(`${printable(path) || 'the state'} was never there, or has no backup.`);
}

async function printChange(context: Context, change: Answer<'PathChange'>): Promise<void> {
  const { backupId, createdAt, previous, old, new: now } = change;
  const word = {
    changed: 'yellow',
    appeared: 'green',
    gone: 'red',
    first: 'dim',
    ambiguous: 'yellow',
  } as const;
  const what = context.style(word[change.change], change.change.padEnd(8));
  const value = (one: typeof old) => (one === undefined ? '' : shownText(one));
  const text =
    change.change === 'changed'
      ? `${value(old)} -> ${value(now)}`
      : change.change === 'gone'
        ? value(old)
        : value(now);
  await context.line(`${context.show(createdAt)}  ${backupId.padEnd(12)}  ${what}  ${text}`);
  if (change.change === 'gone' && previous !== undefined) {
    context.say(`    it was last there in ${previous.backupId}: brs cat ${previous.backupId} --path ...`);
  }
}

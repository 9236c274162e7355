// restore: the plan first, then a yes, then the state into a file, or into what it came from.

import { createHash } from 'node:crypto';
import { createWriteStream, existsSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { BackupError } from '../../client/client.ts';
import type { Context } from '../kit/context.ts';
import { CliError, EXIT } from '../kit/exit.ts';
import { type PlaceOptions, placeOf } from '../kit/place.ts';
import { targetOf } from '../kit/target.ts';
import { formatBytes, printable } from '../kit/words.ts';
import { type IntoOptions, restoreInto } from './restore-into.ts';

export interface RestoreVerbOptions extends IntoOptions, PlaceOptions {
  at?: string;
  to?: string;
}

export async function restore(context: Context, what: string, options: RestoreVerbOptions): Promise<void> {
  const { at, path, to, plan: isPlan, yes } = options;
  const { resourceId, at: moment } = await targetOf(context, what, at);
  const place = to === undefined ? undefined : placeOf(to, options);
  if (place !== undefined) {
    const { state } = await context.client.tree(resourceId, { at: moment, limit: 1 });
    const { backupId, createdAt, ageSeconds } = state;
    const words = `${context.show(createdAt)} ${context.zone}, ${context.age(ageSeconds)} old${state.exact ? '' : '; NOT exact'}`;
    return restoreInto(context, { resourceId, backupId, words }, place, options);
  }
  const { state: found } = await context.client.tree(resourceId, {
    at: moment,
    limit: 1,
    ...(path === undefined ? {} : { path }),
  });
  const { backupId } = found;
  const plan = await context.client.plan({ backupId, targetResourceId: resourceId });
  const { asked } = found;
  if (context.isJson)
    await context.json({ type: 'plan', ...plan, ...(asked === undefined ? {} : { asked }) });
  else {
    const older =
      asked === undefined
        ? `${context.age(found.ageSeconds)} old`
        : `asked ${context.show(asked)} ${context.zone}, ${context.age(found.ageSeconds)} older`;
    context.say(
      `restore ${printable(resourceId)} from ${backupId} of ${context.show(found.createdAt)} (${older}${found.exact ? '' : '; NOT exact'})`,
    );
    if (path) context.say(`  what    ${printable(path)} alone`);
    const dollars = plan.dollars === undefined ? '' : `, $${plan.dollars}`;
    context.say(
      `  reads   ${plan.blobs} blobs, ${formatBytes(plan.bytes)}, to give ${formatBytes(found.size)}; about ${plan.seconds} s${dollars}`,
    );
    context.say(`  proven  ${context.show(plan.weakest.provenAt)} at the latest (${plan.weakest.backupId})`);
    for (const { backupId: id } of plan.damaged) context.say(`  DAMAGED ${id}: this will fail`);
    if (plan.target !== undefined) {
      const same = plan.target.isSame
        ? 'the very state that would be restored'
        : `another state, ${formatBytes(plan.target.size)}`;
      context.say(
        `  now     ${printable(resourceId)} has ${plan.target.backupId} of ${context.show(plan.target.createdAt)}: ${same}`,
      );
    }
    context.say(
      `  to      ${to === undefined ? '(nowhere: say --to FILE, or --to - for stdout)' : to === '-' ? 'stdout' : `${to}${existsSync(to) ? ', which is REPLACED' : ''}`}`,
    );
  }
  if (isPlan) return;
  if (to === undefined) throw new CliError('say where to: --to FILE, or --to - for stdout', EXIT.usage);
  if (to !== '-') await context.confirm(existsSync(to) ? `Replace ${to}?` : `Write ${to}?`, yes);
  await give(context, resourceId, backupId, path, to, found.size);
}

async function give(
  context: Context,
  resourceId: string,
  backupId: string,
  path: string | undefined,
  to: string,
  size: number,
): Promise<void> {
  const progress = context.progress(`restoring ${backupId}`, size);
  try {
    if (path) {
      const { path: exact } = await context.client.tree(resourceId, { at: backupId, path, limit: 1 });
      const { text } = await context.client.restore(backupId, resourceId, {
        path: exact,
        signal: context.signal,
      });
      await write(context, to, [Buffer.from(text)]);
      progress.end();
      return context.say(`${formatBytes(Buffer.byteLength(text))} written.`);
    }
    const state = await context.client.state(resourceId, { at: backupId, signal: context.signal });
    const hash = createHash('sha256');
    let done = 0;
    await write(
      context,
      to,
      (async function* () {
        for await (const chunk of state.stream()) {
          hash.update(chunk);
          done += chunk.length;
          progress.bytes(done);
          yield chunk;
        }
        const found = `sha256:${hash.digest('hex')}`;
        if (found === state.checksum) return;
        throw new BackupError(
          'checksum_mismatch',
          `What came has the checksum ${found} and not ${state.checksum}`,
        );
      })(),
    );
    progress.end();
    context.say(`${formatBytes(done)} written, sha256 ok.`);
    if (context.isJson && to !== '-')
      await context.json({ type: 'summary', backupId, bytes: done, checksum: state.checksum, to });
  } finally {
    progress.end();
  }
}

/** A file is there whole or as it was: what comes is written beside it, and takes its place once it is proven and on the disk. */
async function write(
  context: Context,
  to: string,
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<void> {
  if (to === '-') {
    for await (const chunk of chunks) await context.data(chunk);
    return;
  }
  const beside = `${to}.restoring-${process.pid}`;
  try {
    await pipeline(
      Readable.from(chunks),
      createWriteStream(beside, { flags: 'wx', mode: 0o600, flush: true }),
    );
    await rename(beside, to);
    const folder = await open(dirname(to), 'r');
    await folder.sync().finally(() => folder.close());
  } catch (cause) {
    await rm(beside, { force: true });
    if (cause instanceof BackupError || (cause as NodeJS.ErrnoException).code === undefined) throw cause;
    throw new CliError(`${to} cannot be written: ${(cause as Error).message}`, EXIT.failed);
  }
}

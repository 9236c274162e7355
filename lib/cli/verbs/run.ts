// run: a source is read where this runs and backed up wherever the service is, once or again and again; its credentials stay here.

import { setTimeout as sleep } from 'node:timers/promises';
import type { SourceSpec } from '../../core/records/source.ts';
import { wordOfSource } from '../../core/records/source-words.ts';
import type { Context } from '../kit/context.ts';
import { CliError, EXIT, exitOf } from '../kit/exit.ts';
import { type PlaceOptions, sourcePlaceOf } from '../kit/place.ts';
import { readFor } from '../kit/reading.ts';
import { formatBytes, printable } from '../kit/words.ts';
import { type CreateVerbOptions, fieldsOf, type Made, told } from './create.ts';

export interface RunOptions
  extends PlaceOptions,
    Omit<CreateVerbOptions, 'exec' | 'asOf' | 'idempotencyKey'> {
  resource?: string;
  every?: string;
  /** Only whether it can be read. */
  check?: boolean;
}

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const EVERY_MAX_MS = 2_000_000_000;

export async function run(context: Context, word: string, options: RunOptions): Promise<void> {
  const spec = sourcePlaceOf(word, options);
  const sources = await context.terminal.sources();
  if (options.check) {
    const { detail, warnings } = await (await sources.open(spec)).check(context.signal);
    for (const warning of warnings) context.say(`warning: ${printable(warning)}`);
    return context.isJson ? context.json({ detail, warnings }) : context.line(printable(detail));
  }
  const { resource, every } = options;
  if (resource === undefined) throw new CliError('say which resource it is: --resource shop');
  const once = () => backUp(context, spec, resource, options);
  if (every === undefined) return void (await once());
  await again(context, spec, millisecondsOf(every), once);
}

/** Reads and sends; resolves once the backup is proven. The state of before a restore is taken by this as well. */
export async function backUp(
  context: Context,
  spec: SourceSpec,
  resourceId: string,
  options: CreateVerbOptions,
): Promise<Made> {
  const source = await (await context.terminal.sources()).open(spec);
  const ended = new AbortController();
  const signal = AbortSignal.any([context.signal, ended.signal]);
  const progress = context.progress(printable(resourceId));
  let failure: () => unknown = () => undefined;
  try {
    const read = await readFor(source, signal, (done) => progress.bytes(done));
    failure = read.failure;
    for (const warning of read.warnings) context.say(`warning: ${printable(warning)}`);
    const made = (await context.client.create(resourceId, read.state, {
      ...fieldsOf(options),
      signal: context.signal,
    })) as Made;
    progress.end();
    await told(context, made);
    return made;
  } catch (error) {
    throw failure() ?? error;
  } finally {
    progress.end();
    // Whatever is still open of a source that was not read to its end is let go.
    ended.abort(new Error('the reading is over'));
  }
}

/** At once, and then in step with the first time, until somebody interrupts. What fails is told, and tried again when its time comes. */
async function again(
  context: Context,
  spec: SourceSpec,
  everyMs: number,
  once: () => Promise<unknown>,
): Promise<void> {
  const from = performance.now();
  for (;;) {
    const begun = performance.now();
    try {
      await once();
    } catch (error) {
      if (context.signal.aborted) throw error;
      // What was typed wrong stays wrong.
      if (error instanceof CliError && error.exit === EXIT.usage) throw error;
      const message = printable(error instanceof Error ? error.message : String(error));
      if (context.isJson)
        context.terminal.stderr.write(
          `${JSON.stringify({ type: 'error', exit: exitOf(error), source: wordOfSource(spec), message })}\n`,
        );
      else context.terminal.stderr.write(`brs: ${wordOfSource(spec)}: ${message}\n`);
    }
    const now = performance.now();
    const skipped = Math.floor((now - from) / everyMs) - Math.floor((begun - from) / everyMs);
    if (skipped > 0) context.say(`it took longer than that: ${skipped} times were left out`);
    await sleep(everyMs - ((now - from) % everyMs), undefined, { signal: context.signal });
  }
}

function millisecondsOf(text: string): number {
  const [, count, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const ms = Number(count) * (UNITS[unit ?? ''] ?? 0);
  if (!(ms >= 1000 && ms <= EVERY_MAX_MS))
    throw new CliError(`${text} is no length of time: 30s, 15m, 6h, 1d`);
  return ms;
}

/** How much of a target was kept, in words. */
export function safetyWords(made: Made, resourceId: string): string {
  const size = made.size === undefined ? '' : ` (${formatBytes(made.size)})`;
  return `kept as it is now: ${made.id} of ${printable(resourceId)}${size}`;
}

// The second half of a drill: what was restored is put into a scratch target, read back from there, and compared.

import { passState, readState } from '../../core/json/body.ts';
import { findValue } from '../../core/json/lookup.ts';
import { parsePointer } from '../../core/json/pointer.ts';
import { isPacked, packingOf } from '../../core/json/state-sink.ts';
import { LIMITS } from '../../core/records/limits.ts';
import type { Reason } from '../../core/records/model.ts';
import type { SourceSpec } from '../../core/records/source.ts';
import { mayMeet } from '../../core/records/source-place.ts';
import { wordOfSource } from '../../core/records/source-words.ts';
import type { DrilledInto, ScheduleSpec, TableRows } from '../../core/schedule/records.ts';
import type { GivenState, Target } from '../../ports/source.ts';
import type { Deps } from '../contract/deps.ts';
import { pages } from '../kit/collect.ts';
import { findKept, listKept } from './documents.ts';
import { checksumOf, PlacelessHash } from './placeless.ts';
import { chunksOf, reading, SourceFailure } from './reading.ts';
import { countRows } from './rows.ts';
import { sourcesOf } from './sources.ts';

const ALL = { create: true, update: true, delete: true };
const WARNINGS_MAX = 10;

/**
 * Why a schedule may not drill into a source; undefined if it may: that is marked as scratch, and nothing that is written there can be what any
 * other source reads, as far as their names tell.
 */
export async function faultOfScratch(
  deps: Pick<Deps, 'catalog'>,
  { sourceId, drillInto: id = '' }: Pick<ScheduleSpec, 'sourceId' | 'drillInto'>,
): Promise<string | undefined> {
  const scratch = (await findKept(deps, 'source', id))?.body.spec;
  if (scratch === undefined) return `names no source: there is no ${id}`;
  if (scratch.scratch !== true) return `must name a source that is marked as scratch, and ${id} is not`;
  if (id === sourceId) return 'must not be what the schedule reads';
  for await (const { body } of pages((page) => listKept(deps, 'source', page))) {
    const isRead = body.id === sourceId || (body.id !== id && body.spec.scratch !== true);
    if (isRead && mayMeet(scratch, body.spec))
      return `may be what ${body.id} reads: by their names they cannot be told apart`;
  }
  return undefined;
}

/** What a drill has restored. */
export interface Restored {
  /** Where it is held. */
  text?: Uint8Array;
  /** Read anew each time, where it is not. */
  chunks(): AsyncIterable<Uint8Array>;
}

/** That it does not come back whole is the result; nothing is thrown for it. */
export async function drillInto(
  deps: Deps,
  schedule: ScheduleSpec,
  restored: Restored,
  rows: readonly TableRows[] | undefined,
): Promise<{ into: DrilledInto; failure?: Reason }> {
  const sourceId = schedule.drillInto!;
  try {
    return await tryInto(deps, schedule, restored, rows);
  } catch (error) {
    if (!(error instanceof SourceFailure)) throw error;
    if (error.cause !== undefined)
      deps.log.warn('a drill could not use its scratch target', { sourceId, error });
    return { into: { sourceId }, failure: { code: error.code, detail: error.message } };
  }
}

async function tryInto(
  deps: Deps,
  schedule: ScheduleSpec,
  restored: Restored,
  rows: readonly TableRows[] | undefined,
): Promise<{ into: DrilledInto; failure?: Reason }> {
  // Either may have been changed since the schedule was set.
  const fault = await faultOfScratch(deps, schedule);
  if (fault !== undefined) throw new SourceFailure('source_refused', `drillInto ${fault}.`, false);
  const [scratch, read] = await Promise.all(
    [schedule.drillInto!, schedule.sourceId].map(
      async (id) => (await findKept(deps, 'source', id))?.body.spec,
    ),
  );
  const signal = AbortSignal.timeout(LIMITS.runMs);
  const place = await reading(() => sourcesOf(deps).open(asRead(scratch!, read)));
  const { target } = place;
  if (target === undefined)
    throw new SourceFailure('source_refused', 'It can only be read: nothing is put there.', false);
  const given = givenOf(restored);
  await demandWhole(target, given, signal);
  const outcome = await reading(() => target.restore(given, { modes: ALL }, signal));
  const { expected, found, tables } = await compared(deps, restored, () => place.read(signal));
  const rowsAgree =
    rows === undefined || tables === undefined ? undefined : JSON.stringify(rows) === JSON.stringify(tables);
  const into: DrilledInto = {
    ...{ sourceId: schedule.drillInto!, place: wordOfSource(scratch!) },
    written: outcome.parts.reduce((sum, { insert, update, delete: gone }) => sum + insert + update + gone, 0),
    isExact: outcome.isExact,
    checksum: { expected, ...(found === undefined ? {} : { found }) },
    ...(tables === undefined ? {} : { tables }),
    ...(rowsAgree === undefined ? {} : { rowsAgree }),
    warnings: outcome.warnings.slice(0, WARNINGS_MAX),
  };
  if (outcome.isExact && found === expected && rowsAgree !== false) return { into };
  const detail = 'What was read back from the scratch target is not what was put there.';
  return { into, failure: { code: 'integrity_error', detail } };
}

/** Of databases the tables that are read, and no others. */
function asRead(scratch: SourceSpec, read: SourceSpec | undefined): SourceSpec {
  if (read === undefined || !('url' in scratch || 'path' in scratch) || scratch.kind !== read.kind)
    return scratch;
  if (read.kind !== 'postgresql' && read.kind !== 'sqlite') return scratch;
  const { tables, exclude } = read;
  return {
    ...scratch,
    ...(tables === undefined ? {} : { tables }),
    ...(exclude === undefined ? {} : { exclude }),
  } as SourceSpec;
}

function givenOf({ text, chunks }: Restored): GivenState {
  return {
    chunks,
    async part(pointer) {
      if (text === undefined) throw new Error('a state that is put back whole is not held for its parts');
      return findValue(text, parsePointer(pointer) ?? []);
    },
  };
}

async function demandWhole(target: Target, given: GivenState, signal: AbortSignal): Promise<void> {
  const { missing } = await reading(() => target.plan(given, { modes: ALL }, signal));
  if (missing.length === 0) return;
  throw new SourceFailure(
    'source_refused',
    `The scratch target has not ${missing.slice(0, 5).join(', ')}.`,
    false,
  );
}

type Read = () => ReturnType<Awaited<ReturnType<NonNullable<Deps['sources']>['open']>>['read']>;

interface Compared {
  expected: string;
  /** None of what is much larger than it was. */
  found?: string;
  /** Where it is held. */
  tables?: TableRows[];
}

/** What was put there and what is there now. What is not held goes by in a stream, each. */
async function compared(deps: Deps, { text, chunks }: Restored, read: Read): Promise<Compared> {
  if (text === undefined) {
    const [expected, found] = [new PlacelessHash(), new PlacelessHash()];
    await passState(deps.kernel, chunks(), expected);
    await passState(deps.kernel, await readBack(read), found);
    return { expected: expected.digest(), found: found.digest() };
  }
  const expected = await checksumOf(text);
  const back = await held(deps, await readBack(read));
  if (back === undefined) return { expected };
  const tables = await countRows(deps, { bytes: back });
  return { expected, found: await checksumOf(back), ...(tables === undefined ? {} : { tables }) };
}

async function readBack(read: Read): Promise<AsyncIterable<Uint8Array>> {
  const found = await reading(read);
  if (found !== 'unchanged') return chunksOf(found.chunks, () => undefined);
  throw new SourceFailure(
    'source_failed',
    'It says that nothing changed, of what nobody has told it.',
    false,
  );
}

/** Undefined of what is too large to be held. */
async function held(
  { kernel, options, scratch }: Deps,
  chunks: AsyncIterable<Uint8Array>,
): Promise<Uint8Array | undefined> {
  const state = await readState(kernel, chunks, {
    bytesMax: options.uploadBytesMax,
    sizeHint: 0,
    packing: { ...packingOf(options.memory, scratch), isTextWanted: () => true },
  });
  if (!isPacked(state)) return state.bytes;
  await state.discard();
  return undefined;
}

// How what stands at a path has changed: through the live backups of a resource, the newest first, a page at a time. Each
// chain is opened once, and tells what stood there in all of its states.

import { mapInOrder } from '../../core/bytes/chunks.ts';
import type { Sight } from '../../core/history/along.ts';
import { ownBlob } from '../../core/records/chain.ts';
import { ServiceError } from '../../core/records/errors.ts';
import { LIMITS } from '../../core/records/limits.ts';
import type { BackupRecord, DatedBackup } from '../../core/records/model.ts';
import type { Page, PageRequest } from '../../ports/pages.ts';
import { readBackup } from '../chains/read-backup.ts';
import { takeRoom } from '../chains/readers.ts';
import { openChain } from '../chains/state.ts';
import type { Caller } from '../contract/api.ts';
import type { Deps } from '../contract/deps.ts';
import type { HistoryInput, PathChange, PathHistory } from '../contract/looks.ts';
import { nothingAt } from '../restores/moment.ts';
import { noteLook } from './audit.ts';
import { findState } from './find.ts';
import { demandHeld } from './held.ts';
import { maskedAsSaid } from './said.ts';

/**
 * The changes among one page of backups, the newest first; since a moment, the oldest first. States that are larger than usual make the page shorter. Throws
 * ServiceError `resource_not_found`, `payload_too_large`, `too_many_requests`, `broken_chain` or `integrity_error`, and
 * PortError `not_found` for a cursor of another list.
 */
export async function readHistory(deps: Deps, input: HistoryInput, caller: Caller): Promise<PathHistory> {
  const { catalog } = deps;
  const { resourceId, path, cursor } = input;
  if ((await catalog.newestBefore(resourceId, Number.MAX_SAFE_INTEGER)) === undefined) throw nothingAt({});
  const page = await pageOf(deps, input, { limit: input.limit, ...(cursor === undefined ? {} : { cursor }) });
  const last = page.items.at(-1);
  if (last === undefined) return { items: [], looked: { backups: 0 } };
  const before = await catalog.newestBefore(resourceId, last.sequence);
  const records = before === undefined ? page.items : [...page.items, before];
  const [sights] = await Promise.all([
    sightsOf(deps, records, { ...input, options: await maskedAsSaid(deps, resourceId, input.options) }),
    noteLook(deps, page.items[0]!, { what: 'history', path }, caller),
  ]);
  const items = page.items.flatMap((record, i) => changeAt(record, records[i + 1], sights) ?? []);
  return {
    items: input.since === undefined ? items : items.reverse(),
    looked: { backups: page.items.length, oldest: dated(last) },
    ...(page.cursor === undefined ? {} : { cursor: page.cursor }),
  };
}

/** The newest first, whichever end the pages begin at: so each chain is opened once. No more than is read in a few seconds. */
async function pageOf(deps: Deps, input: HistoryInput, request: PageRequest): Promise<Page<BackupRecord>> {
  const page = await listed(deps, input, request);
  const limit = affordable(page.items);
  const { items, ...rest } =
    limit < page.items.length ? await listed(deps, input, { ...request, limit }) : page;
  return { ...rest, items: input.since === undefined ? items : [...items].reverse() };
}

/** From either end. */
async function listed(
  deps: Deps,
  { resourceId, since }: HistoryInput,
  request: PageRequest,
): Promise<Page<BackupRecord>> {
  if (since === undefined) return deps.catalog.listBackups({ ...request, resourceId });
  const { record } = await findState(deps, resourceId, since, '/query/since');
  const fromSequence = record.sequence + 1;
  return deps.catalog.resourceHistory({ ...request, resourceId, fromSequence });
}

/** How many of them, from the front on, are followed within the bound; one in any case. */
function affordable(records: readonly BackupRecord[]): number {
  let cost = 0;
  for (const [i, record] of records.entries()) {
    const own = ownBlob(record);
    const neighbour = records[i - 1];
    const isOpened = neighbour !== undefined && (leadsTo(neighbour, record) || leadsTo(record, neighbour));
    if (own.kind === 'delta') cost += own.bytes * DELTA_COST;
    if (!isOpened) cost += record.chain[0]!.size;
    if (cost > LIMITS.historyBytesMax) return Math.max(1, i);
  }
  return records.length;
}

/** A byte of a delta takes as long to follow as so many of the state that a chain begins with take to open, scan and hash. */
const DELTA_COST = 100;

/** Whether the last step to a backup is from the other one's state. */
function leadsTo(from: BackupRecord, to: BackupRecord): boolean {
  return to.chain.at(-2)?.blobId === ownBlob(from).blobId;
}

/** By checksum of the state: what is the same text is looked into once. */
type Sights = ReadonlyMap<string, Sight>;

async function sightsOf(deps: Deps, records: readonly BackupRecord[], input: HistoryInput): Promise<Sights> {
  const sights = new Map<string, Sight>();
  const tips = tipsOf(records);
  for (const tip of tips) demandHeld(deps, tip);
  const isLarge = tips.some(({ size }) => size > BESIDE_BYTES_MAX);
  for await (const chain of mapInOrder(tips, isLarge ? 1 : 2, (tip) => alongChain(deps, tip, input))) {
    for (const [checksum, sight] of chain) sights.set(checksum, sight);
  }
  // A sweep may have given a tip another chain since it was listed, which leads through none of these.
  for (const record of records) {
    if (sights.has(record.checksum)) continue;
    for (const [checksum, sight] of await alongChain(deps, record, input)) sights.set(checksum, sight);
  }
  return sights;
}

/**
 * While one chain is followed in its thread, the next one is read and opened; but not of states so large that the first
 * may take all the room that readers have, and the second would wait for its own request until it is told to come back.
 */
const BESIDE_BYTES_MAX = 64 * 1024 * 1024;

/** Those whose chains lead through all the others, of the newest first. */
function tipsOf(records: readonly BackupRecord[]): BackupRecord[] {
  const passed = new Set<string>();
  return records.filter((record) => {
    if (passed.has(record.checksum)) return false;
    for (const { checksum } of record.chain) passed.add(checksum);
    return true;
  });
}

/** What stands at the path in each state of a chain. */
async function alongChain(
  deps: Deps,
  record: BackupRecord,
  { steps, options }: HistoryInput,
): Promise<[checksum: string, sight: Sight][]> {
  const room = await takeRoom(deps, record, 2);
  try {
    return await readBackup(deps, record, async (current) => {
      const { base, deltas, checksum } = await openChain(deps, current);
      const along = await deps.texts.placeAlong(base, deltas, steps, options);
      if (along.checksum !== checksum || checksum !== ownBlob(current).checksum) {
        throw new ServiceError('integrity_error', 'The state does not have its checksum.');
      }
      return current.chain.map((ref, i) => [ref.checksum, along.sights[i]!]);
    });
  } finally {
    room.free();
  }
}

function changeAt(
  record: BackupRecord,
  before: BackupRecord | undefined,
  sights: Sights,
): PathChange | undefined {
  const to = sights.get(record.checksum)!;
  const from = before === undefined ? 'nothing' : sights.get(before.checksum)!;
  if (isSame(from, to)) return undefined;
  return { backup: dated(record), ...(before === undefined ? {} : { previous: dated(before) }), from, to };
}

function isSame(a: Sight, b: Sight): boolean {
  if (typeof a === 'string' || typeof b === 'string') return a === b;
  return a.sha256 === b.sha256;
}

function dated({ id: backupId, createdAt }: BackupRecord): DatedBackup {
  return { backupId, createdAt };
}

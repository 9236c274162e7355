// How what stands at a path has changed: through the live backups of a resource, the newest first, a page at a time. Each
// chain is opened once, and tells what stood there in all of its states.

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
  const newest = await catalog.newestBefore(resourceId, Number.MAX_SAFE_INTEGER);
  if (newest === undefined) throw nothingAt({});
  const limit = Math.max(1, Math.min(input.limit, Math.floor(LIMITS.historyBytesMax / (newest.size + 1))));
  const page = await pageOf(deps, input, { limit, ...(cursor === undefined ? {} : { cursor }) });
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

/** The newest first, whichever end the pages begin at: so each chain is opened once. */
async function pageOf(
  deps: Deps,
  { resourceId, since }: HistoryInput,
  request: PageRequest,
): Promise<Page<BackupRecord>> {
  if (since === undefined) return deps.catalog.listBackups({ ...request, resourceId });
  const { record } = await findState(deps, resourceId, since, '/query/since');
  const fromSequence = record.sequence + 1;
  const page = await deps.catalog.resourceHistory({ ...request, resourceId, fromSequence });
  return { ...page, items: [...page.items].reverse() };
}

/** By checksum of the state: what is the same text is looked into once. */
type Sights = ReadonlyMap<string, Sight>;

async function sightsOf(
  deps: Deps,
  records: readonly BackupRecord[],
  { steps, options }: HistoryInput,
): Promise<Sights> {
  const sights = new Map<string, Sight>();
  for (const record of records) {
    if (sights.has(record.checksum)) continue;
    demandHeld(deps, record);
    const room = await takeRoom(deps, record, 2);
    try {
      await readBackup(deps, record, async (current) => {
        const { base, deltas, checksum } = await openChain(deps, current);
        const along = await deps.texts.placeAlong(base, deltas, steps, options);
        if (along.checksum !== checksum || checksum !== ownBlob(current).checksum) {
          throw new ServiceError('integrity_error', 'The state does not have its checksum.');
        }
        for (const [i, ref] of current.chain.entries()) sights.set(ref.checksum, along.sights[i]!);
      });
    } finally {
      room.free();
    }
  }
  return sights;
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

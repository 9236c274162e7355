// Lists of backups: by resource, type and time, which the catalog finds, and by tags, which are looked for among those.

import { instantOf } from '../../core/records/asked-moment.ts';
import { LIMITS } from '../../core/records/limits.ts';
import type { BackupRecord } from '../../core/records/model.ts';
import type { BackupQuery, Catalog } from '../../ports/catalog.ts';
import type { Page, PageRequest } from '../../ports/pages.ts';
import type { BackupListInput } from '../contract/api.ts';
import type { Deps } from '../contract/deps.ts';

/** So much of a page has to be missing for another read to be worth it: else it is given as it is. */
const WORTH_A_READ = 1 / 4;

/**
 * A page of the list that `read` gives. By tags it may be short, or empty, and have a cursor: however rare they are, a call looks at
 * `tagLooksMax` backups. Throws PortError `not_found` for a cursor of another list.
 */
export async function listBackups(
  { clock }: Pick<Deps, 'clock'>,
  read: Catalog['listBackups'],
  { from, to, tags = {}, ...rest }: BackupListInput,
): Promise<Page<BackupRecord>> {
  const now = clock.now();
  const request = {
    ...rest,
    ...(from === undefined ? {} : { from: instantOf(from, now) }),
    ...(to === undefined ? {} : { to: instantOf(to, now) }),
  };
  const wanted = Object.entries(tags);
  return wanted.length === 0 ? read(request) : tagged(read, request, wanted);
}

async function tagged(
  read: Catalog['listBackups'],
  request: PageRequest & BackupQuery,
  wanted: [string, string][],
): Promise<Page<BackupRecord>> {
  const items: BackupRecord[] = [];
  const { cursor: start, ...query } = request;
  let cursor = start;
  for (let looks = 0; looks < LIMITS.tagLooksMax; ) {
    // Never more than still fit, so that the cursor of what was read is the page's own.
    const limit = request.limit - items.length;
    const page = await read({ ...query, limit, ...(cursor === undefined ? {} : { cursor }) });
    items.push(
      ...page.items.filter(({ metadata }) =>
        wanted.every(([key, value]) => hasTag(metadata.tags, key, value)),
      ),
    );
    if (page.cursor === undefined) return { items };
    cursor = page.cursor;
    looks += page.items.length;
    if (request.limit - items.length < request.limit * WORTH_A_READ) break;
  }
  return { items, ...(cursor === undefined ? {} : { cursor }) };
}

function hasTag(tags: Readonly<Record<string, string>>, key: string, value: string): boolean {
  return Object.hasOwn(tags, key) && tags[key] === value;
}

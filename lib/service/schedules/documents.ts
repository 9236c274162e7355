// Sources, schedules, runs and drills as documents of the catalog.

import type { DocumentRecord } from '../../core/records/document.ts';
import type { DrillRecord, RunRecord, ScheduleRecord, SourceRecord } from '../../core/schedule/records.ts';
import type { Change } from '../../ports/change.ts';
import type { Page, PageRequest } from '../../ports/pages.ts';
import type { Deps } from '../contract/deps.ts';

interface Bodies {
  source: SourceRecord;
  schedule: ScheduleRecord;
  run: RunRecord;
  drill: DrillRecord;
}

type Kind = keyof Bodies;
export type Kept<K extends Kind> = DocumentRecord<Bodies[K]>;
type CatalogOf = Pick<Deps, 'catalog'>;

export async function findKept<K extends Kind>(
  { catalog }: CatalogOf,
  collection: K,
  id: string,
): Promise<Kept<K> | undefined> {
  return (await catalog.getDocument(collection, id)) as Kept<K> | undefined;
}

export async function listKept<K extends Kind>(
  { catalog }: CatalogOf,
  collection: K,
  request: PageRequest & { prefix?: string; group?: string; falling?: boolean },
): Promise<Page<Kept<K>>> {
  return (await catalog.listDocuments({ collection, ...request })) as Page<Kept<K>>;
}

export async function dueKept<K extends Kind>(
  { catalog }: CatalogOf,
  collection: K,
  request: PageRequest & { before: number },
): Promise<Page<Kept<K>>> {
  return (await catalog.dueDocuments({ collection, ...request })) as Page<Kept<K>>;
}

/** In place of `before`, or where nothing is. */
export function putKept<K extends Kind>(
  collection: K,
  body: Bodies[K],
  times: { dueAt?: number | undefined; expiresAt?: number | undefined },
  before?: Kept<K>,
): Extract<Change, { kind: 'document.put' }> {
  const { dueAt, expiresAt } = times;
  const expect = before?.version ?? 0;
  const record: Kept<K> = {
    ...{ collection, id: body.id, body, version: expect + 1 },
    ...('scheduleId' in body ? { group: body.scheduleId } : {}),
    ...(dueAt === undefined ? {} : { dueAt }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
  return { kind: 'document.put', record, expect };
}

export function removeKept<K extends Kind>({ collection, id, version }: Kept<K>): Change {
  return { kind: 'document.remove', collection, id, expect: version };
}

/** As it stands once the change is committed. */
export function keptBy<K extends Kind>(change: Extract<Change, { kind: 'document.put' }>): Kept<K> {
  return change.record as Kept<K>;
}

// Sources by name: kept without any secret, tried when asked.

import { ServiceError } from '../../core/records/errors.ts';
import { LIMITS } from '../../core/records/limits.ts';
import type { Reason } from '../../core/records/model.ts';
import type { SourceSpec } from '../../core/records/source.ts';
import { faultsOfSource } from '../../core/records/source-check.ts';
import type { ScheduleRecord, SourceRecord } from '../../core/schedule/records.ts';
import type { Page, PageRequest } from '../../ports/pages.ts';
import type { Caller } from '../contract/api.ts';
import type { Deps } from '../contract/deps.ts';
import type { CheckedSource, FoundSource } from '../contract/schedules.ts';
import { pages } from '../kit/collect.ts';
import { retryOnConflict } from '../kit/conflict.ts';
import { event } from '../kit/events.ts';
import { findKept, type Kept, listKept, putKept, removeKept } from './documents.ts';
import { noSource } from './missing.ts';
import { reading, SourceFailure } from './reading.ts';

type SourceDeps = Pick<Deps, 'catalog' | 'clock' | 'random'>;

export async function listSources(deps: SourceDeps, request: PageRequest): Promise<Page<SourceRecord>> {
  const { items, ...page } = await listKept(deps, 'source', request);
  return { ...page, items: items.map(({ body }) => body) };
}

/** Throws ServiceError `source_not_found`. */
export async function getSource(deps: SourceDeps, id: string): Promise<FoundSource> {
  const { body: source } = await sourceOf(deps, id);
  return { source, usedBy: await usersOf(deps, id) };
}

export async function sourceOf(deps: Pick<Deps, 'catalog'>, id: string): Promise<Kept<'source'>> {
  const kept = await findKept(deps, 'source', id);
  if (kept === undefined) throw noSource(id);
  return kept;
}

/** Throws ServiceError `invalid_request` for what is no source, `write_conflict`. */
export async function putSource(
  deps: SourceDeps,
  id: string,
  spec: SourceSpec,
  caller: Caller,
): Promise<FoundSource> {
  const errors = faultsOfSource(spec);
  if (errors.length > 0) throw new ServiceError('invalid_request', 'That is no source.', { errors });
  const source = await retryOnConflict(`Source ${id}`, async () => {
    const before = await findKept(deps, 'source', id);
    if (before === undefined) await demandRoom(deps, 'source', LIMITS.sourcesMax);
    const now = deps.clock.now();
    const createdAt = before?.body.createdAt ?? now;
    const body: SourceRecord = { id, spec, createdAt, updatedAt: now, updatedBy: caller.actor };
    await deps.catalog.commit([
      putKept('source', body, {}, before),
      // Which place that is stands in the source; it is nobody's business who may only read the trail.
      event(deps, 'source.changed', now, caller, { resourceId: '', detail: { source: id, kind: spec.kind } }),
    ]);
    return body;
  });
  return { source, usedBy: await usersOf(deps, id) };
}

/** Throws ServiceError `source_not_found`, `source_in_use`. */
export async function removeSource(deps: SourceDeps, id: string, caller: Caller): Promise<void> {
  await retryOnConflict(`Source ${id}`, async () => {
    const kept = await sourceOf(deps, id);
    const usedBy = await usersOf(deps, id);
    if (usedBy.length > 0) {
      throw new ServiceError('source_in_use', `Remove what reads it first: ${usedBy.join(', ')}.`, {
        extra: { schedules: usedBy },
      });
    }
    await deps.catalog.commit([
      removeKept(kept),
      event(deps, 'source.removed', deps.clock.now(), caller, { resourceId: '', detail: { source: id } }),
    ]);
  });
}

/** Tries it. Throws ServiceError `source_not_found`; that it does not answer is the result. */
export async function checkSource(
  deps: SourceDeps & Pick<Deps, 'sources'>,
  id: string,
): Promise<CheckedSource> {
  const { body } = await sourceOf(deps, id);
  try {
    const { detail, warnings } = await reading(async () => {
      const source = await sourcesOf(deps).open(body.spec);
      return source.check(AbortSignal.timeout(LIMITS.checkSourceMs));
    });
    return { ok: true, detail, warnings };
  } catch (error) {
    if (!(error instanceof SourceFailure)) throw error;
    const failure: Reason = { code: error.code, detail: error.message };
    return { ok: false, failure };
  }
}

/** What this process reads sources with. Throws SourceFailure where it reads none. */
export function sourcesOf({ sources }: Pick<Deps, 'sources'>): NonNullable<Deps['sources']> {
  if (sources !== undefined) return sources;
  throw new SourceFailure('source_denied', 'This process reads no sources.', false);
}

async function usersOf(deps: Pick<Deps, 'catalog'>, sourceId: string): Promise<string[]> {
  const users: string[] = [];
  for await (const { body } of pages((page) => listKept(deps, 'schedule', page))) {
    const { id, sourceId: read, drillInto } = body as ScheduleRecord;
    if (read === sourceId || drillInto === sourceId) users.push(id);
  }
  return users;
}

/** Throws ServiceError `too_many_requests`: there are as many as there may be. */
export async function demandRoom(
  deps: Pick<Deps, 'catalog'>,
  collection: 'source' | 'schedule',
  most: number,
): Promise<void> {
  const { items } = await listKept(deps, collection, { limit: most });
  if (items.length < most) return;
  throw new ServiceError('too_many_requests', `There are ${most} already, and there may be no more.`);
}

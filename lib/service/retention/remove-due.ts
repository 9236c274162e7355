// Removes what is due to be removed, resource by resource, on the way through all of it or through a part.

import { forEachAtOnce } from '../../core/at-once.ts';
import type { Deps } from '../contract/deps.ts';
import { pageFrom } from '../kit/progress.ts';
import { THROUGH } from './lap.ts';
import { pruneResource } from './prune.ts';
import { isOver, type Run } from './run.ts';

export interface Removing {
  /** Resources to be pruned first; those that have been are added. */
  touched: Set<string>;
  /** What was due by then. */
  before: number;
  /** Where the list goes on; `'end'` where it is through. */
  cursor?: string | undefined;
  part?: number;
  /** How many entries it looks through at most; all without it. */
  entriesMax?: number;
}

/** Resolves with where the next one goes on; `'end'` where nothing is left. Throws PortError. */
export async function removeDue(
  deps: Deps,
  run: Run,
  { touched, before, cursor: from, part, entriesMax = Number.POSITIVE_INFINITY }: Removing,
): Promise<string | undefined> {
  const { summary, deadline, standing, resourcesAtOnce, despite } = run;
  const prune = (resourceIds: Iterable<string>): Promise<void> =>
    forEachAtOnce(resourceIds, resourcesAtOnce, async (resourceId) => {
      if (isOver(deps, deadline)) return;
      await despite(resourceId, async () => {
        const pruned = await pruneResource(deps, resourceId, standing);
        summary.rebased += pruned.rebased;
        summary.blobsRemoved += pruned.blobsRemoved;
      });
    });
  await prune(touched);
  const inPart = part === undefined ? {} : { part };
  let cursor = from;
  for (let entries = 0; cursor !== THROUGH && entries < entriesMax; ) {
    if (isOver(deps, deadline)) break;
    const page = await pageFrom(cursor, (request) =>
      deps.catalog.dueGarbage({ ...request, ...inPart, before }),
    );
    const fresh = new Set(page.items.map(({ resourceId }) => resourceId).filter((id) => !touched.has(id)));
    await prune(fresh);
    // What was not come to is come to by the next sweep, which goes on here.
    if (isOver(deps, deadline)) break;
    for (const resourceId of fresh) touched.add(resourceId);
    entries += page.items.length;
    cursor = page.cursor ?? THROUGH;
  }
  return cursor;
}

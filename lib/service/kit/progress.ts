// How far a piece of periodic work has come that one run does not end: kept from one run, and one process, to the next.

import { LIMITS } from '../../core/records/limits.ts';
import type { Catalog } from '../../ports/catalog.ts';
import { PortError } from '../../ports/errors.ts';
import type { Page, PageRequest } from '../../ports/pages.ts';

const COLLECTION = 'progress';

export interface Progress<Body> {
  /** Empty where nothing has been kept. */
  body: Partial<Body>;
  /** Where another run has kept something since, that stands. Throws PortError. */
  keep(body: Partial<Body>): Promise<void>;
}

/** What was kept under a name. Throws PortError. */
export async function readProgress<Body>(
  catalog: Pick<Catalog, 'getDocument' | 'commit'>,
  id: string,
): Promise<Progress<Body>> {
  const kept = await catalog.getDocument(COLLECTION, id);
  let version = kept?.version ?? 0;
  let last = JSON.stringify(kept?.body ?? {});
  return {
    body: (kept?.body ?? {}) as Partial<Body>,
    async keep(body) {
      const text = JSON.stringify(body);
      if (text === last) return;
      const record = { collection: COLLECTION, id, body, version: version + 1 } as const;
      try {
        await catalog.commit([{ kind: 'document.put', record, expect: version }]);
      } catch (error) {
        if (!(error instanceof PortError && error.code === 'conflict')) throw error;
      }
      version += 1;
      last = text;
    },
  };
}

/** A page from a place that was kept; from the beginning, where the list does not know it any more. Throws PortError. */
export async function pageFrom<T>(
  cursor: string | undefined,
  read: (page: PageRequest) => Promise<Page<T>>,
  limit: number = LIMITS.listPageMax,
): Promise<Page<T>> {
  if (cursor === undefined) return read({ limit });
  try {
    return await read({ limit, cursor });
  } catch (error) {
    if (!(error instanceof PortError && error.code === 'not_found')) throw error;
    return read({ limit });
  }
}

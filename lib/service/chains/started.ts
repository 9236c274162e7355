// Stores from which what leads to a state is being fetched before its record is there to say so: where each call takes its time on a
// network, that is one less in a row.

import { isDeepStrictEqual } from 'node:util';
import { keyContextOf } from '../../core/blob/key-context.ts';
import type { Way } from '../../core/records/model.ts';
import { around } from '../../decorators/around.ts';
import type { Deps } from '../contract/deps.ts';

/**
 * Begins to fetch the blobs and the key of a way, if they are small enough to be held. Whoever then reads with what is given gets each of
 * them as it was fetched, once; nothing else is changed by it, also where the way turns out to be another.
 */
export function startReading(deps: Deps, resourceId: string, way: Way): Deps {
  const { blobs, keyring, options } = deps;
  if (way.bytes > options.syncBytesMax) return deps;
  const context = keyContextOf({ resourceId, chainId: way.chainId });
  const fetched = new Map(way.blobIds.map((blobId) => [blobId, unheard(blobs.get(blobId))]));
  let opened = way.key && unheard(keyring.open(way.key, context));
  return {
    ...deps,
    blobs: around(blobs, ({ method, args }, run) => {
      const [blobId] = args as [string];
      const found = method === 'get' ? fetched.get(blobId) : undefined;
      if (found === undefined) return run();
      fetched.delete(blobId);
      return found;
    }),
    keyring: around(keyring, ({ method, args }, run) => {
      const found = method === 'open' && isDeepStrictEqual(args, [way.key, context]) ? opened : undefined;
      if (found === undefined) return run();
      opened = undefined;
      return found;
    }),
  };
}

/** Nobody may come to ask; then nobody hears of its failure. */
function unheard<T>(work: Promise<T>): Promise<T> {
  work.catch(() => undefined);
  return work;
}

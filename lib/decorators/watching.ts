// Tells of every commit of a catalog once it stands, and changes nothing else.

import type { Catalog } from '../ports/catalog.ts';
import type { Change } from '../ports/change.ts';
import { around } from './around.ts';

/**
 * The catalog, whose commits are told to `committed`, which must not throw. One whose outcome is not known is not told of: it may
 * not stand.
 */
export function watchingCommits<C extends Pick<Catalog, 'commit'>>(
  catalog: C,
  committed: (changes: readonly Change[]) => void,
): C {
  return around(catalog, ({ method, args }, run) => {
    if (method !== 'commit') return run();
    return (run() as Promise<void>).then(() => committed(args[0] as Change[]));
  });
}

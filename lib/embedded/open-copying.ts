// The second copy, opened where its settings say.

import type { Logger } from '../log.ts';
import type { Random } from '../ports/random.ts';
import type { CopyTo, EmbeddedConfig } from './config.ts';
import { createCopyFolder } from './copy/copy-folder.ts';
import type { CopyOf, CopyPlace } from './copy/copy-place.ts';
import { type CopyDeps, type Copying, createCopying } from './copy/copying.ts';
import { createTrailStore } from './trail/trail-store.ts';

/** What keeps the second copy, where the settings name a place for it. Throws what its place throws. */
export async function openCopying(
  { dataDir, copyTo }: Pick<EmbeddedConfig, 'dataDir' | 'copyTo'>,
  log: Logger,
  {
    storeId,
    random,
    ...deps
  }: { storeId: string; random: Random } & Pick<CopyDeps, 'keyring' | 'clock' | 'isStopping'>,
): Promise<Copying | undefined> {
  if (copyTo === undefined) return undefined;
  const place = await placeOf(copyTo, { dataDir, storeId, random });
  return createCopying({ ...deps, dataDir, place, trail: createTrailStore(dataDir), log });
}

async function placeOf(copyTo: CopyTo, of: CopyOf): Promise<CopyPlace> {
  if ('folder' in copyTo) return createCopyFolder(copyTo.folder, of);
  // Whoever has no bucket does not wait for the SDK.
  const { createCopyBucket } = await import('./copy/bucket/copy-bucket.ts');
  return createCopyBucket({ ...of, ...copyTo });
}

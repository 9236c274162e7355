import { createTrailStore } from '../../lib/embedded/trail/trail-store.ts';
import { createMemoryTrailStore } from '../../lib/memory/trail-store.ts';
import { createDataDirs } from './data-dirs.ts';
import { trailStoreSuite } from './trail-store.suite.ts';

trailStoreSuite('memory', async () => ({ store: createMemoryTrailStore() }));

trailStoreSuite('embedded', async () => {
  const dataDirs = createDataDirs();
  return { store: createTrailStore(dataDirs.make()), close: async () => dataDirs.removeAll() };
});

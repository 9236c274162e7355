// The adapter that docs/adding-an-adapter.md makes passes. test/e2e/slow/adding-an-adapter.test.ts does all that the page says.

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';
import type { BlobStore } from '../../lib/ports/blob-store.ts';
import { blobStoreSuite } from './index.ts';
import { writePage } from './page-blocks.ts';

const folder = writePage();
afterAll(() => rmSync(folder, { recursive: true }));

blobStoreSuite('map', async () => {
  const page = (await import(join(folder, 'map-store.ts'))) as { createMapStore(): BlobStore };
  return { store: page.createMapStore() };
});

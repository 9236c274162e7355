// A process that owns a data folder and writes to it until it is killed: started by the tests, told the folder.
// Prints the id of each backup and blob once it has been acknowledged, one a line.

import { randomBytes } from 'node:crypto';
import { openBlobStore } from '../../lib/embedded/blobs/blob-store.ts';
import { createCatalog } from '../../lib/embedded/catalog/catalog.ts';
import { openDatabase } from '../../lib/embedded/catalog/database.ts';
import { backup, inserted } from './samples.ts';

const WRITERS = 8;

async function main(dataDir: string): Promise<void> {
  const catalog = createCatalog(openDatabase(dataDir));
  const store = openBlobStore(dataDir);

  async function writeForever(): Promise<never> {
    for (;;) {
      const id = await catalog.allocateId('backup');
      const blobId = randomBytes(16).toString('hex');
      const { sha256 } = await store.put(blobId, [randomBytes(2000)]);
      await catalog.commit([inserted(backup({ id, resourceId: id }))]);
      process.stdout.write(`${id} ${blobId} ${sha256}\n`);
    }
  }

  await Promise.all(Array.from({ length: WRITERS }, writeForever));
}

main(process.argv[2]!).catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 1;
});

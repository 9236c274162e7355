// The embedded home passes every suite.

import { join } from 'node:path';
import { afterAll } from '@jest/globals';
import type { AuditEvent } from '../../lib/core/records/model.ts';
import { openBlobStore } from '../../lib/embedded/blobs/blob-store.ts';
import { openLayoutStore } from '../../lib/embedded/blobs/layout-store.ts';
import { createCatalog } from '../../lib/embedded/catalog/catalog.ts';
import { openDatabase } from '../../lib/embedded/catalog/database.ts';
import { createQueue } from '../../lib/embedded/catalog/queue.ts';
import { openKeyring } from '../../lib/embedded/keys/keyring.ts';
import { createEventSink } from '../../lib/embedded/trail/event-sink.ts';
import { createScratch } from '../../lib/embedded/transfers/scratch.ts';
import { createTransferStore } from '../../lib/embedded/transfers/transfers.ts';
import { createManualClock } from '../../lib/memory/clock.ts';
import { systemRandom } from '../../lib/random.ts';
import { blobStoreSuite } from './blob-store.suite.ts';
import { catalogSuite } from './catalog.suite.ts';
import { createDataDirs } from './data-dirs.ts';
import { eventSinkSuite } from './event-sink.suite.ts';
import { keyringSuite } from './keyring.suite.ts';
import { layoutStoreSuite } from './layout-store.suite.ts';
import { queueSuite } from './queue.suite.ts';
import { scratchSuite } from './scratch.suite.ts';
import { transferStoreSuite } from './transfer-store.suite.ts';

const dataDirs = createDataDirs();
afterAll(dataDirs.removeAll);

blobStoreSuite('embedded', async () => ({ store: openBlobStore(dataDirs.make()) }));
layoutStoreSuite('embedded', () => {
  const dataDir = dataDirs.make();
  return { blobs: openBlobStore(dataDir), layouts: openLayoutStore(dataDir) };
});
catalogSuite('embedded', async () => {
  const database = openDatabase(join(dataDirs.make(), 'made', 'on', 'the', 'way'));
  return { catalog: createCatalog(database), close: async () => database.close() };
});
keyringSuite('embedded', async () => ({
  keyring: openKeyring({ dataDir: dataDirs.make(), mayCreate: true, random: systemRandom }),
}));
scratchSuite('embedded', () => ({ scratch: createScratch(dataDirs.make(), systemRandom) }));
queueSuite('embedded', async () => {
  const database = openDatabase(dataDirs.make());
  const clock = createManualClock();
  return {
    queue: createQueue(database, clock, systemRandom),
    advance: clock.advance,
    close: async () => database.close(),
  };
});
eventSinkSuite('embedded', async () => {
  const lines: string[] = [];
  const sink = createEventSink((line) => {
    lines.push(line);
  });
  return { sink, arrived: async () => lines.map((line) => JSON.parse(line) as AuditEvent) };
});
transferStoreSuite('embedded', async () => {
  const dataDir = dataDirs.make();
  const clock = createManualClock();
  const keyring = openKeyring({ dataDir, mayCreate: true, random: systemRandom });
  return {
    transfers: createTransferStore(dataDir, clock, await keyring, systemRandom),
    now: clock.now,
    advance: clock.advance,
  };
});

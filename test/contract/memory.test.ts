// The memory home passes every suite.

import { createMemoryBlobStore } from '../../lib/memory/blob-store.ts';
import { createMemoryCatalog } from '../../lib/memory/catalog.ts';
import { createManualClock } from '../../lib/memory/clock.ts';
import { createMemoryEventSink } from '../../lib/memory/event-sink.ts';
import { createMemoryKeyring } from '../../lib/memory/keyring.ts';
import { createMemoryLayouts } from '../../lib/memory/layouts.ts';
import { createMemoryQueue } from '../../lib/memory/queue.ts';
import { createMemoryScratch } from '../../lib/memory/scratch.ts';
import { createMemoryTransferStore } from '../../lib/memory/transfers.ts';
import { blobStoreSuite } from './blob-store.suite.ts';
import { catalogSuite } from './catalog.suite.ts';
import { eventSinkSuite } from './event-sink.suite.ts';
import { keyringSuite } from './keyring.suite.ts';
import { layoutStoreSuite } from './layout-store.suite.ts';
import { queueSuite } from './queue.suite.ts';
import { scratchSuite } from './scratch.suite.ts';
import { transferStoreSuite } from './transfer-store.suite.ts';

blobStoreSuite('memory', async () => ({ store: createMemoryBlobStore(createManualClock()) }));
layoutStoreSuite('memory', () => createMemoryLayouts(createMemoryBlobStore(createManualClock())));
catalogSuite('memory', async () => ({ catalog: createMemoryCatalog() }));
keyringSuite('memory', async () => ({ keyring: createMemoryKeyring() }));
scratchSuite('memory', () => ({ scratch: createMemoryScratch() }));
queueSuite('memory', async () => {
  const clock = createManualClock();
  return { queue: createMemoryQueue(clock), advance: clock.advance };
});
eventSinkSuite('memory', async () => {
  const sink = createMemoryEventSink();
  return { sink, arrived: async () => sink.events() };
});
transferStoreSuite('memory', () => {
  const clock = createManualClock();
  const transfers = createMemoryTransferStore(clock);
  return {
    transfers,
    put: ({ url }, body) => transfers.put(url, body),
    get: (url) => transfers.fetch(url)!,
    now: clock.now,
    advance: clock.advance,
  };
});

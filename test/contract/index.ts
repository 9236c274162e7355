// The contract of every port, as suites that anybody can run over an adapter of their own, with jest:
// docs/adding-an-adapter.md shows how. Each is called with a name and a function that makes an empty adapter; what an adapter
// does not have to do is read from the adapter itself.

export { type BlobStoreHarness, blobStoreSuite } from './blob-store.suite.ts';
export { type CatalogHarness, catalogSuite } from './catalog.suite.ts';
export { type ClockHarness, clockSuite } from './clock.suite.ts';
export { type EventSinkHarness, eventSinkSuite } from './event-sink.suite.ts';
export type { Closing, Make } from './harness.ts';
export { type KeyringHarness, keyringSuite } from './keyring.suite.ts';
export { type LayoutStoreHarness, layoutStoreSuite } from './layout-store.suite.ts';
export { type QueueHarness, queueSuite } from './queue.suite.ts';
export { type RandomHarness, randomSuite } from './random.suite.ts';
export { type ScratchHarness, scratchSuite } from './scratch.suite.ts';
export { type TextWorkHarness, textWorkSuite } from './text-work.suite.ts';
export { type TokenRegistryHarness, tokenRegistrySuite } from './token-registry.suite.ts';
export { type TrailStoreHarness, trailStoreSuite } from './trail-store.suite.ts';
export { type TransferStoreHarness, transferStoreSuite } from './transfer-store.suite.ts';
export { type UpkeepRecordsHarness, upkeepRecordsSuite } from './upkeep-records.suite.ts';

// What every use case is given: the ports, and what this deployment permits.

import type { Scratch } from '../../core/bytes/packed.ts';
import type { Kernel } from '../../core/json/kernel/kernel.ts';
import type { ChannelKind } from '../../core/records/channel.ts';
import type { MemoryBounds } from '../../core/records/limits.ts';
import type { Notice, Waiting } from '../../core/records/model.ts';
import type { RestoreRates } from '../../core/records/restore-cost.ts';
import type { TaskStatus } from '../../core/records/upkeep.ts';
import type { Logger } from '../../log.ts';
import type { BlobCopy } from '../../ports/blob-copy.ts';
import type { BlobStore } from '../../ports/blob-store.ts';
import type { Catalog } from '../../ports/catalog.ts';
import type { Clock } from '../../ports/clock.ts';
import type { EventSink } from '../../ports/event-sink.ts';
import type { Keyring } from '../../ports/keyring.ts';
import type { Queue } from '../../ports/queue.ts';
import type { Random } from '../../ports/random.ts';
import type { Sources } from '../../ports/source.ts';
import type { Sweepers } from '../../ports/sweepers.ts';
import type { TextWork } from '../../ports/text-work.ts';
import type { TokenRegistry } from '../../ports/tokens.ts';
import type { TransferStore } from '../../ports/transfer-store.ts';
import type {
  ClockWatch,
  Gate,
  KeptBases,
  LateOperations,
  Layouts,
  Readers,
  RunBell,
  Trust,
} from './parts.ts';

export interface ServiceOptions {
  /** Whether `"encrypt": false` is taken. */
  allowUnencrypted: boolean;
  /** Between a removal being marked and its bytes being swept. */
  graceMs: number;
  /** How long expiry waits where the clock or a sweep looks wrong; 0 for not at all. */
  expiryHoldMs: number;
  /** How long events stay in the catalog, once they are in the trail; 0: for ever. */
  auditMs: number;
  /** The largest state that an upload may hold. */
  uploadBytesMax: number;
  /** A larger state is restored in the background, asked for or not. */
  syncBytesMax: number;
  /** A larger state is not verified in a call. */
  verifyBytesMax: number;
  /** Whether who writes blobs may delete them too: the blob of an attempt that was lost is removed at once then. */
  writersDelete: boolean;
  /** Resources that a sweep works on at once; without it as many as suit one machine. */
  resourcesAtOnce?: number;
  /** How much of one state may stand in memory. */
  memory: MemoryBounds;
}

export interface Deps {
  blobs: BlobStore;
  catalog: Catalog;
  keyring: Keyring;
  queue: Queue;
  events: EventSink;
  transfers: TransferStore;
  clock: Clock;
  random: Random;
  clockWatch: ClockWatch;
  log: Logger;
  options: ServiceOptions;
  /** What restores take in this home, for plans. */
  rates: RestoreRates;
  /** Lets one writer at a time build on a resource within this process; the catalog's conditions decide between processes. */
  gate: Gate;
  /** Asked before anything is built on what is stored, or removed from it. */
  trust: Trust;
  /** What the home itself can tell of a catalog that has lost commits, as a sentence, without a look at the blobs. */
  proofOfRollback?: () => Promise<string | undefined>;
  /** What texts are read with in this thread. */
  kernel: Kernel;
  /** The work on whole texts, wherever the home has it done. */
  texts: TextWork;
  /** Where the catalog's commits can send jobs, so that both stand or neither: tells the workers of this process that one has. */
  jobsInCommits?: { tell(): void };
  /** What requests wait for that could not be written down: a full disk does not take that either. By id. */
  waits?: Map<string, Waiting>;
  /** For states that do not fit into memory; without it they have to. */
  scratch?: Scratch;
  /** What the home itself sees and nobody has to write down, for the health check. */
  conditions?: () => Notice[];
  /** Of a home whose process goes on: restores are answered even when nothing can be written. */
  late?: LateOperations;
  /** Where a damaged blob can be had again. */
  copy?: BlobCopy;
  /** Spares a home whose process goes on from loading what it has just written. */
  bases?: KeptBases;
  /** Spares a home whose process goes on from rebuilding a state for each page that is looked at. */
  looks?: KeptBases;
  /** Of a home that reads from anywhere in a blob: spares it from opening a large state for the first look. */
  layouts?: Layouts;
  /** Bounds what readers make the process hold; without it nothing does. */
  readers?: Readers;
  /** How the periodic work of this home goes. */
  upkeep?: { list(): Promise<TaskStatus[]> };
  /** Ways in which this home can tell somebody; without it every way is taken. */
  channelKinds?: readonly ChannelKind[];
  /** Where sources are read; elsewhere they are only known. */
  sources?: Sources;
  /** Tells the workers of this process that a run waits. */
  runs?: RunBell;
  /** Of a home that keeps named tokens of its own. */
  tokens?: TokenRegistry;
  /** Where others can sweep beside this process. */
  sweepers?: Sweepers;
  /** Whether the process is to end: what is done in steps ends after the one it is at. */
  isStopping?: () => boolean;
}

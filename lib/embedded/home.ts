// The embedded home: one process that owns a folder, with everything the service needs inside.

import { setTimeout as wait } from 'node:timers/promises';
import type { BlobHeader } from '../core/blob/header.ts';
import { HASH_SEED_BYTES } from '../core/bytes/content-hash.ts';
import type { Scratch } from '../core/bytes/packed.ts';
import { createKernel, type Kernel } from '../core/json/kernel/kernel.ts';
import { LIMITS, MEMORY_BOUNDS } from '../core/records/limits.ts';
import type { TaskName } from '../core/records/upkeep.ts';
import { metered } from '../decorators/metered.ts';
import { watchingCommits } from '../decorators/watching.ts';
import type { Logger } from '../log.ts';
import { createHttpSender } from '../notify/http.ts';
import { createMailSender } from '../notify/mail.ts';
import { createNotifier } from '../notify/notifier.ts';
import type { Clock } from '../ports/clock.ts';
import { PortError } from '../ports/errors.ts';
import { type Meter, toEach } from '../ports/meter.ts';
import type { Queue } from '../ports/queue.ts';
import type { Random } from '../ports/random.ts';
import { inThisThread } from '../ports/text-work.ts';
import type { TokenRegistry } from '../ports/tokens.ts';
import { systemRandom } from '../random.ts';
import { createKeptBases } from '../service/chains/bases.ts';
import { createReaders } from '../service/chains/readers.ts';
import type { BackupService, UploadReceiver } from '../service/contract/api.ts';
import type { Deps } from '../service/contract/deps.ts';
import type { TrustFault } from '../service/contract/parts.ts';
import { createClockWatch, recallClock } from '../service/kit/clock-watch.ts';
import { tellOfCommit } from '../service/kit/commit-figures.ts';
import { createGate } from '../service/kit/gate.ts';
import { createTrust, writtenProof } from '../service/kit/trust.ts';
import { fanningOut } from '../service/notifications/fan-out.ts';
import { createSender } from '../service/notifications/sender.ts';
import { createLateOperations, ifWritable } from '../service/restores/late-operations.ts';
import { failAbandoned } from '../service/restores/operations.ts';
import { reopenRuns } from '../service/schedules/queue.ts';
import { createRunBell } from '../service/schedules/worker.ts';
import { createService } from '../service/service.ts';
import { rememberHealth } from '../service/upkeep/health.ts';
import { createUpkeep } from '../service/upkeep/runner.ts';
import { reopenRequests } from '../service/uploads/request-run.ts';
import { receiveUpload } from '../service/uploads/upload.ts';
import { VERSION } from '../version.ts';
import { openBlobStore } from './blobs/blob-store.ts';
import { hasBlobs } from './blobs/blob-survey.ts';
import { createCatalog } from './catalog/catalog.ts';
import { createCatalogProof } from './catalog/catalog-proof.ts';
import { type Database, openDatabase } from './catalog/database.ts';
import { demandingHeads, distrusting } from './catalog/distrusting.ts';
import { createQueue } from './catalog/queue.ts';
import { createUpkeepRecords } from './catalog/upkeep.ts';
import { createSystemClock } from './clock.ts';
import type { EmbeddedConfig } from './config.ts';
import { watchDisk } from './disk/disk-watch.ts';
import { createRoom, type Room } from './disk/room.ts';
import { demandRightKey } from './keys/key-proof.ts';
import { openKeyring } from './keys/keyring.ts';
import type { Exposition } from './metrics/exposition.ts';
import { createMetrics } from './metrics/metrics.ts';
import { openCopying } from './open-copying.ts';
import { openLayouts } from './open-layouts.ts';
import { every, type Repeated } from './process/every.ts';
import { createFigures } from './process/figures.ts';
import { createTextWorkers } from './process/text-workers.ts';
import { RATES } from './rates.ts';
import { openSecrets } from './secrets.ts';
import { openSources } from './sources.ts';
import { demandBlobs, demandCatalog, demandOnlyFirst, withWayOut } from './start/start-checks.ts';
import { type Look, lookAtStore } from './start/start-look.ts';
import { tellOfAge, tellOfMissing, tellOfUnnamed } from './start/start-news.ts';
import { openTokens } from './tokens/registry.ts';
import { createEventSink, withoutRepeats } from './trail/event-sink.ts';
import { createTrail, type Trail } from './trail/trail.ts';
import { createTrailStore } from './trail/trail-store.ts';
import { createScratch } from './transfers/scratch.ts';
import { createTransferStore } from './transfers/transfers.ts';
import { type EmbeddedTask, type EmbeddedTasks, embeddedTasks } from './upkeep.ts';

export interface HomeConfig extends EmbeddedConfig {
  /** The program of the threads that work on large texts; without it they are worked on in this one. */
  textWorker?: URL;
  /** For tests that move the time; otherwise the machine's. */
  clock?: Clock;
  /** For tests that make one run twice; otherwise the machine's. */
  random?: Random;
  /** Called when a reader has to wait because others hold too much. */
  onFull?: () => void;
  /** For tests that say themselves when what is done: nothing is done by a timer. */
  isDriven?: boolean;
}

export interface Home {
  service: BackupService;
  /** Takes what is PUT to the URLs that the service gives out. */
  uploads: UploadReceiver;
  tokens: TokenRegistry;
  scratch: Scratch;
  kernel: Kernel;
  /** Is told of requests. */
  meter: Meter;
  /** What this process has counted, and how each resource stands, for Prometheus. Throws PortError from the catalog. */
  readMetrics(): Promise<Exposition>;
  /** Does a piece of periodic work now, beside its timer. Throws what it throws. */
  run(name: TaskName): Promise<void>;
  /** No further background work begins, and what runs ends after the step that it is at. */
  stop(): void;
  /** Ends background work, without waiting long for it, and frees the folder. */
  close(): Promise<void>;
}

/** What is done on a folder that can only be read. */
const READS_ONLY: TaskName = 'catalog';
const NOT_LOOKED: Look = { isSound: false, unnamed: [] };

/** How long an answer to the health check is given again. */
const HEALTH_KEPT_MS = 1000;
/** Background work that is not over by then is left where it stands, as by a crash: every step of it is whole. */
const BACKGROUND_ENDS_MS = 3000;
/** What the second copy lacks by then it gets after the next start. */
const COPY_ENDS_MS = 3000;

/** Opens the data folder. Throws PortError if another process owns it, or its key is missing or open to others. */
export async function openHome(config: HomeConfig, log: Logger): Promise<Home> {
  const { dataDir, random = systemRandom } = config;
  try {
    demandCatalog(dataDir);
    const room = createRoom(dataDir);
    if (room.isReadOnly) log.error('the data folder can only be read: nothing new is taken', { dataDir });
    const { isSound, unnamed } = room.isReadOnly ? NOT_LOOKED : await lookAtStore(dataDir, random);
    const database = openDatabase(dataDir, room, isSound, random);
    try {
      if (isNew(database)) await demandOnlyFirst(dataDir);
      else tellOfMissing(demandBlobs(database, dataDir), log);
      return await compose(config, log, { database, room, unnamed });
    } catch (error) {
      database.close();
      throw error;
    }
  } catch (error) {
    throw await withWayOut(error, dataDir);
  }
}

interface Opening {
  database: Database;
  room: Room;
  /** What blobs say that the catalog does not name. */
  unnamed: readonly BlobHeader[];
}

async function compose(config: HomeConfig, log: Logger, { database, room, unnamed }: Opening): Promise<Home> {
  const { dataDir, allowUnencrypted, graceMs, expiryHoldMs, auditMs } = config;
  const { clock = createSystemClock(), random = systemRandom } = config;
  const queue = distrusting(createQueue(database, clock, random), database);
  const scratch = createScratch(dataDir, random, room);
  const kernel = createKernel({ isWanted: config.isKernelWanted, seed: random.bytes(HASH_SEED_BYTES) });
  const texts = config.textWorker === undefined ? undefined : createTextWorkers(config.textWorker, kernel);
  let kickWorker = (): void => {};
  let kickSender = (): void => {};
  let kickRuns = (): void => {};
  const own = [
    dataDir,
    ...(config.copyTo !== undefined && 'folder' in config.copyTo ? [config.copyTo.folder] : []),
  ];
  const secrets = openSecrets(config.secrets, own);
  let stopping = false;
  const mayCreate = isNew(database) && !hasBlobs(dataDir);
  const keyring = await openKeyring({ dataDir, mayCreate, random });
  await demandRightKey(database, keyring);
  const transfers = createTransferStore(dataDir, clock, keyring, random, room);
  const catalog = distrusting(demandingHeads(createCatalog(database, room, unnamed), database), database);
  const tokens = openTokens(dataDir, clock, random, log);
  const figures = createFigures();
  const metrics = createMetrics();
  const meter = toEach(figures, metrics.meter);
  const told = watchingCommits(catalog, (changes) => {
    tellOfCommit(meter, changes);
    metrics.committed(changes);
  });
  const measured = <Port extends object>(name: string, port: Port): Port =>
    metered(port, name, { meter, clock });
  const storeId = storeIdOf(database);
  const copying = await openCopying(config, log, {
    ...{ keyring, clock, random, storeId },
    isStopping: () => stopping,
  });
  const blobs = openBlobStore(dataDir, clock.now, room);
  const disk = watchDisk(dataDir, clock, log);
  const deps: Deps = {
    tokens,
    blobs: measured('blobs', copying?.watched(blobs) ?? blobs),
    ...(copying === undefined ? {} : { copy: copying }),
    catalog: measured('catalog', told),
    keyring: measured('keyring', keyring),
    queue: measured(
      'queue',
      tellingOfJobs(queue, () => kickWorker()),
    ),
    events: fanningOut(
      { catalog: told, clock, log },
      withoutRepeats(createEventSink((line) => log.info('audit', { event: JSON.parse(line) }))),
      () => kickSender(),
    ),
    channelKinds: ['webhook', 'slack', 'teams', 'discord', 'ping', 'mail'],
    ...(config.sources === undefined ? {} : { sources: openSources({ ...config.sources, secrets }, own) }),
    runs: createRunBell(() => kickRuns()),
    clock,
    random,
    clockWatch: createClockWatch(clock),
    log,
    transfers: measured('transfers', transfers),
    options: {
      allowUnencrypted,
      graceMs,
      expiryHoldMs,
      auditMs,
      uploadBytesMax: config.bodyBytesMax,
      syncBytesMax: Number.POSITIVE_INFINITY,
      verifyBytesMax: Number.POSITIVE_INFINITY,
      memory: MEMORY_BOUNDS,
      writersDelete: true,
    },
    rates: RATES,
    gate: createGate(),
    jobsInCommits: { tell: () => kickWorker() },
    waits: new Map(),
    texts: texts ?? inThisThread(kernel),
    kernel,
    trust: createTrust(log, clock, { look: () => faultOf(database), written: () => writtenProof(catalog) }),
    scratch,
    late: createLateOperations(),
    conditions: () => [...disk.notices(), ...(copying?.notices() ?? [])],
    bases: createKeptBases(LIMITS.keptBasesBytesMax),
    looks: createKeptBases(LIMITS.keptLooksBytesMax),
    readers: createReaders({
      bytesMax: LIMITS.readersBytesMax,
      small: { bytesMax: LIMITS.smallReadersBytesMax, eachBytesMax: LIMITS.smallReadBytesMax },
      waitMs: LIMITS.readerWaitMs,
      ...(config.onFull === undefined ? {} : { onFull: config.onFull }),
    }),
    isStopping: () => stopping,
  };
  // What an earlier process has proven still stands.
  await learnTrust(deps);
  tellOfUnnamed(unnamed, log);
  // Whatever was under way when the last process died is over: nobody else can be working in this folder.
  const interrupted = await ifWritable(
    deps,
    'what was interrupted',
    () => failAbandoned(deps, { interrupted: true }),
    0,
  );
  if (interrupted > 0) log.warn('operations were interrupted', { count: interrupted });
  await ifWritable<unknown>(deps, 'requests that were under way', () => reopenRequests(deps), 0);
  await ifWritable<unknown>(deps, 'runs that were under way', () => reopenRuns(deps), 0);

  await recallClock(deps);
  tellOfAge(database, clock, log);
  const trail = room.isReadOnly
    ? undefined
    : openTrail(database, log, { dataDir, keyring, clock, random, storeId });
  if (trail !== undefined) await ifWritable<unknown>(deps, 'the mark of the trail', () => trail.settle(), 0);
  const proof = createCatalogProof(database, log, () => stopping);
  const sender = createSender({
    ...{ catalog: told, clock, random, log, meter },
    notifier: createNotifier({
      http: createHttpSender({
        privateHosts: config.notifyPrivate ? 'any' : [],
        userAgent: `backup-restore-service/${VERSION}`,
        now: clock.now,
      }),
      mail: createMailSender({ allowsPrivate: config.notifyPrivate }),
    }),
    secrets,
    ...{ backoffMs: config.notifyBackoffMs, timeoutMs: config.notifyTimeoutMs },
    isStopping: () => stopping,
  });
  const tasks = embeddedTasks(deps, {
    config,
    database,
    room,
    trail,
    proof,
    queue,
    transfers,
    tokens,
    figures,
    sender,
    copying,
  });
  const upkeep = createUpkeep({ clock, log, meter, records: createUpkeepRecords(database) }, tasks);
  deps.upkeep = upkeep;
  const isBegun = (name: string, everyMs: number): boolean =>
    config.isDriven !== true && everyMs > 0 && (!room.isReadOnly || name === READS_ONLY);
  const running = new Map<TaskName, Repeated>();
  for (const [name, { everyMs, firstMs }] of Object.entries(tasks) as [
    EmbeddedTask,
    EmbeddedTasks[EmbeddedTask],
  ][]) {
    if (isBegun(name, everyMs))
      running.set(
        name,
        every(name, everyMs, log, () => upkeep.run(name), firstMs),
      );
  }
  kickWorker = () => running.get('jobs')?.kick();
  kickSender = () => running.get('notify')?.kick();
  kickRuns = () => running.get('runs')?.kick();
  const layouts = openLayouts(deps, config, room, log);
  const service = createService(deps);
  return {
    service: { ...service, checkHealth: rememberHealth(service.checkHealth, HEALTH_KEPT_MS, clock) },
    uploads: { receive: (uploadId, body) => receiveUpload(deps, uploadId, body) },
    tokens,
    scratch,
    kernel,
    meter: metrics.meter,
    readMetrics: metrics.from({
      ...{ catalog, clock, upkeep, queue, version: VERSION },
      resourcesMax: config.metricsResourcesMax,
    }),
    async run(name) {
      await upkeep.run(name);
    },
    stop() {
      stopping = true;
      for (const { stop } of running.values()) void stop();
      void layouts?.stop();
    },
    async close() {
      stopping = true;
      const ended = Promise.all(
        [...running.values(), ...(layouts ? [layouts] : [])].map(({ stop }) => stop()),
      );
      await Promise.race([
        Promise.all([ended, sender.idle()]),
        wait(BACKGROUND_ENDS_MS, undefined, { ref: false }),
      ]);
      await texts?.close();
      await upkeep.run('figures');
      // What is not in the trail by now is in the catalog, and comes into the trail after the next start.
      await trail?.write().catch((error: unknown) => log.error('trail failed', { error }));
      await copying?.runLast(COPY_ENDS_MS).catch((error: unknown) => log.error('copy failed', { error }));
      database.close();
    },
  };
}

/** A damaged row says enough by itself: then nothing is written any more, and reading goes on. */
async function learnTrust({ trust, log }: Deps): Promise<void> {
  try {
    await trust.learn();
  } catch (error) {
    if (!(error instanceof PortError && error.code === 'integrity')) throw error;
    log.error('whether a rollback was proven cannot be read', { error });
  }
}

function openTrail(
  database: Database,
  log: Logger,
  { dataDir, ...deps }: { dataDir: string; storeId: string } & Pick<Deps, 'keyring' | 'clock' | 'random'>,
): Trail {
  return createTrail(database, { store: createTrailStore(dataDir), ...deps }, log);
}

function faultOf(database: Database): TrustFault | undefined {
  const fault = database.fault();
  return fault && { code: fault.reason ?? fault.code, detail: `${fault.message}.` };
}

/** A key may only be made where nothing has been sealed with an earlier one. */
function isNew(database: Database): boolean {
  return database.statement('SELECT 1 FROM head LIMIT 1').get() === undefined;
}

function tellingOfJobs(queue: Queue, tell: () => void): Queue {
  return {
    ...queue,
    async send(job, delayMs) {
      await queue.send(job, delayMs);
      tell();
    },
  };
}

function storeIdOf(database: Database): string {
  return database.statement<{ id: string }>('SELECT id FROM store').get()!.id;
}

// The AWS home: what every function is composed of, and what only some of them are given. A function that is not given
// a part does not bundle the client behind it, and fails loudly if it asks for it.

import { tmpdir } from 'node:os';
import type { S3Client } from '@aws-sdk/client-s3';
import { HASH_SEED_BYTES } from '../core/bytes/content-hash.ts';
import type { Scratch } from '../core/bytes/packed.ts';
import { createKernel } from '../core/json/kernel/kernel.ts';
import { MEMORY_BOUNDS } from '../core/records/limits.ts';
import { statusOf } from '../core/records/upkeep.ts';
import { metered } from '../decorators/metered.ts';
import { readOnlyBlobStore, readOnlyKeyring } from '../decorators/read-only.ts';
import { selecting } from '../decorators/selecting.ts';
import { watchingCommits } from '../decorators/watching.ts';
import type { Logger } from '../log.ts';
import { createLogger } from '../log.ts';
import type { Clock } from '../ports/clock.ts';
import { PortError } from '../ports/errors.ts';
import type { EventSink } from '../ports/event-sink.ts';
import type { Meter } from '../ports/meter.ts';
import type { Queue } from '../ports/queue.ts';
import type { Sources } from '../ports/source.ts';
import type { Sweepers } from '../ports/sweepers.ts';
import { inThisThread } from '../ports/text-work.ts';
import type { TrailSource } from '../ports/trail.ts';
import { keepingInEvents } from '../ports/trail-lines.ts';
import type { TransferStore } from '../ports/transfer-store.ts';
import type { UpkeepRecords } from '../ports/upkeep.ts';
import { systemRandom } from '../random.ts';
import { createScratchFiles } from '../scratch.ts';
import type { Deps } from '../service/contract/deps.ts';
import { createClockWatch } from '../service/kit/clock-watch.ts';
import { tellOfCommit } from '../service/kit/commit-figures.ts';
import { countingErrors, countingKeyErrors } from '../service/kit/counted-errors.ts';
import { createGate } from '../service/kit/gate.ts';
import { createTrailTrust } from '../service/trail/trust.ts';
import type { EventTrailDeps } from '../service/trail/write.ts';
import { createBlobStore } from './blobs/blob-store.ts';
import { createTrailStore, storeIdOf } from './blobs/trail-store.ts';
import { createTransfers } from './blobs/transfers.ts';
import {
  createDynamoDbClient,
  createEventBridgeClient,
  createKmsClient,
  createS3Client,
  createSqsClient,
} from './calls/clients.ts';
import { onDemand } from './calls/on-demand.ts';
import { signedByEnvironment } from './calls/signed-by-environment.ts';
import { createCatalog } from './catalog/catalog.ts';
import { createTableClient } from './catalog/table-client.ts';
import { createUpkeepRecords } from './catalog/upkeep.ts';
import { createSystemClock } from './clock.ts';
import { type AwsConfig, readConfig } from './config.ts';
import { createKeyring } from './keys/keyring.ts';
import { createEmfMeter } from './messages/emf.ts';
import { createEventSink } from './messages/event-sink.ts';
import { createQueue } from './messages/queue.ts';
import { createSweepers } from './messages/sweepers.ts';
import { AWS_BOUNDS } from './names/bounds.ts';
import { awsPlans } from './names/upkeep.ts';
import { ratesOf } from './rates.ts';

/** Makes a part from the function's settings. */
type Part<T> = (config: AwsConfig, clock: Clock, s3: S3Client) => T;

export interface Parts {
  queue?: Part<Queue>;
  events?: Part<EventSink>;
  transfers?: Part<TransferStore>;
  /** For states that do not fit into memory. */
  scratch?: Part<Scratch>;
  sources?: Part<Sources>;
  /** Whether it works on much at once: what it reads is asked for together then. */
  isGathering?: boolean;
  /** Others of the function that sweep beside it. */
  sweepers?: Part<Sweepers>;
  /** Its role can store no blob and make no key: what tries to is refused here, also where no roles are looked at. */
  storesNothing?: boolean;
}

export interface Home {
  config: AwsConfig;
  log: Logger;
  meter: Meter;
  deps: Deps;
  /** How the periodic work went. */
  records: UpkeepRecords;
  /** What the trail is written from, and the client that writes it. */
  source: TrailSource;
  s3: S3Client;
}

/** Composes a function from its environment. Throws, at its start, if a setting is missing. */
export function openHome(env: Record<string, string | undefined>, parts: Parts): Home {
  const config = readConfig(env);
  const write = (line: string): void => void process.stdout.write(`${line}\n`);
  const clock = createSystemClock();
  const meter = createEmfMeter(write, config.metricsNamespace, clock);
  const log = countingErrors(createLogger(write), meter);
  const random = systemRandom;
  const kernel = createKernel({ isWanted: config.isKernelWanted, seed: random.bytes(HASH_SEED_BYTES) });
  const {
    allowUnencrypted,
    graceMs,
    expiryHoldMs,
    auditMs,
    bucket,
    table: tableName,
    keyArn,
    formerKeyArns,
  } = config;
  const { uploadBytesMax, bodyBytesMax, deltaStateBytesMax, verifyBytesMax } = AWS_BOUNDS;
  const s3 = createS3Client();
  const dynamoDb = createDynamoDbClient();
  const { isGathering = false } = parts;
  const catalog = keepingInEvents(createCatalog({ dynamoDb, tableName, clock, random, isGathering }));
  const records = createUpkeepRecords(createTableClient(dynamoDb, tableName));
  const keyring = metered(createKeyring({ kms: createKmsClient(), keyArn, formerKeyArns }), 'keyring', {
    meter: countingKeyErrors(meter),
    clock,
  });
  const { objectLock } = config;
  const blobs = createBlobStore({
    ...{ s3, bucket },
    ...(objectLock === undefined ? {} : { lock: { ...objectLock, clock } }),
  });
  const held = {
    store: createTrailStore({ s3, bucket }),
    storeId: storeIdOf(bucket),
    keyring,
    source: catalog,
  };
  const deps: Deps = {
    blobs: parts.storesNothing ? readOnlyBlobStore(blobs) : blobs,
    catalog: watchingCommits(catalog, (changes) => tellOfCommit(meter, changes)),
    keyring: parts.storesNothing ? readOnlyKeyring(keyring) : keyring,
    queue: parts.queue?.(config, clock, s3) ?? absent('queue'),
    events: parts.events?.(config, clock, s3) ?? absent('event sink'),
    transfers: parts.transfers?.(config, clock, s3) ?? absent('transfer store'),
    ...(parts.sources === undefined ? {} : { sources: parts.sources(config, clock, s3) }),
    ...(parts.sweepers === undefined ? {} : { sweepers: parts.sweepers(config, clock, s3) }),
    clock,
    random,
    clockWatch: createClockWatch(clock),
    log,
    options: {
      allowUnencrypted,
      graceMs,
      expiryHoldMs,
      auditMs,
      uploadBytesMax,
      syncBytesMax: bodyBytesMax,
      verifyBytesMax,
      memory: { ...MEMORY_BOUNDS, deltaStateBytesMax },
      writersDelete: false,
      resourcesAtOnce: AWS_BOUNDS.resourcesAtOnce,
    },
    channelKinds: ['webhook', 'slack', 'teams', 'discord', 'ping', 'sns'],
    rates: ratesOf(config.tableCapacity),
    gate: createGate(),
    kernel,
    texts: inThisThread(kernel),
    ...(parts.scratch === undefined ? {} : { scratch: parts.scratch(config, clock, s3) }),
    ...createTrailTrust(log, { ...held, catalog, clock, everyMs: AWS_BOUNDS.trustMs }),
  };
  const plans = awsPlans(config.retentionEveryMinutes);
  deps.upkeep = { list: async () => statusOf(plans, await records.list(), () => false) };
  return { config, log, meter, deps, records, source: catalog, s3 };
}

/** What writes the trail of a home, beside its blobs. */
export function trailOf({ config, deps, log, source, s3 }: Home): EventTrailDeps {
  const { bucket } = config;
  const { keyring, clock, random } = deps;
  return {
    store: createTrailStore({ s3, bucket }),
    storeId: storeIdOf(bucket),
    keyring,
    clock,
    random,
    source,
    log,
  };
}

/** Only uploads and asynchronous restores queue anything. */
export const sqsQueue: Part<Queue> = ({ queueUrl, deadLetterQueueUrl }) =>
  onDemand<Queue>(['send', 'receive', 'ack', 'retry', 'deadLetters'], () =>
    createQueue({ sqs: createSqsClient(), queueUrl, deadLetterQueueUrl }),
  );

/** The same function, by the name that its environment tells it. */
export const ownSweepers =
  (env: Record<string, string | undefined>): Part<Sweepers> =>
  ({ sweepersMax }) =>
    createSweepers({
      ...signedByEnvironment(env),
      functionName: env.AWS_LAMBDA_FUNCTION_NAME ?? '',
      most: sweepersMax,
    });

/** What is not for the bus makes no call. */
export const eventBridgeSink: Part<EventSink> = ({ eventBus, goesToBus }) =>
  selecting(
    onDemand<EventSink>(['publish'], () =>
      createEventSink({ eventBridge: createEventBridgeClient(), busName: eventBus }),
    ),
    ({ action }) => goesToBus(action),
  );

export const s3Transfers: Part<TransferStore> = ({ stagingBucket }, clock, s3) =>
  createTransfers({
    s3,
    bucket: stagingBucket,
    clock,
    // Composed as the environment starts, which is when it gets them.
    credentialsEndAt: clock.now() + AWS_BOUNDS.credentialsMs,
  });

/** The one folder that a function may write in: its own, and gone with its environment. */
export const temporaryScratch: Part<Scratch> = () =>
  createScratchFiles({
    folder: tmpdir(),
    random: systemRandom,
    failure: (error, message) => new PortError('unavailable', message, { cause: error }),
  });

function absent<T extends object>(what: string): T {
  return new Proxy({} as T, {
    get() {
      throw new Error(`this function has no ${what}`);
    },
  });
}

// The service over the AWS adapters, without its functions: for tests that count calls, or that need another clock.

import { createBlobStore } from '../../lib/aws/blobs/blob-store.ts';
import { createTrailStore, storeIdOf } from '../../lib/aws/blobs/trail-store.ts';
import { createTransfers } from '../../lib/aws/blobs/transfers.ts';
import { createCatalog } from '../../lib/aws/catalog/catalog.ts';
import { createKeyring } from '../../lib/aws/keys/keyring.ts';
import { createEventSink } from '../../lib/aws/messages/event-sink.ts';
import { createQueue } from '../../lib/aws/messages/queue.ts';
import { AWS_BOUNDS } from '../../lib/aws/names/bounds.ts';
import { ratesOf } from '../../lib/aws/rates.ts';
import { MEMORY_BOUNDS } from '../../lib/core/records/limits.ts';
import { silentLogger } from '../../lib/log.ts';
import type { Clock } from '../../lib/ports/clock.ts';
import { inThisThread } from '../../lib/ports/text-work.ts';
import { keepingInEvents } from '../../lib/ports/trail-lines.ts';
import { systemRandom } from '../../lib/random.ts';
import type { BackupService } from '../../lib/service/contract/api.ts';
import type { Deps } from '../../lib/service/contract/deps.ts';
import { createClockWatch } from '../../lib/service/kit/clock-watch.ts';
import { createGate } from '../../lib/service/kit/gate.ts';
import { createService } from '../../lib/service/service.ts';
import { createTrailTrust } from '../../lib/service/trail/trust.ts';
import { KERNEL } from '../core/kernels.ts';
import type { Clients } from './resources.ts';

const DAY_MS = 86_400_000;
const SMALL_BYTES = 5_000_000;

export interface Place {
  bucket: string;
  tableName: string;
  keyArn: string;
  busName: string;
  queueUrl: string;
  deadLetterQueueUrl: string;
}

export function composeService(clients: Clients, clock: Clock, place: Place): BackupService {
  return createService(composeDeps(clients, clock, place));
}

export function composeDeps(clients: Clients, clock: Clock, place: Place, isGathering = false): Deps {
  const { s3, dynamoDb, kms, sqs, eventBridge } = clients;
  const { bucket, tableName, keyArn, busName, ...queue } = place;
  const catalog = keepingInEvents(
    createCatalog({ dynamoDb, tableName, clock, random: systemRandom, isGathering }),
  );
  const keyring = createKeyring({ kms, keyArn });
  const trail = {
    store: createTrailStore({ s3, bucket }),
    storeId: storeIdOf(bucket),
    keyring,
    source: catalog,
  };
  return {
    blobs: createBlobStore({ s3, bucket }),
    catalog,
    keyring,
    queue: createQueue({ sqs, ...queue }),
    events: createEventSink({ eventBridge, busName }),
    transfers: createTransfers({ s3, bucket, clock }),
    clock,
    random: systemRandom,
    clockWatch: createClockWatch(clock),
    log: silentLogger,
    options: {
      allowUnencrypted: false,
      graceMs: DAY_MS,
      expiryHoldMs: DAY_MS,
      auditMs: 0,
      uploadBytesMax: SMALL_BYTES,
      syncBytesMax: SMALL_BYTES,
      verifyBytesMax: Number.POSITIVE_INFINITY,
      memory: MEMORY_BOUNDS,
      writersDelete: false,
      resourcesAtOnce: AWS_BOUNDS.resourcesAtOnce,
    },
    rates: ratesOf('on-demand'),
    gate: createGate(),
    kernel: KERNEL,
    texts: inThisThread(KERNEL),
    ...createTrailTrust(silentLogger, { ...trail, catalog, clock, everyMs: AWS_BOUNDS.trustMs }),
  };
}

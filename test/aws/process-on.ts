// A process of its own on a bucket, a table and a key, as a function is.

import { createBlobStore } from '../../lib/aws/blobs/blob-store.ts';
import { createTrailStore, storeIdOf } from '../../lib/aws/blobs/trail-store.ts';
import { createCatalog } from '../../lib/aws/catalog/catalog.ts';
import { createKeyring } from '../../lib/aws/keys/keyring.ts';
import { silentLogger } from '../../lib/log.ts';
import type { createManualClock } from '../../lib/memory/clock.ts';
import { keepingInEvents } from '../../lib/ports/trail-lines.ts';
import { systemRandom } from '../../lib/random.ts';
import type { Deps } from '../../lib/service/contract/deps.ts';
import { createService } from '../../lib/service/service.ts';
import { createTrailTrust } from '../../lib/service/trail/trust.ts';
import { writeEvents } from '../../lib/service/trail/write.ts';
import { createWorld, inputOf } from '../service/world.ts';
import type { Clients } from './resources.ts';

const CALLER = { actor: 'tester' };
const TRUST_MS = 60_000;

export interface Stores {
  bucket: string;
  tableName: string;
  keyArn: string;
}

export function processOn(
  { s3, dynamoDb, kms }: Pick<Clients, 's3' | 'dynamoDb' | 'kms'>,
  { bucket, tableName, keyArn }: Stores,
  clock: ReturnType<typeof createManualClock>,
) {
  const catalog = keepingInEvents(createCatalog({ dynamoDb, tableName, clock, random: systemRandom }));
  const keyring = createKeyring({ kms, keyArn });
  const store = createTrailStore({ s3, bucket });
  const trail = { store, storeId: storeIdOf(bucket), keyring, clock, random: systemRandom };
  const deps: Deps = {
    ...createWorld().deps,
    ...{ blobs: createBlobStore({ s3, bucket }), catalog, keyring, clock },
    ...createTrailTrust(silentLogger, { ...trail, source: catalog, catalog, everyMs: TRUST_MS }),
  };
  const service = createService(deps);
  return {
    deps,
    catalog,
    service,
    async writeTrail(): Promise<void> {
      // Its index comes a moment later.
      for (let events = 0; events === 0; ) {
        ({ events } = await writeEvents({ ...trail, source: catalog, log: silentLogger }));
      }
    },
    create: (n: number) => service.createBackup(inputOf('r', `{"n":${n}}`), CALLER),
  };
}

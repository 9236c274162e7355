// What keeps bytes passes its suites, on S3.

import { afterAll } from '@jest/globals';
import { createBlobStore } from '../../../lib/aws/blobs/blob-store.ts';
import { createTrailStore } from '../../../lib/aws/blobs/trail-store.ts';
import { createTransfers } from '../../../lib/aws/blobs/transfers.ts';
import { createSystemClock } from '../../../lib/aws/clock.ts';
import { blobStoreSuite } from '../../contract/blob-store.suite.ts';
import { trailStoreSuite } from '../../contract/trail-store.suite.ts';
import { transferStoreSuite } from '../../contract/transfer-store.suite.ts';
import { createClients, destroyClients, makeBucket } from '../resources.ts';

const clients = createClients();
const { s3 } = clients;
const clock = createSystemClock();
afterAll(() => destroyClients(clients));

blobStoreSuite('AWS', async () => ({ store: createBlobStore({ s3, bucket: await makeBucket(s3) }) }));

trailStoreSuite('AWS', async () => ({
  store: createTrailStore({ s3, bucket: await makeBucket(s3) }),
}));

transferStoreSuite('AWS', async () => ({
  transfers: createTransfers({ s3, bucket: await makeBucket(s3), clock }),
  async put({ url, headers = {} }, body) {
    const answer = await fetch(url, { method: 'PUT', body: Buffer.from(body), headers });
    await answer.arrayBuffer();
    if (!answer.ok) throw new Error(`the PUT was answered with ${answer.status}`);
  },
  get: async (url) => new Uint8Array(await (await fetch(url)).arrayBuffer()),
  now: clock.now,
}));

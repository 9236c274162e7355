// The AWS home passes every suite, on an emulator.

import { afterAll } from '@jest/globals';
import { createBlobStore } from '../../lib/aws/blobs/blob-store.ts';
import { createTrailStore } from '../../lib/aws/blobs/trail-store.ts';
import { createTransfers } from '../../lib/aws/blobs/transfers.ts';
import { createCatalog } from '../../lib/aws/catalog/catalog.ts';
import { createTableClient } from '../../lib/aws/catalog/table-client.ts';
import { createUpkeepRecords } from '../../lib/aws/catalog/upkeep.ts';
import { createSystemClock } from '../../lib/aws/clock.ts';
import { createKeyring } from '../../lib/aws/keys/keyring.ts';
import { createEventSink } from '../../lib/aws/messages/event-sink.ts';
import { createQueue } from '../../lib/aws/messages/queue.ts';
import { systemRandom } from '../../lib/random.ts';
import { blobStoreSuite } from '../contract/blob-store.suite.ts';
import { catalogSuite } from '../contract/catalog.suite.ts';
import { eventSinkSuite } from '../contract/event-sink.suite.ts';
import { keyringSuite } from '../contract/keyring.suite.ts';
import { queueSuite } from '../contract/queue.suite.ts';
import { trailStoreSuite } from '../contract/trail-store.suite.ts';
import { transferStoreSuite } from '../contract/transfer-store.suite.ts';
import { upkeepRecordsSuite } from '../contract/upkeep-records.suite.ts';
import { refuseForgedCiphertexts } from './authentic-kms.ts';
import { listenToBus } from './bus-listener.ts';
import { capabilities } from './capabilities.ts';
import {
  createClients,
  destroyClients,
  makeBucket,
  makeBus,
  makeKey,
  makeQueue,
  makeTable,
  removeTable,
} from './resources.ts';

const clients = createClients();
const { s3, dynamoDb, kms, sqs, eventBridge } = clients;
if (!capabilities().refusesForgedCiphertexts) refuseForgedCiphertexts(kms);
afterAll(() => destroyClients(clients));

const clock = createSystemClock();

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

catalogSuite('AWS', async () => {
  const tableName = await makeTable(dynamoDb);
  return {
    catalog: createCatalog({ random: systemRandom, dynamoDb, tableName, clock }),
    close: () => removeTable(dynamoDb, tableName),
  };
});

upkeepRecordsSuite('AWS', async () => {
  const tableName = await makeTable(dynamoDb);
  return {
    records: createUpkeepRecords(createTableClient(dynamoDb, tableName)),
    close: () => removeTable(dynamoDb, tableName),
  };
});

keyringSuite('AWS', async () => ({ keyring: createKeyring({ kms, keyArn: await makeKey(kms) }) }));

queueSuite('AWS', async () => ({ queue: createQueue({ sqs, ...(await makeQueue(sqs)) }) }));

eventSinkSuite('AWS', async () => {
  const busName = await makeBus(eventBridge);
  const listener = await listenToBus(clients, busName);
  const sink = createEventSink({ eventBridge, busName });
  let published = 0;
  return {
    sink: {
      async publish(events) {
        published += events.length;
        await sink.publish(events);
      },
    },
    arrived: () => listener.take(published),
  };
});

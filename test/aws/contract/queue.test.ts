// The queue passes its suite, on SQS.

import { afterAll } from '@jest/globals';
import { createQueue } from '../../../lib/aws/messages/queue.ts';
import { queueSuite } from '../../contract/queue.suite.ts';
import { createClients, destroyClients, makeQueue } from '../resources.ts';

const clients = createClients();
const { sqs } = clients;
afterAll(() => destroyClients(clients));

queueSuite('AWS', async () => ({ queue: createQueue({ sqs, ...(await makeQueue(sqs)) }) }));

// What publishes events passes its suite, on EventBridge.

import { afterAll } from '@jest/globals';
import { createEventSink } from '../../../lib/aws/messages/event-sink.ts';
import { eventSinkSuite } from '../../contract/event-sink.suite.ts';
import { listenToBus } from '../bus-listener.ts';
import { createClients, destroyClients, makeBus } from '../resources.ts';

const clients = createClients();
const { eventBridge } = clients;
afterAll(() => destroyClients(clients));

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

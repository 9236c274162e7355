import { expect, test } from '@jest/globals';
import { selecting } from '../../lib/decorators/selecting.ts';
import { createMemoryEventSink } from '../../lib/memory/event-sink.ts';
import { event } from '../contract/samples.ts';

test('what is wanted goes on in its order; where nothing is, nobody is called', async () => {
  const sink = createMemoryEventSink();
  let calls = 0;
  const heard = selecting(
    {
      publish: (events) => {
        calls += 1;
        return sink.publish(events);
      },
    },
    ({ action }) => action !== 'backup.created',
  );
  const [made, gone, late] = [
    event({ id: 'a', action: 'backup.created' }),
    event({ id: 'b', action: 'backup.deleted' }),
    event({ id: 'c', action: 'backup.late' }),
  ];
  await heard.publish([made, gone, late]);
  await heard.publish([made]);
  await heard.publish([]);
  expect(sink.events().map(({ id }) => id)).toEqual(['b', 'c']);
  expect(calls).toBe(1);
});

test('what the sink throws is thrown', async () => {
  const down = {
    publish: async () => {
      throw new Error('the bus is down');
    },
  };
  await expect(selecting(down, () => true).publish([event()])).rejects.toThrow('the bus is down');
});

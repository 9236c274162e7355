// The function that reads sources: called by its schedule it decides and then works; called by the API it answers.

import { expect, test } from '@jest/globals';
import { createScheduleHandler } from '../../lib/aws/schedule-tasks.ts';

function scene() {
  const told: string[] = [];
  const handler = createScheduleHandler(
    {
      async run(name, budgetMs) {
        told.push(`${name} ${budgetMs}`);
        return name === 'schedules' ? { queued: 1 } : { runs: 1 };
      },
    },
    async () => {
      told.push('api');
      return { statusCode: 200, body: '' };
    },
  );
  const context = { getRemainingTimeInMillis: () => 900_000 };
  return { told, call: (event: unknown) => handler(event as never, context) };
}

test('a look decides first, and then what is queued is worked on, with time left to say how it ended', async () => {
  const { told, call } = scene();
  expect(await call({ task: 'schedules' })).toEqual({ queued: 1, runs: 1 });
  expect(told).toEqual(['schedules 840000', 'runs 840000']);
});

test('another task is none of its own', async () => {
  const { told, call } = scene();
  await expect(call({ task: 'sweep' })).rejects.toThrow('sweep');
  expect(told).toEqual([]);
});

test('a call of the API is answered', async () => {
  const { told, call } = scene();
  await call({ httpMethod: 'POST', path: '/sources/shop/check' });
  expect(told).toEqual(['api']);
});

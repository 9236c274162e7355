// How often the function of the trail runs it: for its schedule once, for the table's stream until what that tells of is found.

import { expect, jest, test } from '@jest/globals';
import type { DynamoDBRecord } from 'aws-lambda';
import { createTrailHandler } from '../../lib/aws/trail-tasks.ts';
import type { Upkeep } from '../../lib/service/upkeep/runner.ts';

const context = { getRemainingTimeInMillis: () => 120_000 };
const kick = (count: number) => ({ Records: Array.from({ length: count }, (): DynamoDBRecord => ({})) });

/** Each run finds the next of these numbers of events. */
function handlerFinding(...found: number[]) {
  const run = jest.fn<Upkeep['run']>(async () => ({ segments: 1, events: found.shift()!, relayed: 0 }));
  const wait = jest.fn(async () => {});
  return { run, wait, handler: createTrailHandler({ run }, wait) };
}

test('the schedule runs it once, with its time but what the last segment needs', async () => {
  const { run, wait, handler } = handlerFinding(0);
  expect(await handler({ task: 'trail' }, context)).toMatchObject({ events: 0 });
  expect(run.mock.calls).toEqual([['trail', 90_000]]);
  expect(wait).not.toHaveBeenCalled();
});

test('a kick runs it once, if as many events were found as it tells of, or more', async () => {
  for (const found of [2, 5]) {
    const { run, handler } = handlerFinding(found);
    await handler(kick(2), context);
    expect(run).toHaveBeenCalledTimes(1);
  }
});

test('a kick that comes before the index shows its event looks once more, and no third time', async () => {
  const { run, wait, handler } = handlerFinding(1, 0);
  expect(await handler(kick(2), context)).toMatchObject({ events: 0 });
  expect(run).toHaveBeenCalledTimes(2);
  expect(wait.mock.calls).toEqual([[500]]);
});

test('what a run throws the stream and the alarms hear of', async () => {
  const { run, handler } = handlerFinding();
  run.mockRejectedValue(new Error('the bus does not take events'));
  await expect(handler(kick(1), context)).rejects.toThrow('the bus');
  expect(run).toHaveBeenCalledTimes(1);
});

import { expect, test } from '@jest/globals';
import { type BatchDeps, workBatch } from '../../lib/aws/catalog/batch.ts';
import { jobText } from '../../lib/aws/messages/job-text.ts';
import { silentLogger } from '../../lib/log.ts';
import { PortError } from '../../lib/ports/errors.ts';
import type { Job } from '../../lib/ports/queue.ts';

const RESTORE: Job = { kind: 'restore', id: 'restore-1' };
const BACKUP: Job = { kind: 'backup', id: 'backup-1' };

const message = (messageId: string, body: string, attempt = 1) => ({
  messageId,
  body,
  receiptHandle: `receipt of ${messageId}`,
  attributes: { ApproximateReceiveCount: String(attempt) },
});

const DONE = { is: 'done' } as const;
const AGAIN = { is: 'again', delayMs: 8000 } as const;
const passing = async () => {};

function harness(run: BatchDeps['run'], retry: () => Promise<void> = passing, send = passing) {
  const retries: [string, number][] = [];
  const sent: [Job, number | undefined][] = [];
  const deps: BatchDeps = {
    run,
    log: silentLogger,
    queue: {
      send: async (job, delayMs) => {
        sent.push([job, delayMs]);
        await send();
      },
      retry: async (receipt, delayMs) => {
        retries.push([receipt, delayMs]);
        await retry();
      },
    },
  };
  return { deps, retries, sent };
}

test('runs every job; what succeeds is not named again', async () => {
  const ran: Job[] = [];
  const { deps, retries } = harness(async (job) => {
    ran.push(job);
    return DONE;
  });
  const answer = await workBatch(deps, [message('a', jobText(RESTORE)), message('b', jobText(BACKUP))]);
  expect(answer).toEqual({ batchItemFailures: [] });
  expect(ran).toEqual([RESTORE, BACKUP]);
  expect(retries).toEqual([]);
});

test('one that fails goes back alone, as much later as is said', async () => {
  const attempts: number[] = [];
  const { deps, retries } = harness(async (job, attempt) => {
    attempts.push(attempt);
    return job.kind === 'restore' ? AGAIN : DONE;
  });
  const answer = await workBatch(deps, [message('a', jobText(RESTORE), 3), message('b', jobText(BACKUP))]);
  expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: 'a' }] });
  expect(retries).toEqual([['receipt of a', 8000]]);
  expect(attempts).toEqual([3, 1]);
});

test('what waits for something to pass begins anew as another message, so that it never ends in the dead letters', async () => {
  const anew = async () => ({ is: 'anew', delayMs: 20_000 }) as const;
  const { deps, retries, sent } = harness(anew);
  expect(await workBatch(deps, [message('a', jobText(BACKUP), 5)])).toEqual({ batchItemFailures: [] });
  expect([retries, sent]).toEqual([[], [[BACKUP, 20_000]]]);
  const refusing = async () => {
    throw new PortError('unavailable', 'the queue does not answer');
  };
  const failing = harness(anew, passing, refusing);
  expect(await workBatch(failing.deps, [message('a', jobText(BACKUP), 5)])).toEqual({
    batchItemFailures: [{ itemIdentifier: 'a' }],
  });
});

test('what has failed for good goes to the dead letters, where somebody looks', async () => {
  const { deps, retries, sent } = harness(async () => ({ is: 'dead' }));
  expect(await workBatch(deps, [message('a', jobText(BACKUP), 5)])).toEqual({
    batchItemFailures: [{ itemIdentifier: 'a' }],
  });
  expect([retries, sent]).toEqual([[['receipt of a', 0]], []]);
});

test.each(['', 'no json', '[]', '{"kind":"restore"}', '{"kind":"delete","id":"b"}'])(
  'what is no job is never run and never dropped, so that it ends in the dead letters: %j',
  async (body) => {
    const { deps, retries } = harness(async () => {
      throw new Error('must not be run');
    });
    const answer = await workBatch(deps, [message('poison', body)]);
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: 'poison' }] });
    expect(retries).toEqual([['receipt of poison', 0]]);
  },
);

test('a queue that cannot be told to wait changes nothing about the answer', async () => {
  const { deps } = harness(
    async () => AGAIN,
    async () => {
      throw new PortError('unavailable', 'the queue does not answer');
    },
  );
  expect(await workBatch(deps, [message('a', jobText(RESTORE))])).toEqual({
    batchItemFailures: [{ itemIdentifier: 'a' }],
  });
});

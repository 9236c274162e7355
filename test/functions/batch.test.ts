import { expect, test } from '@jest/globals';
import { type BatchDeps, workBatch } from '../../lib/aws/batch.ts';
import { jobText } from '../../lib/aws/job-text.ts';
import { silentLogger } from '../../lib/log.ts';
import { type Job, PortError } from '../../lib/ports.ts';

const RESTORE: Job = { kind: 'restore', id: 'restore-1' };
const BACKUP: Job = { kind: 'backup', id: 'backup-1' };

const message = (messageId: string, body: string, attempt = 1) => ({
  messageId,
  body,
  receiptHandle: `receipt of ${messageId}`,
  attributes: { ApproximateReceiveCount: String(attempt) },
});

function harness(run: BatchDeps['run'], retry: () => Promise<void> = async () => {}) {
  const retries: [string, number][] = [];
  const deps: BatchDeps = {
    run,
    log: silentLogger,
    queue: {
      retry: async (receipt, delayMs) => {
        retries.push([receipt, delayMs]);
        await retry();
      },
    },
  };
  return { deps, retries };
}

test('runs every job; what succeeds is not named again', async () => {
  const ran: Job[] = [];
  const { deps, retries } = harness(async (job) => {
    ran.push(job);
  });
  const answer = await workBatch(deps, [message('a', jobText(RESTORE)), message('b', jobText(BACKUP))]);
  expect(answer).toEqual({ batchItemFailures: [] });
  expect(ran).toEqual([RESTORE, BACKUP]);
  expect(retries).toEqual([]);
});

test('one that fails goes back alone, later each time', async () => {
  const { deps, retries } = harness(async (job) => {
    if (job.kind === 'restore') throw new PortError('unavailable', 'the store does not answer');
  });
  const answer = await workBatch(deps, [message('a', jobText(RESTORE), 3), message('b', jobText(BACKUP))]);
  expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: 'a' }] });
  expect(retries).toEqual([['receipt of a', 8000]]);
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
    async () => {
      throw new Error('broken');
    },
    async () => {
      throw new PortError('unavailable', 'the queue does not answer');
    },
  );
  expect(await workBatch(deps, [message('a', jobText(RESTORE))])).toEqual({
    batchItemFailures: [{ itemIdentifier: 'a' }],
  });
});

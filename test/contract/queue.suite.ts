// What every queue must do, as in lib/ports/queue.ts.

import { beforeEach, describe, expect, test } from '@jest/globals';
import { LIMITS } from '../../lib/core/records/limits.ts';
import type { Delivery, Job, Queue } from '../../lib/ports/queue.ts';
import { type Closing, forEachTest, type Make, testWhere } from './harness.ts';
import { ODD_STRINGS } from './samples.ts';

export interface QueueHarness extends Closing {
  /** Empty. */
  queue: Queue;
  /** Lets so many milliseconds pass for the queue. Left out where nobody can; then nothing that takes time is tested. */
  advance?(ms: number): void;
}

const job = (id: string): Job => ({ kind: 'restore', id });

export function queueSuite(name: string, make: Make<QueueHarness>): void {
  describe(`${name} queue`, () => {
    let queue: Queue;
    const harness = forEachTest(make);
    const suite = `${name} queue`;
    const advance = (ms: number) => harness().advance!(ms);
    const timed = testWhere({
      suite,
      harness,
      what: 'clock that can be moved',
      has: ({ advance }) => advance !== undefined,
    });
    const whereReceiptsRunOut = testWhere({
      suite,
      harness,
      what: 'receipts that run out',
      has: ({ queue }) => queue.capabilities?.receiptsRunOut === true,
    });

    beforeEach(() => {
      ({ queue } = harness());
    });

    /** So many deliveries, in as many calls as it takes: a call may give fewer than there are. */
    async function receiveMany(count: number, limit = count): Promise<Delivery[]> {
      const received: Delivery[] = [];
      for (let calls = 0; calls < 2 * count && received.length < count; calls += 1) {
        const deliveries = await queue.receive(limit);
        expect(deliveries.length).toBeLessThanOrEqual(limit);
        received.push(...deliveries);
      }
      expect(received).toHaveLength(count);
      return received;
    }

    const receiveOne = async (): Promise<Delivery> => (await receiveMany(1))[0]!;

    test('has nothing to give at first', async () => {
      expect(await queue.receive(10)).toEqual([]);
      expect(await queue.deadLetters()).toEqual([]);
    });

    test('delivers what was sent, once, as the first attempt', async () => {
      await queue.send(job('restore-1'));
      const delivery = await receiveOne();
      expect(delivery).toEqual({ job: job('restore-1'), receipt: delivery.receipt, attempt: 1 });
      expect(typeof delivery.receipt).toBe('string');
      expect(await queue.receive(10)).toEqual([]);
    });

    test('keeps any text of a job', async () => {
      for (const text of ODD_STRINGS) {
        await queue.send(job(text));
      }
      const deliveries = await receiveMany(ODD_STRINGS.length);
      expect(deliveries.map((delivery) => delivery.job.id).sort()).toEqual([...ODD_STRINGS].sort());
    });

    test('delivers the same job as often as it was sent', async () => {
      await queue.send(job('restore-1'));
      await queue.send(job('restore-1'));
      const deliveries = await receiveMany(2);
      expect(new Set(deliveries.map(({ receipt }) => receipt)).size).toBe(2);
    });

    test('gives at most as many as asked for', async () => {
      await Promise.all(['1', '2', '3', '4', '5'].map((id) => queue.send(job(id))));
      const deliveries = await receiveMany(5, 2);
      const ids = deliveries.map((delivery) => delivery.job.id);
      expect(ids.sort()).toEqual(['1', '2', '3', '4', '5']);
      expect(await queue.receive(2)).toEqual([]);
    });

    test('receivers at the same time never hold the same job', async () => {
      await Promise.all(Array.from({ length: 30 }, (_, i) => queue.send(job(`${i}`))));
      const atOnce = (await Promise.all(Array.from({ length: 15 }, () => queue.receive(4)))).flat();
      const received = [...atOnce, ...(await receiveMany(30 - atOnce.length, 4))];
      expect(new Set(received.map((delivery) => delivery.job.id)).size).toBe(30);
      expect(new Set(received.map(({ receipt }) => receipt)).size).toBe(30);
    });

    test('what is handed out or in is not shared', async () => {
      const sent = job('restore-1');
      await queue.send(sent);
      sent.id = 'changed';
      const delivery = await receiveOne();
      expect(delivery.job.id).toBe('restore-1');
      delivery.job.id = 'changed';
      await queue.retry(delivery.receipt, 0);
      expect((await receiveOne()).job.id).toBe('restore-1');
    });

    test('acking twice, or what was never delivered, is no error', async () => {
      await queue.send(job('restore-1'));
      const { receipt } = await receiveOne();
      await queue.ack(receipt);
      await queue.ack(receipt);
      await queue.ack('nobody');
      await queue.retry(receipt, 0);
      await queue.retry('nobody', 0);
      expect(await queue.receive(10)).toEqual([]);
      expect(await queue.deadLetters()).toEqual([]);
    });

    test('acks only the job of the receipt', async () => {
      await queue.send(job('1'));
      await queue.send(job('2'));
      const [first, second] = await receiveMany(2);
      await queue.ack(first!.receipt);
      await queue.retry(second!.receipt, 0);
      expect((await receiveOne()).job).toEqual(second!.job);
    });

    test('retry without delay delivers again at once, as the next attempt, under a new receipt', async () => {
      await queue.send(job('restore-1'));
      const first = await receiveOne();
      await queue.retry(first.receipt, 0);
      const second = await receiveOne();
      expect(second).toMatchObject({ job: job('restore-1'), attempt: 2 });
      expect(second.receipt).not.toBe(first.receipt);
    });

    whereReceiptsRunOut('a receipt that has run out no longer speaks for the job', async () => {
      await queue.send(job('restore-1'));
      const first = await receiveOne();
      await queue.retry(first.receipt, 0);
      const second = await receiveOne();
      await queue.ack(first.receipt);
      await queue.retry(first.receipt, 0);
      expect(await queue.receive(10)).toEqual([]);
      await queue.retry(second.receipt, 0);
      expect((await receiveOne()).attempt).toBe(3);
    });

    whereReceiptsRunOut('a receipt ends with its retry, even before the next delivery', async () => {
      await queue.send(job('restore-1'));
      const { receipt } = await receiveOne();
      await queue.retry(receipt, 0);
      await queue.ack(receipt);
      expect((await receiveOne()).attempt).toBe(2);
    });

    test('after the last attempt a retried job is a dead letter', async () => {
      await queue.send(job('restore-1'));
      await queue.send(job('restore-2'));
      for (let attempt = 1; attempt <= LIMITS.jobAttemptsMax; attempt += 1) {
        // The other job stays held from the first round on.
        const deliveries = await receiveMany(attempt === 1 ? 2 : 1);
        const failing = deliveries.find((delivery) => delivery.job.id === 'restore-1')!;
        expect(failing.attempt).toBe(attempt);
        expect(await queue.deadLetters()).toEqual([]);
        await queue.retry(failing.receipt, 0);
      }
      expect(await queue.receive(10)).toEqual([]);
      expect(await queue.deadLetters()).toEqual([job('restore-1')]);
    });

    timed('what is sent with a delay waits that long', async () => {
      await queue.send(job('later'), 5000);
      await queue.send(job('now'));
      expect((await receiveOne()).job).toEqual(job('now'));
      advance(4999);
      expect(await queue.receive(10)).toEqual([]);
      advance(1);
      expect(await receiveOne()).toMatchObject({ job: job('later'), attempt: 1 });
    });

    timed('a clock that goes back a day keeps no job for a day', async () => {
      await queue.send(job('waiting'));
      await queue.send(job('held'));
      await queue.retry(
        (await receiveMany(2)).find((delivery) => delivery.job.id === 'waiting')!.receipt,
        5000,
      );
      advance(-86_400_000);
      expect((await receiveMany(2)).map((delivery) => delivery.attempt)).toEqual([2, 2]);
    });

    timed('retry with a delay waits that long', async () => {
      await queue.send(job('restore-1'));
      await queue.retry((await receiveOne()).receipt, 5000);
      expect(await queue.receive(10)).toEqual([]);
      advance(4999);
      expect(await queue.receive(10)).toEqual([]);
      advance(1);
      expect((await receiveOne()).attempt).toBe(2);
    });

    timed(
      'a job that is neither acked nor retried comes back when its time is over, not before',
      async () => {
        await queue.send(job('restore-1'));
        const first = await receiveOne();
        advance(LIMITS.jobVisibilityMs - 1);
        expect(await queue.receive(10)).toEqual([]);
        advance(1);
        const second = await receiveOne();
        expect(second.attempt).toBe(2);
        // The first receiver wakes up late: it can neither end nor give back what is now another's.
        await queue.ack(first.receipt);
        await queue.retry(first.receipt, 0);
        expect(await queue.receive(10)).toEqual([]);
        advance(LIMITS.jobVisibilityMs);
        expect((await receiveOne()).attempt).toBe(3);
      },
    );

    timed('an acked job never comes back', async () => {
      await queue.send(job('restore-1'));
      await queue.ack((await receiveOne()).receipt);
      advance(10 * LIMITS.jobVisibilityMs);
      expect(await queue.receive(10)).toEqual([]);
    });

    timed(
      'a job whose receivers all died becomes a dead letter, and others behind it are delivered',
      async () => {
        await queue.send(job('deadly'));
        for (let attempt = 1; attempt <= LIMITS.jobAttemptsMax; attempt += 1) {
          expect((await receiveOne()).attempt).toBe(attempt);
          advance(LIMITS.jobVisibilityMs);
        }
        await queue.send(job('behind'));
        expect((await receiveOne()).job).toEqual(job('behind'));
        expect(await queue.deadLetters()).toEqual([job('deadly')]);
      },
    );
  });
}

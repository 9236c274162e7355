// Jobs in SQS. In AWS the worker is called by its queue, and only `send` is used here; the rest serves workers that
// poll. Dead letters come about by the redrive policy of the queue, after `jobAttemptsMax` (limits) deliveries.

import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { forEachAtOnce } from '../../core/at-once.ts';
import { LIMITS } from '../../core/records/limits.ts';
import { checkLimit } from '../../ports/checks.ts';
import { PortError } from '../../ports/errors.ts';
import type { Delivery, Job, Queue } from '../../ports/queue.ts';
import { call } from '../calls/call.ts';
import { awsNameOf } from '../calls/failures.ts';
import { jobText, parseJob } from './job-text.ts';

export interface QueueOptions {
  sqs: SQSClient;
  queueUrl: string;
  deadLetterQueueUrl: string;
}

const RECEIVED_AT_ONCE_MAX = 10;
/** SQS knows no longer time. */
const VISIBILITY_SECONDS_MAX = 43_200;
const DELAY_SECONDS_MAX = 900;
/** How long a look at the dead letters keeps others from them. */
const PEEK_SECONDS = 10;
const PEEKED_MAX = 1000;

/** What SQS says of a receipt that has done its work, run out, or never been one. */
const RECEIPT_IS_VOID = new Set([
  'InvalidParameterValue',
  'InvalidParameterValueException',
  'MessageNotInflight',
  'ReceiptHandleIsInvalid',
]);

/** A standard queue: order is nearly, delivery at least once. */
export function createQueue({ sqs, queueUrl, deadLetterQueueUrl }: QueueOptions): Queue {
  async function take(QueueUrl: string, limit: number, VisibilityTimeout: number): Promise<Message[]> {
    const { Messages = [] } = await call('the queue gives nothing', (options) =>
      sqs.send(
        new ReceiveMessageCommand({
          QueueUrl,
          MaxNumberOfMessages: Math.min(limit, RECEIVED_AT_ONCE_MAX),
          VisibilityTimeout,
          MessageSystemAttributeNames: ['ApproximateReceiveCount'],
        }),
        options,
      ),
    );
    return Messages;
  }

  async function hideFor(QueueUrl: string, ReceiptHandle: string, seconds: number): Promise<void> {
    const VisibilityTimeout = Math.min(seconds, VISIBILITY_SECONDS_MAX);
    await withVoidReceipts('the job cannot be given back', (options) =>
      sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout }), options),
    );
  }

  return {
    async send(job, delayMs = 0) {
      const MessageBody = jobText(job);
      const DelaySeconds = Math.min(Math.ceil(delayMs / 1000), DELAY_SECONDS_MAX);
      await call('the job cannot be queued', (options) =>
        sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody, DelaySeconds }), options),
      );
    },

    async receive(limit) {
      checkLimit(limit);
      const messages = await take(queueUrl, limit, LIMITS.jobVisibilityMs / 1000);
      // What is no job is left alone: nobody acks it, so the queue itself puts it aside in time.
      return messages.map(deliveryOf).filter((delivery) => delivery !== undefined);
    },

    async ack(receipt) {
      await withVoidReceipts('the job cannot be ended', (options) =>
        sqs.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle: receipt }), options),
      );
    },

    async retry(receipt, delayMs) {
      await hideFor(queueUrl, receipt, Math.ceil(delayMs / 1000));
    },

    async deadLetters() {
      const seen = new Map<string, Message>();
      for (let known = -1; known < seen.size && seen.size < PEEKED_MAX; ) {
        known = seen.size;
        for (const message of await take(deadLetterQueueUrl, RECEIVED_AT_ONCE_MAX, PEEK_SECONDS)) {
          seen.set(message.MessageId ?? '', message);
        }
      }
      const messages = [...seen.values()];
      await forEachAtOnce(messages, RECEIVED_AT_ONCE_MAX, (message) =>
        hideFor(deadLetterQueueUrl, message.ReceiptHandle ?? '', 0),
      );
      return messages.map(jobOf).filter((job) => job !== undefined);
    },
  };
}

function deliveryOf(message: Message): Delivery | undefined {
  const job = jobOf(message);
  if (job === undefined) return undefined;
  const attempt = Number(message.Attributes?.ApproximateReceiveCount ?? 1);
  return { job, receipt: message.ReceiptHandle ?? '', attempt };
}

function jobOf({ Body = '' }: Message): Job | undefined {
  try {
    return parseJob(Body);
  } catch (error) {
    if (error instanceof PortError) return undefined;
    throw error;
  }
}

async function withVoidReceipts(
  doing: string,
  send: (options: { abortSignal: AbortSignal }) => Promise<unknown>,
): Promise<void> {
  try {
    await call(doing, send);
  } catch (error) {
    if (!RECEIPT_IS_VOID.has(awsNameOf(error))) throw error;
  }
}

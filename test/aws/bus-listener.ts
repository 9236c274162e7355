// A queue behind a rule, to see what arrives on a bus.

import { PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
} from '@aws-sdk/client-sqs';
import { EVENT_SOURCE } from '../../lib/aws/messages/event-sink.ts';
import type { AuditEvent } from '../../lib/core/records/model.ts';
import { type Clients, newName } from './resources.ts';

export interface BusListener {
  /** The next `count` events, in whatever order they come, or fewer if no more come for a while. */
  take(count: number): Promise<AuditEvent[]>;
}

export async function listenToBus({ eventBridge, sqs }: Clients, EventBusName: string): Promise<BusListener> {
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: newName() }));
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }),
  );
  const Rule = newName();
  const EventPattern = JSON.stringify({ source: [EVENT_SOURCE] });
  await eventBridge.send(new PutRuleCommand({ Name: Rule, EventBusName, EventPattern }));
  const Targets = [{ Id: 'queue', Arn: Attributes!.QueueArn! }];
  await eventBridge.send(new PutTargetsCommand({ Rule, EventBusName, Targets }));

  return {
    async take(count) {
      const taken: AuditEvent[] = [];
      for (let silent = 0; taken.length < count && silent < 3; ) {
        const { Messages = [] } = await sqs.send(
          new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 }),
        );
        silent = Messages.length === 0 ? silent + 1 : 0;
        if (Messages.length === 0) continue;
        taken.push(...Messages.map(({ Body = '' }) => JSON.parse(Body).detail as AuditEvent));
        const Entries = Messages.map(({ ReceiptHandle }, i) => ({ Id: String(i), ReceiptHandle }));
        await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
      }
      return taken;
    },
  };
}

// The emulator is reached without TLS, on loopback. Where it enforces policies, ours refuse that, as they should; so
// they are lifted after the deployment. (That the templates have them is tested where the templates are.)

import { DeleteBucketPolicyCommand } from '@aws-sdk/client-s3';
import { SetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { createS3Client, createSqsClient } from '../../lib/aws/calls/clients.ts';
import type { StackOutputs } from './stack.ts';

/** That bootstrapping makes, under the CDK's own name for it. */
const ASSETS = 'cdk-hnb659fds-assets-000000000000-us-east-1';

/** To be called between bootstrapping and deploying. */
export async function allowPlainAssets(endpoint: string): Promise<void> {
  await createS3Client({ endpoint }).send(new DeleteBucketPolicyCommand({ Bucket: ASSETS }));
}

/** To be called after deploying. */
export async function allowPlainHttp(
  endpoint: string,
  { BucketName, StagingBucketName, QueueUrl, DeadLetterQueueUrl }: StackOutputs,
): Promise<void> {
  const s3 = createS3Client({ endpoint });
  for (const Bucket of [BucketName, StagingBucketName]) {
    await s3.send(new DeleteBucketPolicyCommand({ Bucket }));
  }
  const sqs = sayingTls(createSqsClient({ endpoint }));
  for (const url of [QueueUrl, DeadLetterQueueUrl]) {
    await sqs.send(new SetQueueAttributesCommand({ QueueUrl: url, Attributes: { Policy: '' } }));
  }
}

/** A queue's policy binds its owner too: to lift it, the request must look as if TLS had ended before the emulator. */
function sayingTls(sqs: SQSClient): SQSClient {
  sqs.middlewareStack.add(
    (next) => (args) => {
      const { headers } = args.request as { headers: Record<string, string> };
      headers['x-forwarded-proto'] = 'https';
      return next(args);
    },
    { step: 'build' },
  );
  return sqs;
}

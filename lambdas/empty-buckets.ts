// Empties the buckets of a stage that is thrown away, before CloudFormation deletes them: it deletes none that holds anything.

import type { CloudFormationCustomResourceEvent, Context } from 'aws-lambda';
import { emptyBucket } from '../lib/aws/blobs/empty-bucket.ts';
import { createS3Client } from '../lib/aws/calls/clients.ts';
import { answerStack } from '../lib/aws/calls/custom-resource.ts';
import { AWS_BOUNDS } from '../lib/aws/names/bounds.ts';
import { EMPTIED_BUCKET } from '../lib/aws/names/env.ts';
import { createLogger } from '../lib/log.ts';

const log = createLogger((line) => process.stdout.write(`${line}\n`));
const s3 = createS3Client();

export async function handler(
  event: CloudFormationCustomResourceEvent,
  context: Pick<Context, 'getRemainingTimeInMillis'>,
): Promise<void> {
  const bucket = String(event.ResourceProperties[EMPTIED_BUCKET]);
  const deadline = Date.now() + context.getRemainingTimeInMillis() - AWS_BOUNDS.retentionMarginMs;
  await answerStack(event, bucket, async () => {
    try {
      log.info('bucket emptied', { bucket, removed: await emptyBucket(s3, bucket, deadline) });
    } catch (error) {
      log.error('bucket not emptied', { bucket, error });
      throw error;
    }
  });
}

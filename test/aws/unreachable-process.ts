// Asks every part whether it is well where nobody listens, and prints how each of them fails. In a process of its own:
// the test runner's errors are not those that Node's network throws.

import { createBlobStore } from '../../lib/aws/blobs/blob-store.ts';
import { createDynamoDbClient, createKmsClient, createS3Client } from '../../lib/aws/calls/clients.ts';
import { createCatalog } from '../../lib/aws/catalog/catalog.ts';
import { createKeyring } from '../../lib/aws/keys/keyring.ts';
import { systemRandom } from '../../lib/random.ts';

const nowhere = { endpoint: 'http://127.0.0.1:1' };
const clock = { now: Date.now };
const parts = [
  createBlobStore({ s3: createS3Client(nowhere), bucket: 'none' }),
  createCatalog({ random: systemRandom, dynamoDb: createDynamoDbClient(nowhere), tableName: 'none', clock }),
  createKeyring({ kms: createKmsClient(nowhere), keyArn: 'arn:aws:kms:us-east-1:000000000000:key/none' }),
];

async function report(): Promise<void> {
  const results = await Promise.allSettled(parts.map((part) => part.check()));
  const codes = results.map((result) => (result.status === 'rejected' ? result.reason.code : 'well'));
  process.stdout.write(JSON.stringify(codes));
}

void report();

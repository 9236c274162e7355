// Refusals as AWS itself has given them, sent to our adapters over the wire. Codes, statuses and messages are those that the tests of LocalStack have
// recorded on AWS (github.com/localstack/localstack, tests/aws/services/*/*.snapshot.json, Apache 2.0); each line names its test there.

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createBlobStore } from '../../lib/aws/blobs/blob-store.ts';
import {
  createDynamoDbClient,
  createKmsClient,
  createS3Client,
  createSqsClient,
} from '../../lib/aws/calls/clients.ts';
import { createCatalog } from '../../lib/aws/catalog/catalog.ts';
import { createKeyring } from '../../lib/aws/keys/keyring.ts';
import { createQueue } from '../../lib/aws/messages/queue.ts';
import { systemRandom } from '../../lib/random.ts';
import { head, hexId, readBlob } from '../contract/samples.ts';

interface Recorded {
  status: number;
  code: string;
  message: string;
  /** Further elements of S3's, fields of the others'. */
  more?: Record<string, string>;
  /** `X-Amzn-Query-Error` of services that once spoke XML. */
  queryError?: string;
  /** An answer to HEAD, or one whose body got lost. */
  isBare?: true;
}

let server: Server;
let answer: Recorded;
let blobs: ReturnType<typeof createBlobStore>;
let catalog: ReturnType<typeof createCatalog>;
let keyring: ReturnType<typeof createKeyring>;
let queue: ReturnType<typeof createQueue>;
const ends: (() => void)[] = [];
const KEY = 'arn:aws:kms:us-east-1:111111111111:key/0c8e2a3e-6b2f-4a53-9a8e-0d1f8c4f7a11';

beforeAll(async () => {
  server = createServer((request, response) => {
    request.resume().once('end', () => {
      const { status, code, message, more = {}, queryError, isBare } = answer;
      const { 'x-amz-target': target } = request.headers;
      response.statusCode = status;
      if (queryError !== undefined) response.setHeader('x-amzn-query-error', queryError);
      if (isBare === true) return response.end();
      if (target !== undefined) {
        response.setHeader('content-type', 'application/x-amz-json-1.0');
        return response.end(JSON.stringify({ __type: code, message, ...more }));
      }
      response.setHeader('content-type', 'application/xml');
      const elements = Object.entries({ Code: code, Message: message, ...more, RequestId: 'R', HostId: 'H' });
      const inside = elements.map(([name, text]) => `<${name}>${text}</${name}>`).join('');
      return response.end(`<?xml version="1.0" encoding="UTF-8"?>\n<Error>${inside}</Error>`);
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const options = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  };
  const clients = {
    s3: createS3Client(options),
    dynamoDb: createDynamoDbClient(options),
    kms: createKmsClient(options),
    sqs: createSqsClient(options),
  };
  for (const client of Object.values(clients)) {
    // Some answers are tried again, after seconds: here the first one counts.
    client.config.maxAttempts = () => Promise.resolve(1);
    ends.push(() => client.destroy());
  }
  const { s3, dynamoDb, kms, sqs } = clients;
  blobs = createBlobStore({ s3, bucket: 'blobs' });
  catalog = createCatalog({ random: systemRandom, dynamoDb, tableName: 't', clock: { now: Date.now } });
  keyring = createKeyring({ kms, keyArn: KEY });
  const queueUrl = `${options.endpoint}/111111111111/jobs`;
  queue = createQueue({ sqs, queueUrl, deadLetterQueueUrl: `${queueUrl}-dead` });
});
afterAll(async () => {
  for (const end of ends) end();
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
});

const CALLS = {
  'a blob is read': async () => readBlob(blobs, hexId()),
  'a blob is written': () => blobs.put(hexId(), [Buffer.from('x')]),
  'a blob is set aside': () => blobs.setAside(hexId()),
  'the bucket is looked at': () => blobs.check(),
  'a record is read': () => catalog.getBackup('backup-1'),
  'a change is committed': () =>
    catalog.commit([{ kind: 'head.put', head: head({ resourceId: 'r' }), expect: 0 }]),
  'a data key is made': () => keyring.generate({ resourceId: 'r', chainId: 'c' }),
  'a data key is opened': () =>
    keyring.open(
      { keyId: KEY, keyVersion: 'kms', wrapped: Buffer.from('wrapped').toString('base64') },
      { resourceId: 'r', chainId: 'c' },
    ),
  'jobs are received': () => queue.receive(1),
};

const S3_GONE = 'The specified key does not exist.';
const UNMET = 'At least one of the pre-conditions you specified did not hold';

// [what we do, what AWS has said, what it means to us, where it was recorded]
const TABLE: [keyof typeof CALLS, Recorded, string, string][] = [
  [
    'a blob is read',
    { status: 404, code: 'NoSuchKey', message: S3_GONE, more: { Key: 'my-key' } },
    'not_found',
    'test_range_key_not_exists',
  ],
  [
    'a blob is read',
    { status: 400, code: 'KMS.DisabledException', message: `${KEY} is disabled.` },
    'denied',
    'test_s3_sse_validate_kms_key_state',
  ],
  [
    'a blob is read',
    { status: 400, code: 'KMS.KMSInvalidStateException', message: `${KEY} is pending deletion.` },
    'denied',
    'test_s3_sse_validate_kms_key_state',
  ],
  [
    'a blob is read',
    { status: 400, code: 'KMS.NotFoundException', message: `Key '${KEY}' does not exist` },
    'denied',
    'test_s3_sse_validate_kms_key',
  ],
  [
    'a blob is set aside',
    { status: 400, code: 'KMS.NotFoundException', message: `Key '${KEY}' does not exist` },
    'denied',
    'test_s3_sse_validate_kms_key',
  ],
  [
    'a blob is read',
    {
      status: 403,
      code: 'InvalidObjectState',
      message: "The operation is not valid for the object's storage class",
      more: { StorageClass: 'DEEP_ARCHIVE' },
    },
    'denied',
    'test_s3_get_deep_archive_object_restore',
  ],
  [
    'a blob is read',
    {
      status: 404,
      code: 'NoSuchBucket',
      message: 'The specified bucket does not exist',
      more: { BucketName: 'b' },
    },
    'unavailable',
    'test_get_object_no_such_bucket',
  ],
  [
    'a blob is written',
    { status: 412, code: 'PreconditionFailed', message: UNMET, more: { Condition: 'If-None-Match' } },
    'exists',
    'test_put_object_if_none_match',
  ],
  [
    'a blob is written',
    {
      status: 409,
      code: 'ConditionalRequestConflict',
      message: 'The conditional request cannot succeed due to a conflicting operation against this resource.',
      more: { Condition: 'If-None-Match', Key: 'test-precondition' },
    },
    'unavailable',
    'test_multipart_if_none_match_with_delete',
  ],
  [
    'a blob is written',
    {
      status: 400,
      code: 'BadDigest',
      message: 'The SHA256 you specified did not match the calculated checksum.',
    },
    'integrity',
    'test_put_object_checksum[SHA256]',
  ],
  [
    'a blob is written',
    {
      status: 500,
      code: 'InternalError',
      message: 'We encountered an internal error. Please try again.',
    },
    'unavailable',
    'test_create_bucket_with_tags_exc',
  ],
  [
    'the bucket is looked at',
    { status: 404, code: '404', message: 'Not Found', isBare: true },
    'unavailable',
    'test_create_bucket_head_bucket',
  ],
  [
    'the bucket is looked at',
    { status: 403, code: '403', message: 'Forbidden', isBare: true },
    'denied',
    'test_object_retrieval_sse_c',
  ],
  [
    'a record is read',
    { status: 400, code: 'ResourceNotFoundException', message: 'Requested resource not found' },
    'unavailable',
    'test_batch_write_not_existing_table',
  ],
  [
    'a change is committed',
    { status: 400, code: 'ResourceNotFoundException', message: 'Requested resource not found' },
    'unavailable',
    'test_batch_write_not_existing_table',
  ],
  [
    'a data key is made',
    { status: 400, code: 'NotFoundException', message: `Key '${KEY}' does not exist` },
    'not_found',
    'test_get_key_does_not_exist',
  ],
  [
    'a data key is made',
    { status: 400, code: 'KMSInvalidStateException', message: `${KEY} is pending import.` },
    'denied',
    'test_import_key_symmetric',
  ],
  [
    'a data key is opened',
    { status: 400, code: 'InvalidCiphertextException', message: '' },
    'integrity',
    'test_encrypt_decrypt_encryption_context',
  ],
  [
    'a data key is opened',
    {
      status: 400,
      code: 'IncorrectKeyException',
      message: 'The key ID in the request does not identify a CMK that can perform this operation.',
    },
    'integrity',
    'test_error_messaging_for_invalid_keys',
  ],
  [
    'jobs are received',
    {
      status: 400,
      code: 'com.amazonaws.sqs#QueueDoesNotExist',
      message: 'The specified queue does not exist.',
      queryError: 'AWS.SimpleQueueService.NonExistentQueue;Sender',
    },
    'unavailable',
    'test_update_standard_queue_add_properties_with_replacement',
  ],
];

describe('what AWS was recorded to say', () => {
  test.each(TABLE)('when %s: %j means %s (%s)', async (what, recorded, code) => {
    answer = recorded;
    await expect(CALLS[what]()).rejects.toMatchObject({ name: 'PortError', code });
  });

  // Not among the recorded ones, but seen on AWS: a key id within the ciphertext that leads nowhere.
  test('of a wrapped key that names no key means that it was changed', async () => {
    answer = {
      status: 400,
      code: 'AccessDeniedException',
      message:
        'The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.',
    };
    await expect(CALLS['a data key is opened']()).rejects.toMatchObject({ code: 'integrity' });
  });

  test('of rights that are amiss stays denied', async () => {
    answer = {
      status: 400,
      code: 'AccessDeniedException',
      message: 'User: arn:aws:sts::111111111111:assumed-role/x is not authorized to perform: kms:Decrypt',
    };
    await expect(CALLS['a data key is opened']()).rejects.toMatchObject({ code: 'denied' });
  });
});

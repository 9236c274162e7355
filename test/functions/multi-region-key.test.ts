// What was sealed in one region is opened in another: by the key that has the same material there, and by no other.

import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createKmsClient } from '../../lib/aws/calls/clients.ts';
import { createKeyring } from '../../lib/aws/keys/keyring.ts';

const arn = (region: string, id: string, account = '111111111111'): string =>
  `arn:aws:kms:${region}:${account}:key/${id}`;
const MRK = 'mrk-1234abcd12ab34cd56ef1234567890ab';
const HERE = arn('eu-west-1', MRK);
const CONTEXT = { resourceId: 'r', chainId: 'c' };

let server: Server;
let asked: { KeyId?: string; CiphertextBlob?: string }[] = [];
let kms: ReturnType<typeof createKmsClient>;

beforeAll(async () => {
  // As KMS answers in a region: with the ARN that the key has there, whatever region made the ciphertext.
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const call = JSON.parse(Buffer.concat(chunks).toString()) as (typeof asked)[number];
      asked.push(call);
      const Plaintext = createHash('sha256')
        .update(call.CiphertextBlob ?? '')
        .digest('base64');
      response
        .setHeader('content-type', 'application/x-amz-json-1.1')
        .end(JSON.stringify({ KeyId: call.KeyId, Plaintext }));
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  kms = createKmsClient({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
});
beforeEach(() => {
  asked = [];
});
afterAll(async () => {
  kms.destroy();
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
});

const sealedBy = (keyId: string) => ({
  keyId,
  keyVersion: 'kms',
  wrapped: Buffer.from('wrapped').toString('base64'),
});

describe('a key of several regions', () => {
  test('opens here what it has wrapped elsewhere, and is asked by the name that it has here', async () => {
    const keyring = createKeyring({ kms, keyArn: HERE });
    await expect(keyring.open(sealedBy(arn('us-east-1', MRK)), CONTEXT)).resolves.toHaveLength(32);
    expect(asked.map(({ KeyId }) => KeyId)).toEqual([HERE]);
  });

  test('among the former keys, too', async () => {
    const keyring = createKeyring({ kms, keyArn: arn('eu-west-1', 'new'), formerKeyArns: [HERE] });
    await keyring.open(sealedBy(arn('us-east-1', MRK)), CONTEXT);
    expect(asked.map(({ KeyId }) => KeyId)).toEqual([HERE]);
  });

  test.each([
    ['of another id', arn('us-east-1', 'mrk-ffffabcd12ab34cd56ef1234567890ab')],
    ['of another account', arn('us-east-1', MRK, '222222222222')],
    [
      'of one region, under a name that looks alike',
      arn('us-east-1', '1234abcd-12ab-34cd-56ef-1234567890ab'),
    ],
    ['of another partition', HERE.replace('arn:aws:', 'arn:aws-cn:')],
  ])('is not one %s: KMS is not even asked', async (_what, keyId) => {
    const keyring = createKeyring({ kms, keyArn: HERE });
    await expect(keyring.open(sealedBy(keyId), CONTEXT)).rejects.toMatchObject({ code: 'not_found' });
    expect(asked).toEqual([]);
  });

  test('a key of one region is nothing in another', async () => {
    const keyring = createKeyring({ kms, keyArn: arn('eu-west-1', 'plain') });
    await expect(keyring.open(sealedBy(arn('us-east-1', 'plain')), CONTEXT)).rejects.toMatchObject({
      code: 'not_found',
    });
  });
});

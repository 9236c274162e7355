// What the adapters make of what AWS says when it says no, or nothing.

import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DisableKeyCommand, ScheduleKeyDeletionCommand } from '@aws-sdk/client-kms';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, describe, expect, test } from '@jest/globals';
import { createBlobStore } from '../../lib/aws/blobs/blob-store.ts';
import { awsFailure } from '../../lib/aws/calls/failures.ts';
import { createCatalog } from '../../lib/aws/catalog/catalog.ts';
import { createKeyring } from '../../lib/aws/keys/keyring.ts';
import { createEventSink } from '../../lib/aws/messages/event-sink.ts';
import { createQueue } from '../../lib/aws/messages/queue.ts';
import { LIMITS } from '../../lib/core/records/limits.ts';
import { systemRandom } from '../../lib/random.ts';
import { event, hexId, readBlob } from '../contract/samples.ts';
import { lostAnswer, withAttempts } from './attempts.ts';
import { createClients, destroyClients, makeBucket, makeBus, makeKey, makeQueue } from './resources.ts';

const clients = createClients();
const { s3, kms, sqs, eventBridge } = clients;
afterAll(() => destroyClients(clients));

const CONTEXT = { resourceId: 'r', chainId: 'c' };
const MIB = 1024 * 1024;

describe('a blob whose first answer was lost', () => {
  test.each([
    ['PutObject', 1000],
    ['CompleteMultipartUpload', 17 * MIB],
  ])('is found to be ours when %s is sent again', async (command, size) => {
    const store = createBlobStore({ s3, bucket: await makeBucket(s3) });
    const blobId = hexId();
    const bytes = randomBytes(size);
    const plan = {
      after(attempt: { command: string; index: number }) {
        if (attempt.command === command && attempt.index === 0) throw lostAnswer();
      },
    };
    await withAttempts(s3, plan, () => store.put(blobId, [bytes]));
    expect((await readBlob(store, blobId)).equals(bytes)).toBe(true);
  });

  test('is not, where another has taken its place', async () => {
    const store = createBlobStore({ s3, bucket: await makeBucket(s3) });
    const blobId = hexId();
    await store.put(blobId, [randomBytes(1000)]);
    const plan = {
      before({ command, index }: { command: string; index: number }) {
        if (command === 'PutObject' && index === 0) throw lostAnswer();
      },
    };
    const second = withAttempts(s3, plan, () => store.put(blobId, [randomBytes(1000)]));
    await expect(second).rejects.toMatchObject({ code: 'exists' });
  });
});

test('a blob whose connection breaks midway is read again from there', async () => {
  const store = createBlobStore({ s3, bucket: await makeBucket(s3) });
  const blobId = hexId();
  const bytes = randomBytes(20 * MIB);
  await store.put(blobId, [bytes]);
  const failing = new Set([1, 2]);
  const plan = {
    after({ command, index }: { command: string; index: number }) {
      if (command === 'GetObject' && failing.has(index)) throw lostAnswer();
    },
  };
  const read = await withAttempts(s3, plan, () => readBlob(store, blobId));
  expect(read.equals(bytes)).toBe(true);
});

describe('a key', () => {
  test('that is disabled, or about to be deleted, is denied', async () => {
    const disabled = await makeKey(kms);
    const deleted = await makeKey(kms);
    const keyrings = [disabled, deleted].map((keyArn) => createKeyring({ kms, keyArn }));
    const wrapped = await Promise.all(keyrings.map((keyring) => keyring.generate(CONTEXT)));
    await kms.send(new DisableKeyCommand({ KeyId: disabled }));
    await kms.send(new ScheduleKeyDeletionCommand({ KeyId: deleted, PendingWindowInDays: 7 }));
    const denied = { code: 'denied' };
    for (const [i, keyring] of keyrings.entries()) {
      await expect(keyring.generate(CONTEXT)).rejects.toMatchObject(denied);
      await expect(keyring.open(wrapped[i]!.key, CONTEXT)).rejects.toMatchObject(denied);
      await expect(keyring.check()).rejects.toMatchObject(denied);
    }
  });

  test('that was used before still opens, and only if it is named', async () => {
    const [former, keyArn] = [await makeKey(kms), await makeKey(kms)];
    const { key, dataKey } = await createKeyring({ kms, keyArn: former }).generate(CONTEXT);
    const moved = createKeyring({ kms, keyArn, formerKeyArns: [former] });
    expect(await moved.open(key, CONTEXT)).toEqual(dataKey);
    expect((await moved.generate(CONTEXT)).key.keyId).toBe(keyArn);
    await expect(createKeyring({ kms, keyArn }).open(key, CONTEXT)).rejects.toMatchObject({
      code: 'not_found',
    });
  });

  test.each(['alias/backup', '1234abcd-12ab-34cd-56ef-1234567890ab', ''])('%j is no ARN', (keyArn) => {
    expect(() => createKeyring({ kms, keyArn })).toThrow(RangeError);
  });
});

describe('the queue', () => {
  test.each([
    '',
    'x',
    '{}',
    '{"kind":"restore"}',
    '{"kind":"other","id":"1"}',
    '{"kind":"restore","id":1}',
    'null',
  ])('passes over the message %j, which is no job', async (text) => {
    const urls = await makeQueue(sqs);
    const queue = createQueue({ sqs, ...urls });
    const MessageBody = text === '' ? ' ' : text;
    await sqs.send(new SendMessageCommand({ QueueUrl: urls.queueUrl, MessageBody }));
    await queue.send({ kind: 'restore', id: 'restore-1' });
    const jobs = (await queue.receive(10)).map(({ job }) => job);
    expect(jobs).toEqual([{ kind: 'restore', id: 'restore-1' }]);
    expect(await queue.receive(10)).toEqual([]);
    expect(await queue.deadLetters()).toEqual([]);
  });

  test('shows all dead letters, again and again', async () => {
    const urls = await makeQueue(sqs);
    const queue = createQueue({ sqs, ...urls });
    const ids = Array.from({ length: 25 }, (_, i) => `restore-${i}`);
    const dead = createQueue({ sqs, ...urls, queueUrl: urls.deadLetterQueueUrl });
    for (const id of ids) await dead.send({ kind: 'restore', id });
    for (let times = 0; times < 2; times += 1) {
      expect((await queue.deadLetters()).map(({ id }) => id).sort()).toEqual(ids.toSorted());
    }
  });

  test('does not wait longer than SQS can', async () => {
    const queue = createQueue({ sqs, ...(await makeQueue(sqs)) });
    await queue.send({ kind: 'restore', id: 'restore-1' });
    const [delivery] = await queue.receive(1);
    await queue.retry(delivery!.receipt, 100 * LIMITS.operationMs);
    expect(await queue.receive(1)).toEqual([]);
  });
});

describe('the bus', () => {
  test('that refuses some events has not taken them', async () => {
    const sink = createEventSink({ eventBridge, busName: await makeBus(eventBridge) });
    const name = 'refusing';
    eventBridge.middlewareStack.add(
      () => async () => ({
        output: { FailedEntryCount: 1, Entries: [], $metadata: {} },
        response: undefined,
      }),
      { step: 'initialize', name },
    );
    try {
      await expect(sink.publish([event(), event()])).rejects.toMatchObject({ code: 'unavailable' });
    } finally {
      eventBridge.middlewareStack.remove(name);
    }
  });

  test('takes large events in several requests, and refuses one that none can hold', async () => {
    const sink = createEventSink({ eventBridge, busName: await makeBus(eventBridge) });
    const large = () => event({ detail: { text: 'x'.repeat(100_000) } });
    let requests = 0;
    const plan = {
      before() {
        requests += 1;
      },
    };
    await withAttempts(eventBridge, plan, () => sink.publish([large(), large(), large(), event(), large()]));
    expect(requests).toBe(2);
    await expect(sink.publish([event({ detail: { text: 'x'.repeat(300_000) } })])).rejects.toThrow(
      RangeError,
    );
  });
});

test('where nobody listens, everything is unavailable', async () => {
  const script = join(process.cwd(), 'test', 'aws', 'unreachable-process.ts');
  const { stdout } = await promisify(execFile)(process.execPath, [script]);
  expect(JSON.parse(stdout)).toEqual(['unavailable', 'unavailable', 'unavailable']);
});

test('what is missing altogether is unavailable, and not an answer about a record', async () => {
  const { dynamoDb } = clients;
  const catalog = createCatalog({
    random: systemRandom,
    dynamoDb,
    tableName: 'missing',
    clock: { now: Date.now },
  });
  const store = createBlobStore({ s3, bucket: 'missing' });
  const unavailable = { code: 'unavailable' };
  await expect(catalog.getBackup('backup-1')).rejects.toMatchObject(unavailable);
  await expect(catalog.check()).rejects.toMatchObject(unavailable);
  await expect(store.check()).rejects.toMatchObject(unavailable);
  await expect(store.get(hexId())).rejects.toMatchObject(unavailable);
  await expect(store.put(hexId(), [randomBytes(1)])).rejects.toMatchObject(unavailable);
});

describe('an error of AWS', () => {
  const error = (name: string, more: object = {}) =>
    Object.assign(new Error('secret detail'), { name }, more);

  test.each([
    [error('NoSuchKey'), 'not_found'],
    [error('ThrottlingException'), 'unavailable'],
    [error('SlowDown'), 'unavailable'],
    [error('Anything', { $metadata: { httpStatusCode: 503 } }), 'unavailable'],
    [error('Error', { code: 'ECONNREFUSED' }), 'unavailable'],
    [error('AbortError'), 'unavailable'],
    [error('AccessDenied'), 'denied'],
    [error('Unknown', { $metadata: { httpStatusCode: 403 } }), 'denied'],
    [error('KMS.DisabledException'), 'denied'],
    [error('IncorrectKeyException'), 'integrity'],
    [error('BadDigest'), 'integrity'],
  ])('%s is said in the words of the ports: %s', (cause, code) => {
    const failure = awsFailure(cause, 'it failed') as Error;
    expect(failure).toMatchObject({ name: 'PortError', code, cause });
    expect(failure.message).not.toContain('secret');
  });

  test('that is our own mistake stays what it is', () => {
    const mistake = error('ValidationException', { $metadata: { httpStatusCode: 400 } });
    expect(awsFailure(mistake, 'it failed')).toBe(mistake);
  });
});

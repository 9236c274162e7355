// What is special to states and results past the API on AWS: presigned URLs that any HTTP client can use.

import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createTransfers } from '../../lib/aws/blobs/transfers.ts';
import { createS3Client } from '../../lib/aws/calls/clients.ts';
import { createSystemClock } from '../../lib/aws/clock.ts';
import { createClients, destroyClients, makeBucket } from './resources.ts';

const MIB = 1024 * 1024;
const clients = createClients();
const clock = createSystemClock();
let transfers: ReturnType<typeof createTransfers>;

beforeAll(async () => {
  transfers = createTransfers({ s3: clients.s3, bucket: await makeBucket(clients.s3), clock });
});
afterAll(() => destroyClients(clients));

const newId = () => randomBytes(16).toString('hex');
const soon = () => clock.now() + 60_000;

async function put(url: string, body: Uint8Array<ArrayBuffer>): Promise<number> {
  const answer = await fetch(url, { method: 'PUT', body });
  await answer.arrayBuffer();
  return answer.status;
}

async function readUpload(uploadId: string): Promise<Buffer> {
  const { bytes, body } = await transfers.readUpload(uploadId);
  const read = Buffer.concat(await Array.fromAsync(body));
  expect(read.length).toBe(bytes);
  return read;
}

describe('an upload', () => {
  test('asks the client for no checksum of a body that nobody has seen yet', async () => {
    const { url } = await transfers.createUpload(newId(), { expiresAt: soon(), bytesMax: 10 });
    const { searchParams } = new URL(url);
    expect([...searchParams.keys()].filter((name) => /checksum|crc/i.test(name))).toEqual([]);
    expect(searchParams.get('X-Amz-SignedHeaders')).toBe('host');
  });

  test('of announced bytes is taken with the header that names them, and not without it', async () => {
    const uploadId = newId();
    const body = randomBytes(100);
    const sha256 = createHash('sha256').update(body).digest('hex');
    const announced = { expiresAt: soon(), bytesMax: 200, bytes: 100, sha256 };
    const { url, headers } = await transfers.createUpload(uploadId, announced);
    expect(new URL(url).searchParams.get('X-Amz-SignedHeaders')).toBe('host;x-amz-checksum-sha256');
    expect(await put(url, body)).toBe(403);
    const answer = await fetch(url, { method: 'PUT', body, headers: headers! });
    expect(answer.status).toBe(200);
    expect((await readUpload(uploadId)).equals(body)).toBe(true);
  });

  test('takes nothing under another key, or once the URL has expired', async () => {
    const { url } = await transfers.createUpload(newId(), { expiresAt: clock.now() + 1000, bytesMax: 10 });
    expect(await put(url.replace('/uploads/', '/blobs/'), randomBytes(1))).toBe(403);
    await new Promise((resolve) => setTimeout(resolve, 2500));
    expect(await put(url, randomBytes(1))).toBe(403);
  });

  test('is left to age', async () => {
    const uploadId = newId();
    const { url } = await transfers.createUpload(uploadId, { expiresAt: soon(), bytesMax: 10 });
    await put(url, randomBytes(1));
    await transfers.discardUpload(uploadId);
    await transfers.discardUpload(newId());
    expect(await readUpload(uploadId)).toHaveLength(1);
  });
});

describe('a link', () => {
  const MINUTE_MS = 60_000;
  const HOUR_MS = 60 * MINUTE_MS;
  const signedBy = async (credentials: { expiration?: Date }, credentialsEndAt?: number) => {
    const { accessKeyId, secretAccessKey } = await clients.s3.config.credentials();
    const s3 = createS3Client({
      endpoint: process.env.AWS_ENDPOINT_URL!,
      credentials: { accessKeyId, secretAccessKey, ...credentials },
    });
    const ending = credentialsEndAt === undefined ? {} : { credentialsEndAt };
    return createTransfers({ s3, bucket: await makeBucket(clients.s3), clock, ...ending });
  };
  /** As S3 reckons it. */
  function endOf(url: string): number {
    const { searchParams } = new URL(url);
    const [, ...parts] = /^(....)(..)(..T..)(..)(..Z)$/.exec(searchParams.get('X-Amz-Date') ?? '')!;
    const [year, month, dayAndHour, minute, second] = parts;
    const signedAt = Date.parse(`${year}-${month}-${dayAndHour}:${minute}:${second}`);
    return signedAt + Number(searchParams.get('X-Amz-Expires')) * 1000;
  }

  test.each([
    ['of a user, who stays', undefined, undefined, HOUR_MS],
    ['of a role, for ten minutes more', 10 * MINUTE_MS, undefined, 10 * MINUTE_MS],
    ['of a role, for a day', 24 * HOUR_MS, undefined, HOUR_MS],
    ['whose end only we know', undefined, 20 * MINUTE_MS, 20 * MINUTE_MS],
    ['whose end the client knows better', 30 * MINUTE_MS, 20 * MINUTE_MS, 30 * MINUTE_MS],
  ])('lasts no longer than the credentials that sign it, and says so: %s', async (_, told, known, lasts) => {
    const began = clock.now();
    const store = await signedBy(
      told === undefined ? {} : { expiration: new Date(began + told) },
      known === undefined ? undefined : began + known,
    );
    const upload = await store.createUpload(newId(), { expiresAt: began + HOUR_MS, bytesMax: 10 });
    expect(upload.expiresAt).toBe(endOf(upload.url));
    const download = endOf(await store.results.url('restore-1', began + HOUR_MS));
    for (const end of [upload.expiresAt!, download]) {
      expect(end).toBeLessThanOrEqual(began + lasts);
      expect(end).toBeGreaterThan(began + lasts - 5000);
    }
  });
});

describe('a result', () => {
  test('of many parts is given as JSON to whoever has the URL', async () => {
    const id = `restore-${newId()}`;
    const body = randomBytes(17 * MIB);
    await transfers.results.write(id, [body]);
    const answer = await fetch(await transfers.results.url(id, soon()));
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('application/json');
    expect(Buffer.from(await answer.arrayBuffer()).equals(body)).toBe(true);
  });
});

// How one of the retention function calls others of its own: by calls that nobody waits for.

import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { createSweepers } from '../../lib/aws/messages/sweepers.ts';

interface Taken {
  path: string;
  kind: string | undefined;
  signed: string | undefined;
  body: string;
}

let server: Server | undefined;
afterEach(() => {
  server?.close();
});

/** A Lambda that answers with these, one after the other, and then with the last. */
async function lambda(...statuses: number[]) {
  const taken: Taken[] = [];
  server = createServer(async (request: IncomingMessage, response) => {
    const body = Buffer.concat(await Array.fromAsync(request)).toString();
    const { 'x-amz-invocation-type': kind, authorization } = request.headers;
    taken.push({ path: request.url!, kind: String(kind), signed: authorization, body });
    response.writeHead(statuses[Math.min(taken.length, statuses.length) - 1]!).end();
  });
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  const sweepers = createSweepers({
    region: 'eu-central-1',
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    credentials: () => ({ accessKeyId: 'id', secretAccessKey: 'secret', sessionToken: 'session' }),
    functionName: 'Stack-Retention',
    most: 4,
  });
  return { sweepers, taken };
}

test('as many as are asked for are called, signed, with nobody waiting for what they do', async () => {
  const { sweepers, taken } = await lambda(202);
  await sweepers.call(3);
  expect(taken).toHaveLength(3);
  for (const { path, kind, signed, body } of taken) {
    expect(path).toBe('/2015-03-31/functions/Stack-Retention/invocations');
    expect(kind).toBe('Event');
    expect(signed).toContain('/eu-central-1/lambda/aws4_request');
    expect(JSON.parse(body)).toEqual({ task: 'sweep', helps: true });
  }
});

test('one that is throttled is called again', async () => {
  const { sweepers, taken } = await lambda(429, 202);
  await sweepers.call(1);
  expect(taken).toHaveLength(2);
});

test.each([
  [403, 'denied'],
  [404, 'unavailable'],
])('a call that is not taken is told: %i', async (status, code) => {
  const { sweepers } = await lambda(status);
  await expect(sweepers.call(1)).rejects.toMatchObject({ code });
});

test('nor does it go unsaid that nobody answers', async () => {
  const { sweepers } = await lambda(202);
  await new Promise((resolve) => server!.close(resolve));
  await expect(sweepers.call(1)).rejects.toMatchObject({ code: 'unavailable' });
});

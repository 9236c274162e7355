import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { answerStack } from '../../lib/aws/calls/custom-resource.ts';

let server: Server;
let told: { method: string | undefined; headers: IncomingHttpHeaders; body: Record<string, unknown> }[];
let status: number;

beforeEach(async () => {
  told = [];
  status = 200;
  server = createServer(async (request, response) => {
    const body = Buffer.concat(await Array.fromAsync(request as AsyncIterable<Buffer>));
    told.push({ method: request.method, headers: request.headers, body: JSON.parse(body.toString()) });
    response.writeHead(status).end();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

function eventOf(RequestType: 'Create' | 'Update' | 'Delete'): CloudFormationCustomResourceEvent {
  return {
    RequestType,
    ResponseURL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/signed`,
    StackId: 'stack',
    RequestId: 'request',
    LogicalResourceId: 'Blobs',
    ResourceType: 'Custom::EmptiedBucket',
    ServiceToken: 'arn',
    ResourceProperties: { ServiceToken: 'arn', BucketName: 'new' },
    ...(RequestType === 'Create' ? {} : { PhysicalResourceId: 'old' }),
  } as CloudFormationCustomResourceEvent;
}

const identity = { StackId: 'stack', RequestId: 'request', LogicalResourceId: 'Blobs' };
const never = () => Promise.reject(new Error('nothing was to be done'));

test.each(['Create', 'Update'] as const)('%s does nothing, and gives the name', async (type) => {
  await answerStack(eventOf(type), 'new', never);
  expect(told).toMatchObject([
    { method: 'PUT', body: { ...identity, Status: 'SUCCESS', PhysicalResourceId: 'new' } },
  ]);
});

test('Delete does its work first, and answers with the name that it was given', async () => {
  let done = 0;
  await answerStack(eventOf('Delete'), 'new', async () => {
    expect(told).toEqual([]);
    done += 1;
  });
  expect(done).toBe(1);
  expect(told.map(({ body }) => body)).toEqual([
    { ...identity, Status: 'SUCCESS', PhysicalResourceId: 'old' },
  ]);
});

test('work that fails is told to CloudFormation with its reason, which would wait for an hour otherwise', async () => {
  await answerStack(eventOf('Delete'), 'new', () => Promise.reject(new Error('there are more')));
  expect(told.map(({ body }) => body)).toEqual([
    { ...identity, Status: 'FAILED', Reason: 'there are more', PhysicalResourceId: 'old' },
  ]);
});

test('no content type is sent: the URL is signed without one', async () => {
  await answerStack(eventOf('Create'), 'new', never);
  expect(told[0]!.headers['content-type']).toBeUndefined();
});

test('an answer that is not taken is an error, so that the call is made again', async () => {
  status = 403;
  await expect(answerStack(eventOf('Create'), 'new', never)).rejects.toThrow('403');
});

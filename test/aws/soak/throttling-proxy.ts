// Between the deployed functions and the emulator: some calls are throttled, some are cut off before they arrive, some after they were done.

import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Faults {
  throttled: number;
  /** The connection ends, and nothing was done. */
  cutBefore: number;
  /** It was done, and nobody hears of it. */
  cutAfter: number;
  passed: number;
}

export interface ThrottlingProxy {
  url: string;
  /** Where calls go; to be set before the first. */
  target: string;
  /** The share of calls that meet each kind of fault. */
  share: number;
  faults: Faults;
  close(): Promise<void>;
}

export async function startThrottlingProxy(): Promise<ThrottlingProxy> {
  const proxy: ThrottlingProxy = {
    ...{ url: '', target: '', share: 0 },
    faults: { throttled: 0, cutBefore: 0, cutAfter: 0, passed: 0 },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  const server = createServer((asked, answer) => {
    const drawn = Math.random();
    if (drawn < proxy.share) {
      proxy.faults.throttled++;
      throttle(asked, answer);
    } else if (drawn < 2 * proxy.share) {
      proxy.faults.cutBefore++;
      asked.socket.destroy();
    } else {
      const isCut = drawn < 3 * proxy.share;
      proxy.faults[isCut ? 'cutAfter' : 'passed']++;
      pass(proxy.target, asked, answer, isCut);
    }
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  proxy.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return proxy;
}

/** As the services say it: by name in JSON, as XML in S3. */
function throttle(asked: IncomingMessage, answer: ServerResponse): void {
  asked.resume().once('end', () => {
    const target = asked.headers['x-amz-target'];
    if (typeof target !== 'string') {
      const text =
        '<?xml version="1.0"?><Error><Code>SlowDown</Code><Message>Reduce your rate</Message></Error>';
      answer.writeHead(503, { 'content-type': 'application/xml' }).end(text);
      return;
    }
    const name = target.startsWith('DynamoDB')
      ? 'ProvisionedThroughputExceededException'
      : 'ThrottlingException';
    answer
      .writeHead(400, { 'content-type': 'application/x-amz-json-1.0' })
      .end(JSON.stringify({ __type: name, message: 'The level of throughput is exceeded' }));
  });
}

function pass(target: string, asked: IncomingMessage, answer: ServerResponse, isCut: boolean): void {
  const { method, url, headers } = asked;
  // The signature is over the host that the caller sees.
  const onward = request(target + url, { method: method!, headers }, (got) => {
    if (isCut) {
      got.resume().once('end', () => asked.socket.destroy());
      return;
    }
    answer.writeHead(got.statusCode!, got.headers);
    got.pipe(answer);
    got.once('error', () => answer.destroy());
  });
  onward.once('error', () => answer.destroy());
  asked.once('error', () => onward.destroy());
  asked.pipe(onward);
}

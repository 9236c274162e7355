// Somebody who is told: takes webhooks, or not, as the test wants it.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Receiver {
  /** Of a hook that takes all. */
  url: string;
  /** What `/flaky` answers. */
  status: number;
  /** Events that were taken, in order. */
  taken: string[];
  close(): void;
}

export async function startReceiver(): Promise<Receiver> {
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    request.on('end', () => {
      response.statusCode = request.url === '/flaky' ? receiver.status : 204;
      if (response.statusCode < 300) receiver.taken.push((JSON.parse(text) as { type: string }).type);
      response.end();
    });
  });
  const receiver: Receiver = {
    url: '',
    status: 503,
    taken: [],
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  receiver.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return receiver;
}

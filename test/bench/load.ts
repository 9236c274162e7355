// Many clients of one server at once, each on a connection of its own that it keeps. They speak HTTP/1.1 by hand, because
// a client that costs as much as the server would be what is measured.

import { connect, type Socket } from 'node:net';

export interface LoadOptions {
  port: number;
  clients: number;
  durationMs: number;
  path: string;
  /** The body of a client's next request. */
  body: (client: number, request: number) => string;
}

export interface Load {
  requests: number;
  /** The time the server had for each request, all clients together. */
  msPerRequest: number;
  /** What a client waited, half of the time at most. */
  medianWaitMs: number;
}

/** Sends requests until the time is over. Throws if any answer is not 2xx. */
export async function load(options: LoadOptions): Promise<Load> {
  const started = performance.now();
  const ends = started + options.durationMs;
  const waits: number[] = [];
  await Promise.all(
    Array.from({ length: options.clients }, async (_, client) => {
      const connection = await open(options.port);
      for (let request = 0; performance.now() < ends; request++) {
        const sent = performance.now();
        await connection.post(options.path, options.body(client, request));
        waits.push(performance.now() - sent);
      }
      connection.close();
    }),
  );
  waits.sort((a, b) => a - b);
  const requests = waits.length;
  return {
    requests,
    msPerRequest: (performance.now() - started) / requests,
    medianWaitMs: waits[requests >> 1]!,
  };
}

interface Connection {
  /** Resolves with the whole answer. */
  post(path: string, body: string): Promise<Buffer>;
  close(): void;
}

/** A kept connection that sends one request after the other. */
export async function open(port: number): Promise<Connection> {
  const socket: Socket = connect({ host: '127.0.0.1', port, noDelay: true });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  let received: Buffer = Buffer.alloc(0);
  let answered: { resolve: (answer: Buffer) => void; reject: (error: Error) => void } | undefined;
  const fail = (error: Error): void => answered?.reject(error);
  socket.on('error', fail);
  socket.on('close', () => fail(new Error('the server has closed the connection')));
  socket.on('data', (chunk: Buffer) => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
    const bodyAt = received.indexOf('\r\n\r\n') + 4;
    if (bodyAt < 4) return;
    const head = received.toString('latin1', 0, bodyAt);
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1]);
    if (received.length < bodyAt + length) return;
    const [answer, waiting] = [received, answered];
    received = Buffer.alloc(0);
    answered = undefined;
    if (/^HTTP\/1\.1 2/.test(head)) waiting?.resolve(answer.subarray(bodyAt));
    else waiting?.reject(new Error(answer.toString()));
  });
  return {
    post: (path, body) =>
      new Promise((resolve, reject) => {
        answered = { resolve, reject };
        const length = Buffer.byteLength(body);
        socket.write(
          `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n${body}`,
        );
      }),
    close() {
      answered = undefined;
      socket.destroy();
    },
  };
}

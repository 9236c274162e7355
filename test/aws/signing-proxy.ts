// Lets clients that cannot sign, curl above all, call an API that asks for IAM: signs what it passes on.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type SigningKey, sign } from './sigv4.ts';

export interface SigningProxy {
  url: string;
  close(): Promise<void>;
}

/** Of the connection, not of the request. */
const DROPPED = new Set(['host', 'connection', 'content-length', 'transfer-encoding', 'expect']);

/** A proxy on loopback that passes everything on to `target`. */
export async function startSigningProxy(target: string, key: SigningKey): Promise<SigningProxy> {
  const server = createServer((request, response) => {
    pass(target, key, request, response).catch((error: unknown) => {
      response.writeHead(502).end(String(error));
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function pass(
  target: string,
  key: SigningKey,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = Buffer.concat(await Array.fromAsync(request as AsyncIterable<Buffer>));
  const method = request.method ?? 'GET';
  const url = new URL(target + request.url);
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers)) {
    if (!DROPPED.has(name) && value !== undefined) headers.set(name, [value].flat().join(', '));
  }
  for (const [name, value] of Object.entries(await sign(key, method, url, body))) headers.set(name, value);
  const answer = await fetch(url, {
    method,
    headers,
    redirect: 'manual',
    ...(body.length === 0 ? {} : { body }),
  });
  const bytes = Buffer.from(await answer.arrayBuffer());
  // What was packed has been unpacked on its way through here.
  const { 'content-encoding': _unpacked, ...passed } = Object.fromEntries(answer.headers);
  response.writeHead(answer.status, {
    ...passed,
    'content-length': bytes.length,
  });
  response.end(bytes);
}

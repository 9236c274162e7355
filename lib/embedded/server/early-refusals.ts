// Answers to what never becomes a request: they too have a body that says why, and a line in the log.

import { type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type ErrorCode, ServiceError } from '../../core/records/errors.ts';
import { PROBLEM_MEDIA_TYPE, problemDocument } from '../../http/contract/problem.ts';
import type { Logger } from '../../log.ts';
import { type Random, randomUuid } from '../../ports/random.ts';

/** What the parser of node:http found, https://github.com/nodejs/llhttp */
const PARSER_ERRORS: Record<string, readonly [ErrorCode, string]> = {
  HPE_HEADER_OVERFLOW: ['headers_too_large', 'The request line and headers may be at most 16 KiB together.'],
  HPE_INVALID_URL: [
    'malformed_request',
    'The URL holds characters that must be percent-encoded as UTF-8: "é" is written %C3%A9, a space %20.',
  ],
  HPE_INVALID_VERSION: ['http_version_not_supported', 'Speak HTTP/1.1.'],
  HPE_PAUSED_H2_UPGRADE: ['http_version_not_supported', 'Speak HTTP/1.1; HTTP/2 is not spoken here.'],
  HPE_INVALID_METHOD: ['malformed_request', 'The request does not begin with a method of HTTP.'],
  HPE_INVALID_CONSTANT: [
    'malformed_request',
    'The first line is not that of an HTTP request: method, URL (a space in it is written %20), HTTP/1.1.',
  ],
  HPE_INVALID_CHUNK_SIZE: ['malformed_request', 'A chunk of the body does not begin with its size.'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: ['payload_too_large', 'The extensions of the chunks are too large.'],
  HPE_INVALID_CONTENT_LENGTH: ['malformed_request', 'The Content-Length is not a number of bytes.'],
  HPE_UNEXPECTED_CONTENT_LENGTH: [
    'malformed_request',
    'Content-Length and Transfer-Encoding must not stand beside each other, nor twice.',
  ],
  HPE_INVALID_TRANSFER_ENCODING: ['malformed_request', 'The Transfer-Encoding must end in chunked.'],
  HPE_INVALID_HEADER_TOKEN: ['malformed_request', 'A header holds characters that no header may have.'],
  HPE_INVALID_EOF_STATE: ['malformed_request', 'The request broke off before its end.'],
  ERR_HTTP_REQUEST_TIMEOUT: ['request_timeout', 'The headers did not arrive in time.'],
};

/** A client that does not read its refusal is not waited for. */
const LINGER_MS = 1000;

const TLS_HANDSHAKE = 0x16;

/** Has `server` answer what its application never sees. */
export function refuseEarly(server: Server, random: Random, log: Logger): void {
  const refused = new WeakSet<Duplex>();

  const refuse = (socket: Duplex, error: ServiceError, more: Record<string, unknown> = {}): void => {
    const requestId = randomUuid(random);
    // One that the application has begun with has its line from there.
    if (!answering.has(socket)) {
      log.info('request', { requestId, route: 'none', status: error.status, code: error.code, ...more });
    }
    refused.add(socket);
    const body = JSON.stringify(problemDocument(error, ''));
    const head = [
      `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status]}`,
      `Content-Type: ${PROBLEM_MEDIA_TYPE}`,
      `Content-Length: ${Buffer.byteLength(body)}`,
      'Cache-Control: no-store',
      'X-Content-Type-Options: nosniff',
      `X-Request-Id: ${requestId}`,
      'Connection: close',
    ];
    socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
    // Closed with bytes unread, a connection is reset, and the answer lost on its way.
    socket.resume();
    setTimeout(() => socket.destroy(), LINGER_MS).unref();
  };

  server.on('clientError', (error: NodeJS.ErrnoException & { rawPacket?: Buffer }, socket) => {
    if (refused.has(socket)) return;
    // Gone, or in the middle of an answer, into which no other one may be written.
    if (error.code === 'ECONNRESET' || !socket.writable || isAnswering(socket)) {
      socket.destroy();
      return;
    }
    if (error.rawPacket?.[0] === TLS_HANDSHAKE) {
      log.info('request', { route: 'none', reason: 'a TLS handshake came; only http is spoken here' });
      refused.add(socket);
      socket.destroy();
      return;
    }
    const [code, detail] = PARSER_ERRORS[error.code ?? ''] ?? ['malformed_request', 'It cannot be read.'];
    refuse(socket, new ServiceError(code, detail), { reason: error.code });
  });

  server.on('connect', (_incoming: IncomingMessage, socket: Duplex) => {
    refuse(socket, new ServiceError('malformed_request', 'This is no proxy: CONNECT is not taken.'));
  });
  server.on('checkExpectation', (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const detail = 'Of expectations only 100-continue is known; leave Expect out.';
    answerEarly(incoming, outgoing, new ServiceError('expectation_failed', detail), random, log);
  });
}

/** Answers a request that the application is not to see, and ends the connection. */
export function answerEarly(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  error: ServiceError,
  random: Random,
  log: Logger,
): void {
  const requestId = randomUuid(random);
  const { method, url = '' } = incoming;
  log.info('request', { requestId, method, route: 'none', status: error.status, code: error.code });
  const body = JSON.stringify(problemDocument(error, url.split('?', 1)[0]!));
  outgoing.writeHead(error.status, {
    'Content-Type': PROBLEM_MEDIA_TYPE,
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    'X-Request-Id': requestId,
    Connection: 'close',
  });
  outgoing.end(body);
  incoming.resume();
}

const answering = new WeakMap<Duplex, ServerResponse>();

/** To be told of every answer, so that no refusal is written into one. */
export function noteAnswer(incoming: IncomingMessage, outgoing: ServerResponse): void {
  answering.set(incoming.socket, outgoing);
  outgoing.once('close', () => {
    if (answering.get(incoming.socket) === outgoing) answering.delete(incoming.socket);
  });
}

function isAnswering(socket: Duplex): boolean {
  return answering.get(socket)?.headersSent === true;
}

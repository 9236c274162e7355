// HTTP by hand, for what no client does on purpose: pieces, pauses, and going away in the middle.

import { connect } from 'node:net';

export const CHUNKED = { 'Transfer-Encoding': 'chunked' };

/** The head of a create. */
export function head(headers: Record<string, string | number>): string {
  const lines = Object.entries({ Host: 'localhost', 'Content-Type': 'application/json', ...headers });
  return `POST /backups HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
}

export function chunk(piece: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')]);
}

/** Sends all pieces, and resolves with what was answered until the answer, or the connection, ended. */
export function speak(port: number, first: string, pieces: () => Iterable<Uint8Array>): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(first);
      for (const piece of pieces()) socket.write(piece);
    });
    const over = (): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setEncoding('utf8');
    socket.on('data', (text) => {
      answer += String(text);
      if (/\r\n\r\n.*\}$/s.test(answer)) over();
    });
    // The service may hang up on what it will not read.
    socket.on('error', over).on('close', over);
  });
}

/** Sends what there is, and goes away without a word (`destroy`), or as one who has nothing more to say (`end`). */
export function leave(
  port: number,
  first: string,
  pieces: readonly (string | Uint8Array)[],
  how: 'destroy' | 'end',
): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(first);
      for (const piece of pieces) socket.write(piece);
      setTimeout(() => socket[how](), 50);
    });
    socket.resume();
    socket.on('error', () => undefined).on('close', () => resolve());
  });
}

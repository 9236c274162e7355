// Lets go of clients that stand still: a body that does not go on, an answer that is not taken. Time in which we are at
// work, not they, does not count.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Logger } from '../../log.ts';

export interface StandstillLimits {
  /** A sender has so long for a piece of its body: what it reads from may be at work. */
  senderMs: number;
  /** A reader has so long for a piece of its answer, all of which may stand in memory. */
  readerMs: number;
  /** In that time, that many bytes per second at least have to go through. */
  bytesPerSecondMin: number;
  /** What is asked instead while others are refused because of them. */
  pressed: { ms: number; bytesPerSecondMin: number };
}

export const STANDSTILL_LIMITS: StandstillLimits = {
  senderMs: 60_000,
  readerMs: 30_000,
  bytesPerSecondMin: 1024,
  pressed: { ms: 5_000, bytesPerSecondMin: 64 * 1024 },
};

export interface Standstill {
  /** Watches an exchange until it is over. */
  follow(incoming: IncomingMessage, outgoing: ServerResponse): void;
  /** Others are being refused: who has done next to nothing for some seconds is let go now. */
  relieve(): void;
  /** From now on nobody is waited for longer than that, in milliseconds. */
  hurry(ms: number): void;
  stop(): void;
}

interface Exchange {
  incoming: IncomingMessage;
  outgoing: ServerResponse;
  socket: Socket;
  /** What was moved when the time began that is being measured, and for how long it was the client's turn since. */
  movedBefore: number;
  waitedMs: number;
  lookedAt: number;
}

const LOOK_EVERY_MS_MAX = 1000;

export function createStandstill(log: Logger, limits: StandstillLimits = STANDSTILL_LIMITS): Standstill {
  const exchanges = new Set<Exchange>();
  let patienceMs = Number.POSITIVE_INFINITY;

  function look(): void {
    const now = performance.now();
    for (const exchange of exchanges) {
      const turn = turnOf(exchange);
      const tookMs = now - exchange.lookedAt;
      exchange.lookedAt = now;
      if (turn === 'ours') continue;
      exchange.waitedMs += tookMs;
      const ownMs = turn === 'reader' ? limits.readerMs : limits.senderMs;
      if (!isSlow(exchange, Math.min(ownMs, patienceMs), limits.bytesPerSecondMin)) continue;
      letGo(exchange, turn);
    }
  }

  /** Whether it has had its time and moved too little in it; one that has moved enough begins anew. */
  function isSlow(exchange: Exchange, ms: number, bytesPerSecond: number): boolean {
    const moved = movedBy(exchange.socket);
    if (moved - exchange.movedBefore >= (ms / 1000) * bytesPerSecond) {
      exchange.movedBefore = moved;
      exchange.waitedMs = 0;
      return false;
    }
    return exchange.waitedMs >= ms;
  }

  function letGo(exchange: Exchange, turn: 'sender' | 'reader'): void {
    exchanges.delete(exchange);
    const { incoming, outgoing, socket } = exchange;
    const path = incoming.url?.split('?', 1)[0];
    log.warn('a client that stood still was let go', {
      client: turn,
      method: incoming.method,
      path: path?.slice(0, 200),
      afterMs: Math.round(exchange.waitedMs),
      bytesRead: socket.bytesRead,
      bytesWritten: socket.bytesWritten - socket.writableLength,
    });
    outgoing.destroy();
    socket.destroy();
  }

  const shortestMs = Math.min(limits.senderMs, limits.readerMs);
  const timer = setInterval(look, Math.min(LOOK_EVERY_MS_MAX, shortestMs / 4));
  timer.unref();

  return {
    follow(incoming, outgoing) {
      const { socket } = incoming;
      const exchange: Exchange = {
        incoming,
        outgoing,
        socket,
        movedBefore: movedBy(socket),
        waitedMs: 0,
        lookedAt: performance.now(),
      };
      exchanges.add(exchange);
      outgoing.once('close', () => exchanges.delete(exchange));
    },
    relieve() {
      const { ms, bytesPerSecondMin } = limits.pressed;
      for (const exchange of exchanges) {
        const turn = turnOf(exchange);
        if (turn !== 'ours' && isSlow(exchange, ms, bytesPerSecondMin)) letGo(exchange, turn);
      }
    },
    hurry(ms) {
      patienceMs = ms;
    },
    stop() {
      clearInterval(timer);
    },
  };
}

/** Who has to do something next. */
function turnOf({ incoming, outgoing, socket }: Exchange): 'sender' | 'reader' | 'ours' {
  if (outgoing.headersSent && socket.writableLength > 0) return 'reader';
  // What has come and not been taken is ours to take.
  return !incoming.complete && incoming.readableLength === 0 ? 'sender' : 'ours';
}

/**
 * Bytes that went through. A write under way is the kernel's part by part, which only the handle tells (node's own timeouts
 * ask it too); without it a write counts once all of it is out.
 */
function movedBy(socket: Socket): number {
  const { _handle: handle } = socket as {
    _handle?: { bytesWritten?: number; writeQueueSize?: number } | null;
  };
  const { bytesWritten, writeQueueSize } = handle ?? {};
  const isKnown = bytesWritten !== undefined && writeQueueSize !== undefined;
  return (
    socket.bytesRead + (isKnown ? bytesWritten - writeQueueSize : socket.bytesWritten - socket.writableLength)
  );
}

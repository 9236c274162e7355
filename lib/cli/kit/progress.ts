// How far something has come: a line that is written over on a terminal, and one every half minute elsewhere. On stderr, always.

import { formatAge } from '../../client/times.ts';
import { formatBytes } from './words.ts';

const EVERY_MS = 30_000;
const REDRAWN_MS = 100;
const BAR = 24;

export interface Progress {
  /** Bytes done. */
  bytes(done: number): void;
  /** 0..100. */
  percent(done: number): void;
  end(): void;
}

export interface ProgressOptions {
  what: string;
  /** Bytes in all, if that is known. */
  total?: number;
  isTerminal: boolean;
  /** Nothing is said. */
  isQuiet: boolean;
  write: (text: string) => void;
  /** Milliseconds, by a clock that nobody sets. */
  now?: () => number;
}

export function createProgress(options: ProgressOptions): Progress {
  const { what, total, isTerminal, isQuiet, write, now = () => performance.now() } = options;
  const from = now();
  let told = isTerminal ? Number.NEGATIVE_INFINITY : from;
  let isDrawn = false;
  const say = (text: string, isLast: boolean): void => {
    const at = now();
    if (isQuiet || (!isLast && at - told < (isTerminal ? REDRAWN_MS : EVERY_MS))) return;
    told = at;
    isDrawn = isTerminal;
    write(isTerminal ? `\r\u001b[2K${what} ${text}` : `${what} ${text}\n`);
  };
  return {
    bytes(done) {
      const seconds = (now() - from) / 1000;
      const rate = seconds > 0.2 ? done / seconds : 0;
      const speed = rate > 0 ? `  ${formatBytes(rate)}/s` : '';
      if (total === undefined || total === 0) return say(`${formatBytes(done)}${speed}`, false);
      const left = rate > 0 && done < total ? `  ${formatAge(Math.ceil((total - done) / rate))} left` : '';
      say(`${barOf(done / total)} ${formatBytes(done)} of ${formatBytes(total)}${speed}${left}`, false);
    },
    percent(done) {
      say(`${barOf(done / 100)} ${Math.floor(done)} %`, false);
    },
    end() {
      if (isDrawn) write('\r\u001b[2K');
      isDrawn = false;
    },
  };
}

function barOf(share: number): string {
  const done = Math.round(Math.min(1, Math.max(0, share)) * BAR);
  return `[${'#'.repeat(done)}${'-'.repeat(BAR - done)}]`;
}

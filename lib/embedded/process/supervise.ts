// What the operating system tells a process, and what nobody has caught: each ends in a state that is known.

import type { Logger } from '../../log.ts';
import { errorCode } from '../disk/failures.ts';

/** A terminal that is closed says SIGHUP: nobody is left to whom it could be of use. */
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/** An error of a socket or a pipe that had nobody to hear it: its peer is gone, and with it the matter. */
const OF_A_PEER = new Set(['EPIPE', 'ECONNRESET', 'ECONNABORTED', 'ETIMEDOUT', 'ENOTCONN', 'EIO']);

/**
 * On SIGTERM, SIGINT and SIGHUP: `stop`, then the process ends with 0; a second signal ends it at once with 1, and so does
 * what nobody has caught. Nothing acknowledged is lost either way.
 */
export function supervise(log: Logger, stop: () => Promise<void>): void {
  let isStopping = false;
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (isStopping) {
      log.warn('stopped at once: told a second time', { signal });
      process.exit(1);
    }
    isStopping = true;
    log.info('stopping', { signal });
    try {
      await stop();
      log.info('stopped');
      process.exit(0);
    } catch (error) {
      log.error('did not stop in order', { error });
      process.exit(1);
    }
  };
  for (const signal of SIGNALS) process.on(signal, () => void end(signal));

  process.on('uncaughtException', (error) => {
    if (OF_A_PEER.has(errorCode(error) ?? '') && 'syscall' in error) {
      log.warn('a connection failed that nobody waited for', { error });
      return;
    }
    // Nothing is known of what it interrupted; a new process knows everything from the disk.
    log.error('stopped by an error that nobody caught', { error });
    process.exit(1);
  });
  // A promise that nobody waits for holds up nobody, and interrupts nothing.
  process.on('unhandledRejection', (error) => log.error('an error that nobody waited for', { error }));
  // What writes there is not ours, and its failure is nobody's.
  process.stderr.on('error', () => {});
}

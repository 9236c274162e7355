// Scratch files in memory: for tests, and to count what was opened and closed.

import type { Scratch } from '../core/bytes/packed.ts';

export interface MemoryScratch extends Scratch {
  /** Files that are open. */
  readonly openCount: number;
  /** Files that were ever opened. */
  readonly openedCount: number;
}

export function createMemoryScratch(): MemoryScratch {
  let open = 0;
  let opened = 0;
  return {
    get openCount() {
      return open;
    },
    get openedCount() {
      return opened;
    },
    async open() {
      const chunks: Uint8Array[] = [];
      let isOpen = true;
      open++;
      opened++;
      const demandOpen = (): void => {
        if (!isOpen) throw new Error('a scratch file was used after it was closed');
      };
      return {
        async append(chunk) {
          demandOpen();
          chunks.push(Uint8Array.from(chunk));
        },
        async *read() {
          for (const chunk of chunks) {
            demandOpen();
            yield Uint8Array.from(chunk);
          }
        },
        async close() {
          if (isOpen) open--;
          isOpen = false;
        },
      };
    },
  };
}

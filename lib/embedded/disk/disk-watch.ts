// How full the disk of the data folder is: said before it is full, and without having to write anything down.

import { statfsSync } from 'node:fs';
import type { Notice } from '../../core/records/model.ts';
import type { Logger } from '../../log.ts';
import type { WallClock } from '../../ports/clock.ts';

export interface DiskWatch {
  /** What is to be said now: a warning while the disk is nearly full. */
  notices(): Notice[];
}

const WARNED_FROM_PERCENT = 90;
/** A tenth of a very large disk is no shortage. */
const PLENTY_BYTES = 32 * 1024 ** 3;

const NOTICE_ID = 'disk';

/** Watches the disk of a folder. The first time that it is nearly full, the log says so too. */
export function watchDisk(dataDir: string, clock: WallClock, log: Logger): DiskWatch {
  let since: number | undefined;
  return {
    notices() {
      const usage = usageOf(dataDir);
      if (usage === undefined || usage.percent < WARNED_FROM_PERCENT || usage.freeBytes > PLENTY_BYTES) {
        if (since !== undefined) log.info('notice cleared', { id: NOTICE_ID, code: 'disk_nearly_full' });
        since = undefined;
        return [];
      }
      const detail = `The disk of the data folder is ${usage.percent} % full: ${sizeInWords(usage.freeBytes)} are free.`;
      if (since === undefined) {
        since = clock.now();
        log.warn('notice raised', { id: NOTICE_ID, code: 'disk_nearly_full', detail });
      }
      return [{ id: NOTICE_ID, code: 'disk_nearly_full', severity: 'warning', detail, since, version: 1 }];
    },
  };
}

/** As `df` counts: of what we may use at all. */
function usageOf(folder: string): { percent: number; freeBytes: number } | undefined {
  try {
    const { blocks, bfree, bavail, bsize } = statfsSync(folder);
    const used = blocks - bfree;
    if (used + bavail === 0) return undefined;
    return { percent: Math.floor((used / (used + bavail)) * 100), freeBytes: bavail * bsize };
  } catch {
    // A disk that does not even answer to this is told of by the health check of the parts.
    return undefined;
  }
}

const UNITS = ['bytes', 'KB', 'MB', 'GB'];

function sizeInWords(bytes: number): string {
  let unit = 0;
  let size = bytes;
  while (size >= 1000 && unit < UNITS.length - 1) {
    size /= 1000;
    unit++;
  }
  return `${unit === 0 ? size : size.toFixed(1)} ${UNITS[unit]}`;
}

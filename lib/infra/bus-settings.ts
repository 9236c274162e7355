// What a deployment says of its bus: which events go there, and how long they are kept.

import { busChoice } from '../core/bus-events.ts';
import { given, type Read, wrong } from './setting-names.ts';

export interface BusSettings {
  /** Which audit events go to the bus, in words (`lib/core/bus-events.ts`). */
  busEvents: string[];
  /** Days for which the bus keeps events, to be sent once more; absent for not at all. */
  archiveDays?: number;
}

/** Whether any event goes there. */
export function usesBus({ busEvents }: Pick<BusSettings, 'busEvents'>): boolean {
  return busEvents[0] !== 'none';
}

/** Throws an Error that says which `-c` is wrong, and what it takes. */
export function readBus(read: Read): BusSettings {
  const busEvents = (read('busEvents') ?? 'all').split(',').filter((word) => word !== '');
  try {
    busChoice(busEvents);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw wrong('busEvents', `all, none, or actions with commas between them: ${why}`);
  }
  const archive = given(read, 'archiveDays', 1, 36_500);
  if (archive.archiveDays !== undefined && !usesBus({ busEvents })) {
    throw new Error('-c archiveDays=... keeps what goes to the bus: with -c busEvents=none nothing does.');
  }
  return { busEvents, ...archive };
}

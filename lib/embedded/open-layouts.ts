// Layouts of large states, kept in the data folder.

import type { Logger } from '../log.ts';
import { createLayouts } from '../service/chains/layouts.ts';
import type { Deps } from '../service/contract/deps.ts';
import { openLayoutStore } from './blobs/layout-store.ts';
import type { Room } from './disk/room.ts';
import { every, type Repeated } from './process/every.ts';

/** How often is looked whether a state has come to rest. */
const LOOK_MS = 1000;

/** Has them made and read. What is given back ends the making, if that is done by a timer. */
export function openLayouts(
  deps: Deps,
  { dataDir, isDriven }: { dataDir: string; isDriven?: boolean },
  room: Room,
  log: Logger,
): Repeated | undefined {
  const layouts = createLayouts(deps, openLayoutStore(dataDir, room));
  deps.layouts = layouts;
  if (isDriven === true || room.isReadOnly) return undefined;
  return every('layouts', LOOK_MS, log, () => layouts.rest(), LOOK_MS);
}

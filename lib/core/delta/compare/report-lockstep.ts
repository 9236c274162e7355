// Reports what reading two containers in lockstep has found, as comparing them child by child does.

import { addCopy, addSharedEnds, type Copies } from '../find/copies.ts';
import { CHANGED_VALUE, ENTER, EVENT_COLUMNS, type Events, LEAVE, SAME } from './lockstep-events.ts';
import { AROUND, addChange, addPlace, type Ops } from './ops.ts';

export function reportLockstep(ops: Ops, copies: Copies | undefined, step: Events, place: number): void {
  const { events, length } = step;
  if (step.hasContainers) ops.hasContainers = true;
  let around = place;
  /** Containers around this one of which the outermost has changed as a whole: what is inside is not reported. */
  let untold = 0;
  for (let at = 0; at < length; at += EVENT_COLUMNS) {
    const kind = events[at]!;
    const aStart = events[at + 4]!;
    const aEnd = events[at + 5]!;
    const bStart = events[at + 6]!;
    const bEnd = events[at + 7]!;
    if (kind === SAME) {
      if (copies && events[at + 3]! > 0) addCopy(copies, events[at + 1]!, events[at + 2]!, events[at + 3]!);
    } else if (kind === LEAVE) {
      if (untold > 0) untold--;
      else around = ops.places.data[around + AROUND]!;
    } else {
      if (copies && kind === CHANGED_VALUE) addSharedEnds(copies, aStart, aEnd, bStart, bEnd);
      if (untold > 0) {
        if (kind !== CHANGED_VALUE) untold++;
        continue;
      }
      const inside = addPlace(ops, around, events[at + 1]!, events[at + 2]!, events[at + 3]!);
      if (kind === ENTER) {
        around = inside;
        continue;
      }
      addChange(ops, inside, aStart, aEnd, bStart, bEnd);
      if (kind !== CHANGED_VALUE) untold = 1;
    }
  }
}

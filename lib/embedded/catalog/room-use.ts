// What a commit does to the room on the disk: whether it takes some that nobody gives back, or is on the way to giving some.

import type { Change } from '../../ports/change.ts';

export type RoomUse =
  /** Something new: not while the reserve is given up. */
  | 'takes'
  /** Deletes, undeletes, protections, policies, sweeps: what an operator needs on a full disk. */
  | 'makes'
  | 'neither';

type Kind = Change['kind'];

const TAKES: ReadonlySet<Kind> = new Set<Kind>([
  'backup.insert',
  'request.insert',
  'operation.insert',
  'operation.update',
]);

const MAKES: ReadonlySet<Kind> = new Set<Kind>([
  'head.put',
  'backup.remove',
  'snapshot.remove',
  'garbage.put',
  'garbage.remove',
  'policy.put',
  'policy.remove',
]);

export function roomUseOf(changes: readonly Change[]): RoomUse {
  if (changes.some(({ kind }) => TAKES.has(kind))) return 'takes';
  // What waits to expire is written down before a sweep makes room.
  const isSweep = changes.some((change) => change.kind === 'expiry.put' && change.isMark !== true);
  const makes = isSweep || changes.some(({ kind }) => MAKES.has(kind)) || isProtection(changes);
  return makes ? 'makes' : 'neither';
}

/** A record that changes with an event; without one, only what was found out about it is written down. */
function isProtection(changes: readonly Change[]): boolean {
  const has = (kind: Kind): boolean => changes.some((change) => change.kind === kind);
  return has('backup.update') && has('event.append');
}

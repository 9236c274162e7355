// Every look into a state is written down as what it is: a read of secrets. It leaves no operation, for it changes nothing.

import type { BackupRecord } from '../../core/records/model.ts';
import type { Caller } from '../contract/api.ts';
import type { Deps } from '../contract/deps.ts';
import { event } from '../kit/events.ts';
import { ifWritable } from '../restores/late-operations.ts';

/** What was looked at: the state itself, what is at a path, how that changed, or what two states differ by. */
export type ReadKind = 'state' | 'tree' | 'history' | 'diff';

/** Names, never values. */
export interface ReadAbout {
  what: ReadKind;
  path?: string;
  /** Of a diff: the other state. */
  from?: string;
}

/**
 * Writes down who has read what. Where nothing can be written the read is given all the same: reading needs no writing,
 * and the log says that the trail lacks it.
 */
export async function noteRead(
  deps: Pick<Deps, 'catalog' | 'clock' | 'log' | 'random'>,
  { id: backupId, resourceId }: Pick<BackupRecord, 'id' | 'resourceId'>,
  about: ReadAbout,
  caller: Caller,
): Promise<void> {
  const noted = event(deps, 'state.read', deps.clock.now(), caller.actor, {
    resourceId,
    backupId,
    detail: { ...about },
  });
  const what = `a read of ${backupId} by ${caller.actor}`;
  await ifWritable(deps, what, () => deps.catalog.commit([noted]), undefined);
}

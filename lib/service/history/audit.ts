// Every look into a state is written down as what it is: a read of secrets. It leaves no operation, for it changes nothing.

import type { BackupRecord } from '../../core/records/model.ts';
import type { Caller } from '../contract/api.ts';
import type { Deps } from '../contract/deps.ts';
import { noteRead } from '../kit/reads.ts';

/** What was looked at: the state itself, what is at a path, how that changed, or what two states differ by. */
export type ReadKind = 'state' | 'tree' | 'history' | 'diff';

/** Names, never values. */
export interface ReadAbout {
  what: ReadKind;
  path?: string;
  /** Of a diff: the other state. */
  from?: string;
}

/** Writes down who has read what, as `noteRead`. */
export async function noteLook(
  deps: Pick<Deps, 'catalog' | 'clock' | 'log' | 'random'>,
  { id: backupId, resourceId }: Pick<BackupRecord, 'id' | 'resourceId'>,
  about: ReadAbout,
  caller: Caller,
): Promise<void> {
  await noteRead(deps, 'state.read', caller, { resourceId, backupId, detail: { ...about } });
}

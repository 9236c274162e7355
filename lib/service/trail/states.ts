// What a commit leaves behind that no blob says, taken from its changes: so no use case has to think of the trail, and none
// can forget it.

import { ownBlob } from '../../core/chain.ts';
import {
  type BackupRecord,
  type BackupRemainder,
  MEMBERS_IN_BLOBS,
  type TrailState,
} from '../../core/model.ts';
import { digestOfRecord } from '../../core/trail/record-digest.ts';
import type { Catalog, Change } from '../../ports.ts';

type ChangeOf<K extends Change['kind']> = Extract<Change, { kind: K }>;

const NOTHING = (): undefined => undefined;

/** By kind of change. What leaves nothing behind follows from the rest, can be lost, or is raised again. */
const STATES: { [K in Change['kind']]: (change: ChangeOf<K>) => TrailState | undefined } = {
  'backup.insert': ({ record }) => stateOfBackup(record),
  'backup.update': ({ record }) => stateOfBackup(record),
  'backup.remove': ({ id }) => ({ kind: 'backup.removed', backupId: id }),
  'head.put': ({ head: { latest, latestFull, ...head } }) => ({ kind: 'head', head }),
  // The newest hundred follow from the backups.
  'snapshot.add': NOTHING,
  'snapshot.remove': NOTHING,
  // Kept for a day.
  'idempotency.insert': NOTHING,
  'garbage.put': ({ entry }) => ({ kind: 'garbage', entry }),
  'garbage.remove': ({ blobId }) => ({ kind: 'garbage.removed', blobId }),
  'operation.insert': ({ record }) => ({ kind: 'operation', operation: record }),
  'operation.update': ({ record }) => ({ kind: 'operation', operation: record }),
  'request.insert': ({ record }) => ({ kind: 'request', request: record }),
  'request.update': ({ record }) => ({ kind: 'request', request: record }),
  'policy.put': ({ record }) => ({ kind: 'policy', resourceId: record.resourceId, policy: record }),
  'policy.remove': ({ resourceId }) => ({ kind: 'policy', resourceId, policy: null }),
  // What is not finished is queued anew.
  'job.send': NOTHING,
  // Whoever has found the fault finds it again.
  'notice.put': NOTHING,
  'notice.remove': NOTHING,
  'event.append': NOTHING,
};

/** What these changes leave behind, in their order. */
export function statesOf(changes: readonly Change[]): TrailState[] {
  return changes.flatMap(<K extends Change['kind']>(change: ChangeOf<K>) => {
    const state = (STATES[change.kind as K] as (change: ChangeOf<K>) => TrailState | undefined)(change);
    return state === undefined ? [] : [state];
  });
}

/** What of a backup is in no blob. */
export function stateOfBackup(record: BackupRecord): TrailState {
  const base = record.chain.at(-2);
  return {
    kind: 'backup',
    backup: remainderOf(record),
    blobId: ownBlob(record).blobId,
    ...(base === undefined ? {} : { baseBlobId: base.blobId }),
    digest: digestOfRecord(record),
  };
}

function remainderOf(record: BackupRecord): BackupRemainder {
  const inBlobs: readonly string[] = MEMBERS_IN_BLOBS;
  return Object.fromEntries(
    Object.entries(record).filter(([member]) => !inBlobs.includes(member)),
  ) as BackupRemainder;
}

/** The catalog, with what each commit leaves behind in the event that the commit appends. */
export function withTrail(catalog: Catalog): Catalog {
  return {
    ...catalog,
    commit: (changes) => catalog.commit(traced(changes)),
  };
}

function traced(changes: Change[]): Change[] {
  const at = changes.findIndex(({ kind }) => kind === 'event.append');
  const change = changes[at];
  if (change?.kind !== 'event.append') return changes;
  const after = statesOf(changes);
  if (after.length === 0) return changes;
  return changes.with(at, { kind: 'event.append', event: { ...change.event, after } });
}

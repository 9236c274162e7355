// States of Terraform: the newest is given, a new one is kept where it follows on it, an older one is put on top.

import type { CanonicalText } from '../../core/bytes/text.ts';
import { canonicalText } from '../../core/json/body.ts';
import { isPacked, type ScannedState, sizeOf } from '../../core/json/state-sink.ts';
import { hasCode, ServiceError } from '../../core/records/errors.ts';
import { LIMITS } from '../../core/records/limits.ts';
import { demandOpen } from '../../core/records/lock.ts';
import type { BackupRecord, ResourceHead } from '../../core/records/model.ts';
import type { Precondition } from '../../core/records/precondition.ts';
import { createBackup } from '../backups/create.ts';
import { liveBackup, noBackup } from '../chains/live.ts';
import { readBackup } from '../chains/read-backup.ts';
import { takeRoom } from '../chains/readers.ts';
import { readText } from '../chains/state.ts';
import type { Caller, CreateOutput } from '../contract/api.ts';
import type { Deps } from '../contract/deps.ts';
import type { OpenState } from '../contract/looks.ts';
import type { RollbackInput, TerraformStateInput } from '../contract/terraform.ts';
import { openState } from '../history/open-state.ts';
import { retryOnConflict } from '../kit/conflict.ts';
import { event } from '../kit/events.ts';
import { marksOf, type StateMarks, withSerial } from './marks.ts';

const RESOURCE_TYPE = 'terraform';

/** Throws ServiceError `resource_not_found` where there is no state, or Terraform has been told so. */
export async function openTerraformState(deps: Deps, resourceId: string, caller: Caller): Promise<OpenState> {
  const [found, head] = await Promise.all([
    openState(deps, { resourceId, at: { back: 0 } }, caller),
    deps.catalog.getHead(resourceId),
  ]);
  if (!isForgotten(head, found.record.sequence)) return found;
  const detail =
    'Terraform has asked for this state to be gone. Its backups are kept: see GET /resources/{id}/backups.';
  throw new ServiceError('resource_not_found', detail);
}

function isForgotten(head: ResourceHead | undefined, sequence: number): boolean {
  return sequence <= (head?.forgottenTo ?? 0);
}

/** Throws as the contract says (`contract/terraform.ts`). */
export function putTerraformState(
  deps: Deps,
  input: TerraformStateInput,
  caller: Caller,
): Promise<CreateOutput> {
  const text = textOf(input.state);
  const marks = demandMarks(text);
  return onNewest(deps, input.resourceId, (newest) => {
    if (newest !== undefined && !input.force) demandFollows(newest, marks, text);
    return keep(deps, { ...input, text, marks, newest, isMeant: input.force }, caller);
  });
}

/** Throws as the contract says (`contract/terraform.ts`). */
export async function rollBackTerraform(
  deps: Deps,
  input: RollbackInput,
  caller: Caller,
): Promise<CreateOutput> {
  const { resourceId, backupId } = input;
  const record = await liveBackup(deps, backupId);
  if (record.resourceId !== resourceId) throw noBackup(backupId);
  const older = await readBytes(deps, record);
  const marks = marksOf(older);
  if ('faults' in marks) throw noState(`Backup ${backupId}`);
  if (marks.isSealed) {
    const detail =
      'The tool has encrypted this state and holds its serial against what it has sealed. Get the state of that backup, and push it ' +
      'with the tool: tofu state push -force, with ?force=true at the end of the address.';
    throw new ServiceError('foreign_lineage', detail);
  }
  return onNewest(deps, resourceId, (newest) => {
    const before = marksOfNewest(newest)?.serial ?? 0n;
    const serial = (before > marks.serial ? before : marks.serial) + 1n;
    const text = canonicalText(withSerial(older, marks, serial), deps.kernel);
    const about = { newest, isMeant: true, from: { rolledBackTo: backupId } };
    return keep(deps, { ...input, ...about, text, marks: { ...marks, serial } }, caller);
  });
}

/**
 * From now on Terraform is told that there is no state. Nothing is removed: that is retention's to do. Throws ServiceError
 * `resource_locked`, or `write_conflict`.
 */
export function forgetTerraformState(
  deps: Pick<Deps, 'catalog' | 'clock' | 'random'>,
  resourceId: string,
  lockId: string | undefined,
  caller: Caller,
): Promise<void> {
  const { catalog, clock } = deps;
  return retryOnConflict(`Resource ${resourceId}`, async () => {
    const head = await catalog.getHead(resourceId);
    demandOpen(head, lockId);
    if (head === undefined || isForgotten(head, head.sequence)) return;
    const { sequence, version: expect } = head;
    await catalog.commit([
      { kind: 'head.put', head: { ...head, forgottenTo: sequence, version: expect + 1 }, expect },
      event(deps, 'state.forgotten', clock.now(), caller, { resourceId, detail: { sequence } }),
    ]);
  });
}

/** The newest state, and what of it a new one has to follow on. */
interface Newest {
  checksum: string;
  standing: StateMarks | 'foreign' | 'forgotten' | 'damaged';
}

interface ToKeep {
  resourceId: string;
  text: CanonicalText;
  marks: StateMarks;
  newest: Newest | undefined;
  lockId?: string;
  retentionDays: number;
  /** Whatever has gone. */
  isMeant: boolean;
  from?: Record<string, string>;
}

/** Decides on the newest state, and again where another was faster. Within a process one waits for the other. */
function onNewest(
  deps: Deps,
  resourceId: string,
  decide: (newest: Newest | undefined) => Promise<CreateOutput>,
): Promise<CreateOutput> {
  return deps.gate.run(JSON.stringify(['terraform', resourceId]), () =>
    tryOnNewest(deps, resourceId, decide),
  );
}

async function tryOnNewest(
  deps: Deps,
  resourceId: string,
  decide: (newest: Newest | undefined) => Promise<CreateOutput>,
): Promise<CreateOutput> {
  for (let n = 1; ; n++) {
    try {
      return await decide(await newestOf(deps, resourceId));
    } catch (error) {
      // Another was faster, or the newest has just been deleted.
      const isStale = hasCode(error, 'precondition_failed', 'backup_not_found');
      if (!isStale) throw error;
      if (n === LIMITS.commitAttemptsMax) {
        throw new ServiceError(
          'write_conflict',
          'Other writers of this resource were faster every time; try again.',
          {
            retryAfterSeconds: 1,
          },
        );
      }
    }
  }
}

async function newestOf(deps: Deps, resourceId: string): Promise<Newest | undefined> {
  const head = await deps.catalog.getHead(resourceId);
  if (head?.latest === undefined) return undefined;
  const { id, checksum, sequence, size } = head.latest;
  if (isForgotten(head, sequence)) return { checksum, standing: 'forgotten' };
  if (size > LIMITS.terraformStateBytesMax) return { checksum, standing: 'foreign' };
  try {
    const marks = marksOf(await readBytes(deps, await liveBackup(deps, id)));
    return { checksum, standing: 'faults' in marks ? 'foreign' : marks };
  } catch (error) {
    // Old damage is no reason to refuse a state: what it says of the world stands nowhere else.
    if (hasCode(error, 'integrity_error', 'broken_chain')) return { checksum, standing: 'damaged' };
    throw error;
  }
}

function marksOfNewest(newest: Newest | undefined): StateMarks | undefined {
  return typeof newest?.standing === 'object' ? newest.standing : undefined;
}

async function readBytes(deps: Deps, record: BackupRecord): Promise<Uint8Array> {
  if (record.size > LIMITS.terraformStateBytesMax) throw tooLong(record.size);
  const room = await takeRoom(deps, record);
  try {
    const { chunks } = await readBackup(deps, record, (current) =>
      readText(deps, current, { isChecked: false }),
    );
    return Buffer.concat(await Array.fromAsync(chunks));
  } finally {
    room.free();
  }
}

/** The rules of the tool's own `state push`. Throws ServiceError `foreign_lineage` or `out_of_order`. */
function demandFollows({ checksum, standing }: Newest, given: StateMarks, text: CanonicalText): void {
  if (standing === 'forgotten' || standing === 'damaged') return;
  const how = 'Nothing was stored; if it is meant, add ?force=true to the address.';
  if (standing === 'foreign' || standing.lineage !== given.lineage) {
    const what = standing === 'foreign' ? 'no state of Terraform' : 'a state of another lineage';
    throw new ServiceError('foreign_lineage', `The newest state of the resource is ${what}. ${how}`);
  }
  if (given.serial > standing.serial || (given.serial === standing.serial && checksum === text.checksum))
    return;
  const detail = `The serial ${given.serial} is not above that of the newest state. ${how}`;
  throw new ServiceError('out_of_order', detail);
}

function keep(
  deps: Deps,
  { resourceId, text, marks, newest, lockId, retentionDays, isMeant, from }: ToKeep,
  caller: Caller,
): Promise<CreateOutput> {
  const condition: Precondition =
    newest === undefined ? { matchesNone: '*' } : { matches: [newest.checksum] };
  return createBackup(
    deps,
    {
      ...{
        resourceId,
        resourceType: RESOURCE_TYPE,
        type: 'incremental',
        state: text,
        encrypt: true,
        condition,
      },
      metadata: {
        version: String(marks.serial),
        source: 'terraform',
        tags: {},
        retentionDays,
        ...(from === undefined ? {} : { customFields: from }),
      },
      // What was forgotten has to come back as a state of its own.
      ifChanged: newest?.standing !== 'forgotten',
      ...(isMeant ? { acceptUnusual: true } : {}),
      ...(lockId === undefined ? {} : { lockId }),
    },
    caller,
  );
}

function textOf(state: ScannedState): CanonicalText {
  if (isPacked(state) || sizeOf(state) > LIMITS.terraformStateBytesMax) throw tooLong(sizeOf(state));
  return state;
}

function tooLong(bytes: number): ServiceError {
  const most = LIMITS.terraformStateBytesMax;
  return new ServiceError(
    'payload_too_large',
    `A state of Terraform may have ${most} bytes; this one has ${bytes}.`,
    {
      extra: { bodyBytesMax: most },
    },
  );
}

function demandMarks({ bytes }: CanonicalText): StateMarks {
  const marks = marksOf(bytes);
  if (!('faults' in marks)) return marks;
  throw new ServiceError('invalid_request', 'The body is no state of Terraform; see errors.', {
    errors: marks.faults,
  });
}

function noState(what: string): ServiceError {
  return new ServiceError(
    'foreign_lineage',
    `${what} is no state of Terraform, so it is put on top of none.`,
  );
}

// What callers see of the states of Terraform: the newest one, the lock on it, and the way back.

import type { CanonicalText } from '../../core/bytes/text.ts';
import type { ScannedState } from '../../core/json/state-sink.ts';
import type { LockInfo, ResourceLock } from '../../core/records/lock.ts';
import type { Caller, CreateOutput } from './api.ts';
import type { OpenState } from './looks.ts';

export interface TerraformStateInput {
  resourceId: string;
  state: ScannedState | CanonicalText;
  /** Of the lock that its writer holds. */
  lockId?: string;
  /** Whether it is stored though its serial is not above that of the newest, or its lineage is another. */
  force: boolean;
  retentionDays: number;
}

export interface RollbackInput {
  resourceId: string;
  /** Whose state is put on top. */
  backupId: string;
  lockId?: string;
  retentionDays: number;
}

export interface TerraformService {
  /** The newest state, for whoever calls `read`. Throws resource_not_found where there is none, or Terraform has been told so. */
  openTerraformState(resourceId: string, caller: Caller): Promise<OpenState>;
  /**
   * Keeps a state, as an incremental backup; one that is that of the newest backup is only checked. Throws invalid_request (it is no
   * state of Terraform), resource_locked, out_of_order (its serial), foreign_lineage, payload_too_large, and as `createBackup`.
   */
  putTerraformState(input: TerraformStateInput, caller: Caller): Promise<CreateOutput>;
  /** From now on there is no state, until one is kept. What there was stays. Throws resource_locked. */
  forgetTerraformState(resourceId: string, lockId: string | undefined, caller: Caller): Promise<void>;
  /** The state of an older backup, with a serial above that of the newest. Throws backup_not_found, and as `putTerraformState`. */
  rollBackTerraform(input: RollbackInput, caller: Caller): Promise<CreateOutput>;
  /** Who alone may store a state of a resource. */
  getLock(resourceId: string): Promise<ResourceLock | undefined>;
  /** Throws resource_locked. Whoever holds it already has it. */
  lockResource(resourceId: string, info: LockInfo, caller: Caller): Promise<ResourceLock>;
  /** Gives what was released; without an id whatever lock there is. Throws resource_locked where it is another. */
  unlockResource(
    resourceId: string,
    lockId: string | undefined,
    caller: Caller,
  ): Promise<ResourceLock | undefined>;
}

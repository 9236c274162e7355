// A lock on a resource: whoever holds it is the only one who may store a state, until it says that it is done. It stands in the head, so
// that the commit that moves the head is the one that the lock decides.

import { ServiceError } from './errors.ts';
import type { ResourceHead } from './model.ts';

/** What its holder says of it. The names are those of Terraform's lock info. */
export interface LockInfo {
  /** Drawn by the holder. */
  ID: string;
  Operation?: string;
  Info?: string;
  Who?: string;
  Version?: string;
  Created?: string;
  Path?: string;
}

export interface ResourceLock {
  info: LockInfo;
  /** When it was given. Epoch milliseconds. */
  at: number;
  /** To whom. */
  actor: string;
}

/** Whether a state may be stored by who holds `lockId`, or no lock at all. */
export function isOpenTo(head: Pick<ResourceHead, 'lock'> | undefined, lockId: string | undefined): boolean {
  return head?.lock === undefined || head.lock.info.ID === lockId;
}

/** Throws ServiceError `resource_locked`, which tells who holds it. */
export function demandOpen(head: Pick<ResourceHead, 'lock'> | undefined, lockId: string | undefined): void {
  if (!isOpenTo(head, lockId)) throw lockedBy(head!.lock!);
}

/** The error that tells who holds a lock, in the words that Terraform shows its user. */
export function lockedBy({ info }: ResourceLock): ServiceError {
  const by = info.Who === undefined || info.Who === '' ? '' : ` by ${info.Who}`;
  const detail = `The resource is locked${by}. Wait until that is done; if it never will be, "terraform force-unlock ${info.ID}".`;
  return new ServiceError('resource_locked', detail, { extra: { ...info } });
}

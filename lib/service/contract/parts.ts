// What use cases are given beside the ports: parts of one process that spare work or bound it, and hold no state that
// others could not do without.

import type { CanonicalText } from '../../core/bytes/text.ts';
import type { BackupRecord, OperationRecord } from '../../core/records/model.ts';
import type { PartText } from '../../core/text-work.ts';

export interface Gate {
  run<T>(key: string, work: () => Promise<T>): Promise<T>;
}

export interface KeptBases {
  /** Whether a whole text of so many bytes may be made only to be kept: it must leave room for others. */
  hasRoom(bytes: number): boolean;
  has(blobId: string): boolean;
  /** The state that the blob completes, if it is kept. It no longer is: who takes it may hand its bytes on. */
  take(blobId: string): CanonicalText | undefined;
  /** Keeps it in place of what was kept of the resource; the longest unused ones go if there are too many. */
  keep(resourceId: string, blobId: string, state: CanonicalText): void;
}

/** A state of which only some parts are there. */
export interface PartState {
  text: PartText;
  /** Fetches what stands there. False where that is not to be had, or the whole is had sooner. */
  fetch(at: number): Promise<boolean>;
}

/** What is known of large states so that a part of one can be read without the rest. */
export interface Layouts {
  /** A backup was made; `sources`: what its text is put together of, if that came out (`MadeDelta`). Fails never. */
  made(record: BackupRecord, sources: Uint8Array | undefined): Promise<void>;
  /** A state was opened whole, to be looked into: the next time it need not be. */
  looked(record: BackupRecord): void;
  /** Writes down where things are in states at which nobody is at work any more. */
  rest(): Promise<void>;
  /** A state to be read in parts; undefined where it has to be opened whole. */
  open(record: BackupRecord): Promise<PartState | undefined>;
}

export interface Held {
  /** From now on it is only so many bytes. */
  shrink(bytes: number): void;
  /** Gives everything back; further calls do nothing. */
  free(): void;
}

export interface Readers {
  /**
   * Takes that many bytes. Throws ServiceError `too_many_requests` if they are not free in time. What is more than all
   * there are is let in alone.
   */
  take(bytes: number): Promise<Held>;
  /** Bytes taken now. */
  readonly usedBytes: number;
}

/** What one process has seen of its clock. */
export interface ClockWatch {
  /** By how much the wall clock has moved since the last look beyond what has passed, in milliseconds. */
  driftMs(): number;
  /** That was a look. What was believed before it, if the clock is not believed now (epoch milliseconds). */
  look(trustedAt?: number): void;
  /** By how much the wall clock is behind what it must be by now, in milliseconds; 0 if it is not, or nobody can tell. */
  behindMs(): number;
}

export interface LateOperations {
  /** Keeps the operation as it is now. `isLate`: the catalog does not have it so. */
  keep(operation: OperationRecord, isLate: boolean): void;
  /** The catalog has it: nothing is kept of it any more. */
  drop(id: string): void;
  /** As it is now, if the catalog does not have it so. */
  find(id: string): OperationRecord | undefined;
  /** Whether one that is under way reads the chain, whatever the catalog knows of it. */
  hasLease(chainId: string, now: number): boolean;
  /** The late ones that are over, the oldest first. */
  over(): OperationRecord[];
}

export interface TrustFault {
  /** One word for scripts: `rollback`, `catalog_replaced`. */
  code: string;
  /** A sentence for a person. */
  detail: string;
}

export interface Trust {
  /** Why the store is not to be trusted, as far as this process knows. */
  fault(): TrustFault | undefined;
  /** Before the proof is written down, and if it cannot be. The first one stays. */
  distrust(fault: TrustFault): void;
  /** What was proven does not hold any more, and is not written down any more. */
  trustAgain(): void;
  /** Reads what is written down, if that was not done lately, or if told `anew`. Throws PortError from the catalog. */
  learn(anew?: boolean): Promise<void>;
}

/** Of one process: that a run waits. */
export interface RunBell {
  tell(): void;
  /** Resolves when somebody tells the next time. */
  told(): Promise<void>;
}

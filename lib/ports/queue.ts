// Background jobs.

export interface Job {
  kind: 'restore' | 'backup';
  /** Of the restore operation, or of the backup that was asked for. */
  id: string;
}

export interface Delivery {
  job: Job;
  /** Names this delivery to ack and retry. */
  receipt: string;
  /** 1 on the first delivery. */
  attempt: number;
}

/** What is to become of a delivery. `anew`: as a job of its own, whose attempts begin again. `dead`: nothing more. */
export type JobOutcome =
  | { is: 'done' }
  | { is: 'again'; delayMs: number }
  | { is: 'anew'; delayMs: number }
  | { is: 'dead' };

/** What not every queue promises. */
export interface QueueCapabilities {
  /** Once its job has been given back, a receipt can neither end it nor give it back again. */
  receiptsRunOut?: boolean;
}

/**
 * At-least-once delivery: a job that is neither acked nor retried comes back after `jobVisibilityMs` (limits), and never
 * later, whatever the clock does meanwhile.
 */
export interface Queue {
  readonly capabilities?: QueueCapabilities;
  /** Durable before resolving. Delivered after `delayMs` at the earliest, which is 15 minutes at most. */
  send(job: Job, delayMs?: number): Promise<void>;
  /** Up to `limit` jobs that no other receiver holds; [] if there are none. */
  receive(limit: number): Promise<Delivery[]>;
  /** The job is done. Acking a delivery twice, or one that has run out, is no error. */
  ack(receipt: string): Promise<void>;
  /** Gives the job back, for delivery after `delayMs`. After `jobAttemptsMax` (limits) deliveries it goes to the dead letters instead. */
  retry(receipt: string, delayMs: number): Promise<void>;
  deadLetters(): Promise<Job[]>;
}

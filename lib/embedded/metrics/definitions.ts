// What this process counts, as `GET /metrics` names it: base units and endings as Prometheus asks for them
// (prometheus.io/docs/practices/naming). The first three names are the specification's, to the letter.

import type { CountName, SizeName, TimeName } from '../../ports/meter.ts';

export interface Definition {
  name: string;
  help: string;
  /** What its series are told apart by: tags of the meter, in this order. */
  labels?: readonly string[];
  /** Series that are there from the start: a rate is only seen where a nought was. */
  from?: readonly (readonly string[])[];
}

export interface HistogramDefinition extends Definition {
  /** Upper ends, rising, in seconds or bytes; what is above them all is counted too. */
  buckets: readonly number[];
}

const SHORT_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const SECONDS = [...SHORT_SECONDS, 60, 300, 1800];
/** Fourfold each, from a kibibyte to four gibibytes. */
const BYTES = Array.from({ length: 12 }, (_, n) => 1024 * 4 ** n);

const each = (...values: string[]) => values.map((value) => [value]);

export const COUNTERS: Readonly<Record<CountName, Definition | undefined>> = {
  backup: {
    name: 'backups_total',
    help: 'Backups made, by type',
    labels: ['type'],
    from: each('full', 'incremental', 'differential'),
  },
  backup_failed: {
    name: 'backup_failures_total',
    help: 'Backups that were asked for and not made, by the code of the error',
    labels: ['code'],
    from: each(
      'unusual_change',
      'write_conflict',
      'integrity_error',
      'broken_chain',
      'dependency_unavailable',
      'disk_full',
      'read_only',
      'store_untrusted',
      'internal_error',
    ),
  },
  backup_unchanged: { name: 'backup_unchanged_total', help: 'States that came again, and were unchanged' },
  backup_unusual: {
    name: 'backup_unusual_total',
    help: 'Backups that were made though more had gone than is usual; those refused are failures, with the code unusual_change',
  },
  backup_change: {
    name: 'backup_changes_total',
    help: 'What deltas of backups have changed, by kind',
    labels: ['kind'],
    from: each('additions', 'changes', 'deletions', 'moves'),
  },
  restore: {
    name: 'restores_total',
    help: 'Restores that are over, by how they ended, and whether to the same resource',
    labels: ['status', 'target'],
    from: [
      ['completed', 'same'],
      ['completed', 'other'],
      ['failed', 'same'],
      ['failed', 'other'],
    ],
  },
  /** Of each schedule, from the catalog. */
  slot_missed: undefined,
  delivery: {
    name: 'notification_deliveries_total',
    help: 'Attempts to tell a channel, by what came of them',
    labels: ['channel', 'outcome'],
  },
  verify_failed: {
    name: 'verify_failures_total',
    help: 'Finds of stored bytes that are not what was written',
  },
  retention_removed: {
    name: 'retention_removed_total',
    help: 'Backups that were hidden, by why',
    labels: ['reason'],
    from: each('expired', 'deleted'),
  },
  retention_expired: undefined,
  retention_due: undefined,
  upkeep_run: {
    name: 'backup_upkeep_runs_total',
    help: 'Runs of periodic work, by task and how they ended',
    labels: ['task', 'outcome'],
  },
  upkeep_overdue: {
    name: 'backup_upkeep_overdue_total',
    help: 'Runs of periodic work that took longer than they should',
    labels: ['task'],
  },
  port_failure: {
    name: 'backup_port_failures_total',
    help: 'Calls of stores that failed, by port, method and code',
    labels: ['port', 'method', 'code'],
  },
  integrity_error: undefined,
  key_error: undefined,
  dependency_error: undefined,
};

export const TIMES: Readonly<Record<TimeName, HistogramDefinition | undefined>> = {
  backup: {
    name: 'backup_duration_seconds',
    help: 'From a state being accepted to its backup being committed',
    buckets: SECONDS,
  },
  restore: {
    name: 'restore_duration_seconds',
    help: 'From a restore being asked for to its end',
    buckets: SECONDS,
  },
  http_request: {
    name: 'http_request_duration_seconds',
    help: 'HTTP requests, by route, method and status',
    labels: ['route', 'method', 'status'],
    buckets: SHORT_SECONDS,
  },
  upkeep: {
    name: 'backup_upkeep_duration_seconds',
    help: 'How long runs of periodic work took',
    labels: ['task'],
    buckets: SECONDS,
  },
  port_call: undefined,
  retention_overdue: undefined,
};

export const SIZES: Readonly<Record<SizeName, HistogramDefinition | undefined>> = {
  backup: { name: 'backup_size_bytes', help: 'Bytes of the states of backups', buckets: BYTES },
};

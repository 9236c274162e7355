// What is told of each resource: read from the catalog once, and again of those that a commit has touched since, so that a restart
// forgets nothing and a look costs what has changed.

import { LIMITS } from '../../core/records/limits.ts';
import type { ResourceHead } from '../../core/records/model.ts';
import type { Catalog } from '../../ports/catalog.ts';
import type { Change } from '../../ports/change.ts';
import { pages } from '../../service/kit/collect.ts';
import { type ResourceStanding, readStanding } from '../../service/upkeep/standing.ts';
import type { Metric, Sample } from './series.ts';

export interface ResourceGauges {
  /** What a commit has changed. */
  committed(changes: readonly Change[]): void;
  /** Throws PortError from the catalog. */
  read(): Promise<Metric[]>;
}

/** Of so many resources each has series of its own; of those beyond it is only said that there are some. */
export function createResourceGauges(catalog: Catalog, resourcesMax: number): ResourceGauges {
  const standings = new Map<string, ResourceStanding>();
  /** When a backup was last asked for and not made. */
  const failedAt = new Map<string, number>();
  let touched = new Set<string>();
  let isRead = false;
  let isTruncated = false;

  function keep(standing: ResourceStanding): void {
    const { resourceId } = standing;
    if (standings.has(resourceId) || standings.size < resourcesMax) standings.set(resourceId, standing);
    else isTruncated = true;
  }

  async function take(head: ResourceHead): Promise<void> {
    keep(await readStanding({ catalog }, head));
  }

  async function readAll(): Promise<void> {
    const failures = await catalog.listEvents({ action: 'backup.failed', limit: LIMITS.listPageMax });
    for (const { resourceId, at } of failures.items) note(resourceId, at);
    for await (const head of pages((page) => catalog.listHeads(page))) {
      if (standings.size >= resourcesMax) {
        isTruncated = true;
        break;
      }
      await take(head);
    }
    isRead = true;
  }

  function note(resourceId: string, at: number): void {
    // Whoever makes up resources that fail must not fill the memory.
    if (failedAt.size >= resourcesMax && !failedAt.has(resourceId)) return;
    failedAt.set(resourceId, Math.max(at, failedAt.get(resourceId) ?? 0));
  }

  return {
    committed(changes) {
      for (const change of changes) {
        if (change.kind === 'event.append' && change.event.action === 'backup.failed') {
          note(change.event.resourceId, change.event.at);
        }
        const resourceId = resourceOf(change);
        // Before the first look all will be read anyway.
        if (isRead && resourceId !== undefined) touched.add(resourceId);
      }
    },

    async read() {
      if (!isRead) await readAll();
      const again = touched;
      touched = new Set();
      try {
        for (const resourceId of again) {
          const head = await catalog.getHead(resourceId);
          if (head !== undefined) await take(head);
          again.delete(resourceId);
        }
      } finally {
        for (const resourceId of again) touched.add(resourceId);
      }
      return metricsOf([...standings.values()], failedAt, isTruncated);
    },
  };
}

function resourceOf(change: Change): string | undefined {
  if (change.kind === 'head.put') return change.head.resourceId;
  if (change.kind === 'backup.insert' || change.kind === 'backup.update') return change.record.resourceId;
  return undefined;
}

const seconds = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : ms / 1000);

function metricsOf(
  standings: readonly ResourceStanding[],
  failedAt: ReadonlyMap<string, number>,
  isTruncated: boolean,
): Metric[] {
  const gauge = (
    name: string,
    help: string,
    value: (standing: ResourceStanding) => number | undefined,
  ): Metric => ({
    ...{ name, help, type: 'gauge' },
    values: standings.flatMap((standing): Sample[] => {
      const found = value(standing);
      return found === undefined ? [] : [{ labels: { resource: standing.resourceId }, value: found }];
    }),
  });
  const failed = ({ resourceId }: ResourceStanding): number => failedAt.get(resourceId) ?? 0;
  return [
    gauge(
      'backup_last_success_timestamp_seconds',
      'When a state last came, new or unchanged; 0 where one is expected and none has',
      ({ succeededAt, expectEveryMs }) =>
        seconds(succeededAt) ?? (expectEveryMs === undefined ? undefined : 0),
    ),
    gauge(
      'backup_last_attempt_timestamp_seconds',
      'When a backup was last asked for, whatever became of it',
      (standing) => seconds(Math.max(standing.succeededAt ?? 0, failed(standing)) || undefined),
    ),
    gauge('backup_last_status', 'Whether the last backup that was asked for was made: 1 or 0', (standing) => {
      const { succeededAt = 0 } = standing;
      if (succeededAt === 0 && failed(standing) === 0) return undefined;
      return succeededAt >= failed(standing) ? 1 : 0;
    }),
    gauge('backup_last_size_bytes', 'Bytes of the newest state', ({ size }) => size),
    gauge(
      'backup_last_verified_timestamp_seconds',
      'When the stored bytes of the newest backup were last proven',
      ({ verifiedAt }) => seconds(verifiedAt),
    ),
    gauge(
      'backup_earliest_restorable_timestamp_seconds',
      'The earliest moment that can be restored',
      ({ earliestAt }) => seconds(earliestAt),
    ),
    gauge('backup_expected_interval_seconds', 'How often a state is expected', ({ expectEveryMs }) =>
      seconds(expectEveryMs),
    ),
    gauge('backup_live_backups', 'Backups that are served', ({ live }) => live),
    gauge('backup_stored_bytes', 'Sealed bytes that live backups have added', ({ bytes }) => bytes),
    gauge('backup_damaged_backups', 'Live backups that do not restore', ({ damaged }) => damaged),
    {
      name: 'backup_resources_truncated',
      help: 'Whether there are more resources than have series of their own: 1 or 0',
      type: 'gauge',
      values: [{ labels: {}, value: isTruncated ? 1 : 0 }],
    },
  ];
}

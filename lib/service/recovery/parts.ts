// What of a trail and of the blobs belongs together: whoever rebuilds a catalog that does not fit into memory puts each part by itself
// together, and loses nothing by it.

import type { TrailChange } from '../../ports/trail-lines.ts';

/**
 * By what a change has to be together with others; undefined if it is not known, and then it belongs to all. All of one resource are
 * together, blobs too. `resourceId`: of the commit, as its event says it.
 */
export function togetherBy(change: TrailChange, resourceId: string): string | undefined {
  switch (change.kind) {
    case 'backup.put':
    case 'policy.put':
    case 'request.insert':
    case 'request.update':
      return ofResource(change.record.resourceId);
    case 'head.put':
      return ofResource(change.head.resourceId);
    case 'garbage.put':
      return ofResource(change.entry.resourceId);
    case 'gap.put':
    case 'policy.remove':
      return ofResource(change.resourceId);
    case 'backup.remove':
    case 'garbage.remove':
      // Their commit is about one resource; what concerns the store as a whole has none.
      return resourceId === '' ? undefined : ofResource(resourceId);
    case 'operation.insert':
    case 'operation.update':
      return `operation ${change.record.id}`;
    case 'idempotency.insert':
      return `answer ${change.record.key}`;
    case 'event.append':
      return `event ${change.event.id}`;
    case 'document.put':
      return `document ${change.record.collection} ${change.record.id}`;
    case 'document.remove':
      return `document ${change.collection} ${change.id}`;
    case 'expiry.put':
    case 'notice.put':
    case 'notice.remove':
    case 'counter.raise':
      return 'store';
  }
}

/** As `togetherBy` names what is of a resource. */
export function ofResource(resourceId: string): string {
  return `resource ${resourceId}`;
}

/** The resource that a commit is about, by its event; empty if it does not say. */
export function resourceOfLine(changes: readonly TrailChange[]): string {
  for (const change of changes) {
    if (change.kind === 'event.append' && change.event.resourceId !== '') return change.event.resourceId;
  }
  return '';
}

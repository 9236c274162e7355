// What the service keeps for itself beside backups: how states come by themselves, and what is told to whom.

/** Of what kind; each has ids of its own. */
export type Collection = 'source' | 'schedule' | 'run' | 'drill' | 'channel' | 'delivery' | 'progress';

/** One thing that is kept, under a name of its own. What `body` is follows from the collection. */
export interface DocumentRecord<Body = unknown> {
  collection: Collection;
  /** At most `LIMITS.documentIdLength` characters; a list is in its order. */
  id: string;
  /** Of what it is one of several, which are listed together: of a run its schedule. At most as long as an id. */
  group?: string;
  /** When something has to be done about it, epoch milliseconds; absent while nothing has. */
  dueAt?: number;
  /** From then on it may be forgotten at any time. */
  expiresAt?: number;
  body: Body;
  /** Optimistic lock: each put writes version + 1. */
  version: number;
}

/**
 * What a rebuilt catalog has to know. How far deliveries and periodic work have come, and how single runs went, changes many times an hour and is
 * told by events as well.
 */
const LASTING: ReadonlySet<Collection> = new Set<Collection>(['source', 'schedule', 'drill', 'channel']);

/** Whether the trail tells of what is kept there. */
export function isLasting(collection: Collection): boolean {
  return LASTING.has(collection);
}

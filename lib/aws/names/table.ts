// The one table of the catalog: names that the code and the infrastructure must agree on. All keys are strings; the
// indexes hold keys only, because what they find is then read from the table itself, strongly consistent.

export const TABLE = {
  partitionKey: 'pk',
  sortKey: 'sk',
  /** Epoch seconds after which DynamoDB may remove an item by itself. */
  ttlAttribute: 'ttl',
  indexes: [
    { name: 'gsi1', partitionKey: 'gsi1pk', sortKey: 'gsi1sk' },
    { name: 'gsi2', partitionKey: 'gsi2pk', sortKey: 'gsi2sk' },
    { name: 'gsi3', partitionKey: 'gsi3pk', sortKey: 'gsi3sk' },
  ],
} as const;

/** Partitions, as patterns of IAM: what stands in a policy. A test holds them equal to the keys that the catalog makes. */
export const PARTITIONS = {
  operations: 'OP#*',
  leases: 'CHAIN#*',
  events: 'EVENT#*',
  notices: 'NOTICES',
  cursorSecret: 'SECRET#cursor',
  trail: 'TRAIL',
  upkeep: 'UPKEEP',
  channels: 'DOC#channel',
  deliveries: 'DOC#delivery*',
} as const;

/** All that giving states back writes: what it has done, what it has found, and the key of its pages. */
export const WRITTEN_BY_RESTORES: readonly string[] = [
  PARTITIONS.operations,
  PARTITIONS.leases,
  PARTITIONS.events,
  PARTITIONS.notices,
  PARTITIONS.cursorSecret,
];

/** All that writing the trail writes: what it has done with which event and how it went, and what it has found. */
export const WRITTEN_BY_TRAIL: readonly string[] = [
  PARTITIONS.trail,
  PARTITIONS.events,
  PARTITIONS.upkeep,
  PARTITIONS.notices,
  PARTITIONS.deliveries,
];

/** All that telling others writes: how far it has come, whom nobody is to tell any more, what it has found, and the key of its pages. */
export const WRITTEN_BY_NOTIFY: readonly string[] = [
  PARTITIONS.deliveries,
  PARTITIONS.channels,
  PARTITIONS.events,
  PARTITIONS.upkeep,
  PARTITIONS.cursorSecret,
];

export type IndexName = (typeof TABLE)['indexes'][number]['name'];

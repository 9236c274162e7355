// What its owner says of a resource: how often a state is expected, and what is unusual.

/** Rows that went, as a share of those that were there. */
export interface ShrinkRule {
  /** From 0 to 1: more than that share of the rows of a table, or of all, is unusual. */
  share: number;
  /** `warn`: the backup is made and marked, and an event says so. `refuse`: it is not made, unless the call says that it is meant. */
  action: 'warn' | 'refuse';
  /** So few rows may go whatever share that is. */
  least?: number;
}

export interface ResourceSettings {
  /** A state, new or unchanged, is expected so often: then it is late. */
  expectEverySeconds?: number;
  shrink?: ShrinkRule;
}

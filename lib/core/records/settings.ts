// What its owner says of a resource: how often a state is expected, how its rows are told apart, what is unusual, and what is
// not to be shown.

/** By the JSON Pointer of an array, in which `*` stands for any step: the members that tell its rows apart. */
export type RowIdentity = Record<string, string[]>;

/** Rows that went, as a share of those that were there. */
export interface ShrinkRule {
  /** From 0 to 1: more than that share of the rows of a table is unusual. */
  share: number;
  /** `warn`: the backup is made and marked, and an event says so. `refuse`: it is not made, unless the call says that it is meant. */
  action: 'warn' | 'refuse';
  /** Fewer rows than that may go whatever share that is; 10 without it. */
  least?: number;
}

/** `by-name`: what stands under names that speak of secrets, and under those of `sensitive`. */
export type MaskMode = 'by-name' | 'all' | 'none';

export interface ResourceSettings {
  /** A state, new or unchanged, is expected so often: then it is late. */
  expectEverySeconds?: number;
  identity?: RowIdentity;
  shrink?: ShrinkRule;
  /** Words: a member whose name has one of them in it is taken for a secret. */
  sensitive?: string[];
  /** What `mask=@resource` means; `by-name` without it. */
  mask?: MaskMode;
}

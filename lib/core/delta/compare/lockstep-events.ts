// What reading two containers in lockstep finds: events of so many numbers.

export const EVENT_COLUMNS = 8;
/** Then: offset in the base, in the target, bytes. */
export const SAME = 0;
/** Then: kind of step, its two numbers, the value in the base, and in the target. */
export const CHANGED_VALUE = 1;
/** The same, of a container; all up to LEAVE is inside it. */
export const ENTER = 2;
export const ENTER_UNSHARED = 3;
export const LEAVE = 4;

// How two values, or all in two containers, compare.
export const ALL_SAME = 0;
export const SOME_SHARED = 1;
export const NONE_SHARED = 2;
/** No value is the same, but the names of members are. */
export const NAMES_SHARED = 3;
/** To be aligned instead. */
export const GIVEN_UP = 4;

export interface Events {
  /** Good until the next pass. */
  events: Uint32Array;
  length: number;
  /** Some value that has changed as a whole is a container, before or now. */
  hasContainers: boolean;
}

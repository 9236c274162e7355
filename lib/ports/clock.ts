// Time: what a person's clock shows, what has passed by one that nobody can set, and whether the first can be held to the second.

/** For whoever dates something, and measures nothing. */
export interface WallClock {
  /** Epoch milliseconds. May jump either way: nothing may rely on it rising. */
  now(): number;
}

export interface Clock extends WallClock {
  /**
   * Milliseconds from any beginning, in fractions; nobody can set it and it never falls, so what took how long is told by it.
   * While the machine sleeps it may stand still.
   */
  monotonic(): number;
  /**
   * The same, maybe coarser, but it goes on while the machine sleeps or the process is stopped: what the wall clock is held to.
   * Undefined, always, where processes are stopped and nothing tells them for how long.
   */
  elapsed(): number | undefined;
}

// Time.

export interface Clock {
  /** Epoch milliseconds. May jump either way: nothing may rely on it rising. */
  now(): number;
  /** Milliseconds from any beginning, which nobody can set; absent where a process may be stopped without its noticing. */
  monotonic?(): number;
}

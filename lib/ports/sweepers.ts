// Others who sweep beside this process, where much has expired.

export interface Sweepers {
  /** So many at once, the one that calls among them. */
  readonly most: number;
  /**
   * Asks for so many to come and take what nobody is at, and does not wait for what they do: none of them may come. Throws `denied` or
   * `unavailable` where not all were asked.
   */
  call(count: number): Promise<void>;
}

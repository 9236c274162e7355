// Values that are made when they are first asked for.

/**
 * The function, made to run only once: later calls give what the first one gave. Schemas are made in this way, because
 * those of all routes took a good part of every cold start, and a call needs those of one.
 */
export function once<T extends object>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

// Bounded concurrency.

/**
 * Works on the items of a source, at most `width` at once, in the order they come. The source is read no further than
 * there are hands free. After a failure no more is begun; once all that was begun has ended, the first failure is thrown.
 */
export async function forEachAtOnce<T>(
  source: Iterable<T> | AsyncIterable<T>,
  width: number,
  work: (item: T, index: number) => Promise<void>,
): Promise<void> {
  const running = new Set<Promise<void>>();
  const failures: unknown[] = [];
  let index = 0;
  try {
    for await (const item of source) {
      const turn: Promise<void> = work(item, index)
        .catch((error: unknown) => {
          failures.push(error);
        })
        .finally(() => running.delete(turn));
      running.add(turn);
      index += 1;
      if (running.size >= width) {
        await Promise.race(running);
      }
      if (failures.length > 0) {
        break;
      }
    }
  } catch (error) {
    failures.push(error);
  }
  await Promise.all(running);
  if (failures.length > 0) {
    throw failures[0];
  }
}

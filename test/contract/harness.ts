// What every suite stands on: an adapter of its own for each test, and tests of what not every adapter promises.

import { afterAll, afterEach, beforeAll, beforeEach, test } from '@jest/globals';

/** Makes what a test works on: an adapter that is empty, and what a suite needs beside it. */
export type Make<Harness> = () => Harness | Promise<Harness>;

export interface Closing {
  /** Called after the test. */
  close?(): void | Promise<void>;
}

/** A harness of its own for each test of the `describe` that this is called in. */
export function forEachTest<Harness extends Closing>(make: Make<Harness>): () => Harness {
  let harness: Harness;
  beforeEach(async () => {
    harness = await make();
  });
  afterEach(() => harness.close?.());
  return () => harness;
}

/** One harness for all tests of the `describe` that this is called in: of adapters that keep nothing. */
export function forAllTests<Harness extends Closing>(make: Make<Harness>): () => Harness {
  let harness: Harness;
  beforeAll(async () => {
    harness = await make();
  });
  afterAll(() => harness.close?.());
  return () => harness;
}

interface Condition<Harness> {
  suite: string;
  /** In a few words, for whoever reads what was left out. */
  what: string;
  harness: () => Harness;
  has(harness: Harness): boolean;
}

/**
 * Defines tests that only count where `has` says so of the harness: what an adapter declares in its `capabilities`, or a
 * harness can do. What was left out is said when the suite ends, so that nobody takes it for proven.
 */
export function testWhere<Harness>({
  suite,
  what,
  harness,
  has,
}: Condition<Harness>): (title: string, body: () => Promise<void>) => void {
  let left = 0;
  afterAll(() => {
    if (left > 0) process.stderr.write(`${suite}: ${left} tests are left out, it has no ${what}\n`);
  });
  return (title, body) =>
    test(title, async () => {
      if (has(harness())) await body();
      else left++;
    });
}

import { expect, test } from '@jest/globals';
import { createSystemClock as createAwsClock } from '../../lib/aws/clock.ts';
import { createSystemClock } from '../../lib/embedded/clock.ts';
import { createManualClock } from '../../lib/memory/clock.ts';
import { clockSuite } from './clock.suite.ts';

const PASSES_MS = 0.02;

function pass(): void {
  for (const from = performance.now(); performance.now() - from < PASSES_MS; );
}

clockSuite('memory', () => {
  const clock = createManualClock();
  return { clock, pass: () => clock.advance(PASSES_MS) };
});
clockSuite('embedded', () => ({ clock: createSystemClock(), pass }));
clockSuite('AWS', () => ({ clock: createAwsClock(), pass }));

test('a wall clock that is set moves nothing else', () => {
  const clock = createManualClock();
  clock.set(0);
  clock.advance(5);
  clock.set(Date.UTC(2040, 0, 1));
  expect([clock.monotonic(), clock.elapsed()]).toEqual([5, 5]);
});

import { expect, test } from '@jest/globals';
import { createSeededRandom } from '../../lib/memory/random.ts';
import { randomHex } from '../../lib/ports/random.ts';
import { systemRandom } from '../../lib/random.ts';
import { randomSuite } from './random.suite.ts';

randomSuite('machine', () => ({ random: systemRandom }));
randomSuite('seeded', () => ({ random: createSeededRandom('seed') }));

test('a seed gives the same bytes in the same order, however they are cut', () => {
  const [one, other] = [createSeededRandom(1), createSeededRandom(1)];
  const whole = randomHex(one, 60);
  expect([1, 15, 16, 28].map((count) => randomHex(other, count)).join('')).toBe(whole);
  expect(randomHex(createSeededRandom(2), 60)).not.toBe(whole);
});

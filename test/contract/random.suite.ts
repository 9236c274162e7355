// What every source of chance has to hold.

import { describe, expect, test } from '@jest/globals';
import { type Random, randomHex, randomUuid } from '../../lib/ports/random.ts';
import { type Closing, forEachTest, type Make } from './harness.ts';

const DRAWS = 500;

export interface RandomHarness extends Closing {
  random: Random;
}

export function randomSuite(name: string, make: Make<RandomHarness>): void {
  describe(`${name} random`, () => {
    const harness = forEachTest(make);
    const open = () => harness().random;
    test('gives as many bytes as were asked for, none included', () => {
      const random = open();
      for (const count of [0, 1, 16, 32, 100_000]) expect(random.bytes(count)).toHaveLength(count);
    });

    test('never gives the same again', () => {
      const random = open();
      const drawn = Array.from({ length: DRAWS }, () => randomHex(random, 16));
      expect(new Set(drawn).size).toBe(DRAWS);
    });

    test('what it gave belongs to whoever asked', () => {
      const random = open();
      const first = random.bytes(16);
      const before = [...first];
      random.bytes(16).fill(0);
      expect([...first]).toEqual(before);
      // A view of memory that others use too would show them the key.
      first.fill(0);
      expect([...random.bytes(16)].some((byte) => byte !== 0)).toBe(true);
    });

    test('every bit is as often 0 as 1', () => {
      const random = open();
      const ones = [...random.bytes(100_000)].map((byte) => byte.toString(2).replaceAll('0', '').length);
      const share = ones.reduce((sum, count) => sum + count, 0) / 800_000;
      // Eighteen standard deviations.
      expect(Math.abs(share - 0.5)).toBeLessThan(0.01);
    });

    test('makes UUIDs of version 4', () => {
      const random = open();
      const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
      for (let n = 0; n < DRAWS; n++) expect(randomUuid(random)).toMatch(uuid);
    });
  });
}

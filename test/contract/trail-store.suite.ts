// What every store of the trail must do, as in lib/ports/trail.ts.

import { describe, expect, test } from '@jest/globals';
import type { TrailStore } from '../../lib/ports/trail.ts';
import { type Closing, forEachTest, type Make } from './harness.ts';

export interface TrailStoreHarness extends Closing {
  /** Empty. */
  store: TrailStore;
}

export function trailStoreSuite(name: string, make: Make<TrailStoreHarness>): void {
  describe(`${name} trail store`, () => {
    const harness = forEachTest(make);

    test('is empty at first', async () => {
      expect(await harness().store.list()).toEqual([]);
      await expect(harness().store.read(1)).rejects.toMatchObject({ code: 'not_found' });
    });

    test('gives segments back, and lists their numbers, rising', async () => {
      const { store } = harness();
      for (const number of [1, 2, 10, 3]) await store.append(number, Buffer.from(`segment ${number}`));
      expect(await store.list()).toEqual([1, 2, 3, 10]);
      expect(await store.list(2)).toEqual([3, 10]);
      expect(await store.list(10)).toEqual([]);
      expect(Buffer.from(await store.read(10)).toString()).toBe('segment 10');
    });

    test('never replaces a segment: of two writers of one number one is refused', async () => {
      const { store } = harness();
      const outcomes = await Promise.allSettled(['a', 'b'].map((text) => store.append(1, Buffer.from(text))));
      expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      await expect(store.append(1, Buffer.from('c'))).rejects.toMatchObject({ code: 'exists' });
      expect(await store.list()).toEqual([1]);
    });
  });
}

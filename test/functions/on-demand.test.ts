// Parts that are made by the first call that needs them.

import { expect, jest, test } from '@jest/globals';
import { onDemand } from '../../lib/aws/calls/on-demand.ts';

interface Part {
  add(a: number, b: number): Promise<number>;
  fail(): Promise<never>;
}

test('a part is made by its first call, once, and is given what it is called with', async () => {
  const make = jest.fn<() => Part>(() => ({
    add: async (a, b) => a + b,
    fail: async () => {
      throw new Error('failed');
    },
  }));
  const part = onDemand<Part>(['add', 'fail'], make);
  expect(make).not.toHaveBeenCalled();
  expect(await part.add(1, 2)).toBe(3);
  expect(await part.add(3, 4)).toBe(7);
  await expect(part.fail()).rejects.toThrow('failed');
  expect(make).toHaveBeenCalledTimes(1);
});

test('what cannot be made rejects the call, and is tried again by the next', async () => {
  let ready = false;
  const part = onDemand<Pick<Part, 'add'>>(['add'], () => {
    if (!ready) throw new Error('not yet');
    return { add: async (a, b) => a + b };
  });
  await expect(part.add(1, 2)).rejects.toThrow('not yet');
  ready = true;
  expect(await part.add(1, 2)).toBe(3);
});
